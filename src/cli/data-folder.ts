// The data folder of a server, as its own flag, variable and file name it.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../config/index.js";
import type { CommandContext } from "./context.js";

/** Gives the command `--data-dir` and `--config`. */
export function addDataFolder(command: Command): void {
  command
    .option("--data-dir <folder>", "the server's data folder (TIDEWIRE_DATA_DIR, or the server's default)")
    .option("--config <path>", "the server's file of settings, which may name it");
}

/** @throws ConfigError */
export function dataFolderOf(command: Command, { env }: CommandContext): string {
  const { dataDir, config } = command.opts<{ readonly dataDir?: string; readonly config?: string }>();
  const flags = { ...(dataDir === undefined ? {} : { dataDir }), ...(config === undefined ? {} : { config }) };
  return resolve(loadConfig({ flags, env, readFile: (path) => readFileSync(path, "utf8") }).dataDir);
}
