// `tidewire doctor`: whether a server would do well here, and what to do about it.
import type { Command } from "commander";
import { type Config, ConfigError, VERSION } from "../config/index.js";
import type { Finding } from "../doctor/finding.js";
import { type CommandContext, CommandError } from "./context.js";
import { DoctorReport } from "./doctor-report.js";
import { addSettings, readSettings } from "./options.js";

const NOTES = `
It takes the flags, variables and --config file of tidewire serve and looks at what a server with them would need: the
machine's limits, the data folder, every model, the port. Nothing is changed. It ends with 0 unless there is a fault.

Examples:
  $ tidewire doctor
  $ tidewire doctor --config tidewire.json
  $ tidewire doctor --json | jq '.findings[] | select(.state == "fault")'`;

export function configure(command: Command, context: CommandContext): void {
  command.option("--json", "one JSON object: state, version, findings[]");
  addSettings(command);
  command.addHelpText("after", NOTES).action(async () => {
    await doctor(
      command.opts<{ readonly json?: true }>().json === true,
      () => readSettings(command, context, ["json"]),
      context,
    );
  });
}

async function doctor(wantsJson: boolean, readConfig: () => Config, context: CommandContext): Promise<void> {
  const findings: Finding[] = [];
  const report = wantsJson ? undefined : new DoctorReport(context);
  const found = (finding: Finding): void => {
    findings.push(finding);
    report?.found(finding);
  };
  report?.title();
  const config = configOr(readConfig, found);
  if (config) await context.examine(config, { begun: (subject) => report?.begun(subject), found });
  const count = (state: Finding["state"]) => findings.filter((finding) => finding.state === state).length;
  const faults = count("fault");
  if (wantsJson)
    context.stdout.write(`${JSON.stringify({ ok: faults === 0, version: VERSION, findings }, undefined, 2)}\n`);
  report?.end(findings.length, faults, count("warning"));
  if (faults > 0) throw new CommandError("do what stands behind each arrow, then run tidewire doctor again");
}

/** What is wrong with the configuration is a fault each; nothing can be looked at without one. */
function configOr(readConfig: () => Config, found: (finding: Finding) => void): Config | undefined {
  try {
    const config = readConfig();
    found({ subject: "configuration", state: "ok", text: "flags, variables and file agree" });
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { key, source, message } of error.problems)
      found({ subject: `setting ${key}`, state: "fault", text: message, remedy: `correct it in ${source}` });
    return undefined;
  }
}
