// The table of settings as the Markdown of docs/configuration.md.
import type { Setting } from "./setting.js";
import { flagOf, MODEL_SETTINGS, SECTIONS, variableOf } from "./settings.js";

/** Everything between the two markers of docs/configuration.md. */
export function settingsAsMarkdown(): string {
  const sections = SECTIONS.map(({ title, settings }) => `### ${title}\n\n${sectionTable(settings)}`);
  return `${sections.join("\n\n")}\n\n### One model\n\n${modelTable()}`;
}

function sectionTable(settings: Readonly<Record<string, Setting<unknown>>>): string {
  const rows = Object.entries(settings).map(([key, setting]) => {
    const names = `\`${key}\`<br>\`${flagOf(key)}\`<br>\`${variableOf(key)}\``;
    return `| ${names} | \`${setting.defaultText}\`${unitOf(setting)} | ${setting.allowed} | ${meaning(setting)} |`;
  });
  return ["| key, flag, variable | default | allowed | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

function modelTable(): string {
  const rows = Object.entries(MODEL_SETTINGS as Readonly<Record<string, Setting<unknown>>>).map(
    ([key, setting]) => `| \`${key}\` | ${setting.allowed} | ${setting.description} |`,
  );
  return ["| key | allowed | meaning |", "|---|---|---|", ...rows].join("\n");
}

function unitOf(setting: Setting<unknown>): string {
  return setting.unit === "" || setting.unit === "bytes" ? "" : ` ${setting.unit}`;
}

function meaning({ description, reason }: Setting<unknown>): string {
  return `${description.charAt(0).toUpperCase()}${description.slice(1)}. ${reason}`;
}
