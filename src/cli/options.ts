// The settings as flags of a subcommand that starts a server.
import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { type Config, flagOf, loadConfig, SECTIONS, type Setting } from "../config/index.js";
import type { CommandContext } from "./context.js";

/** Gives the command a flag for each setting, and `--config`. */
export function addSettings(command: Command): void {
  command.addOption(new Option("--config <path>", "JSON file with settings; see docs/configuration.md"));
  for (const { title, settings } of SECTIONS) {
    for (const [key, setting] of Object.entries(settings)) command.addOption(optionOf(key, setting, `${title}:`));
  }
  // Unknown flags are reported with everything else that is wrong, by readSettings.
  command.allowUnknownOption().allowExcessArguments();
}

/**
 * The configuration of flags, environment and file.
 *
 * @param own options of the command that are no settings
 * @throws ConfigError with all that is wrong
 */
export function readSettings(command: Command, { env }: CommandContext, own: readonly string[] = []): Config {
  const flags = Object.fromEntries(Object.entries<unknown>(command.opts()).filter(([name]) => !own.includes(name)));
  const strays = command.args.filter((word) => word.startsWith("-"));
  // The word after an unknown flag is probably its value: it is no mistake of its own.
  for (const word of strays.length > 0 ? strays : command.args) flags[word.replace(/=.*/s, "")] = true;
  return loadConfig({ flags, env, readFile: (path) => readFileSync(path, "utf8") });
}

function optionOf(key: string, setting: Setting<unknown>, group: string): Option {
  const flag = setting.placeholder === "" ? flagOf(key) : `${flagOf(key)} ${setting.placeholder}`;
  const text = setting.placeholder === "" ? setting.description : `${setting.description} (${setting.defaultText})`;
  return new Option(flag, text).helpGroup(group);
}
