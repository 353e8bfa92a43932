// `tidewire backup`: copies the data folder of a server that goes on running.
import { resolve } from "node:path";
import type { Command } from "commander";
import { VERSION } from "../config/index.js";
import type { CommandContext } from "./context.js";
import { addDataFolder, dataFolderOf } from "./data-folder.js";
import { count } from "./numbers.js";
import { bytesText, ProgressLine } from "./progress-line.js";

const NOTES = `
The event log and the evaluations are copied into a new folder, which appears when everything is in it and has been looked
through. The server may run, and does not wait. Every event that was acknowledged before the backup began is in it.
Run it on the server's machine, as the user that runs the server. Not in it: the key of minted tokens, which nobody should
find in a backup (tokens that were minted end with a restore), the models, and histories that were saved as files.

Examples:
  $ tidewire backup --to /backups/tidewire-$(date +%F)
  $ tidewire backup --data-dir /var/lib/tidewire --to /backups/today --json
  $ tidewire restore --from /backups/today --data-dir /var/lib/tidewire`;

interface BackupFlags {
  readonly to: string;
  readonly json?: true;
}

export function configure(command: Command, context: CommandContext): void {
  command.requiredOption("--to <folder>", "where the backup goes: a folder that is not there yet, or empty");
  addDataFolder(command);
  command.option("--json", "one JSON object: path, began_at, segments, evaluation_files, bytes");
  command.addHelpText("after", NOTES).action(async () => {
    const { to, json } = command.opts<BackupFlags>();
    const options = { dataDir: dataFolderOf(command, context), to: resolve(to), version: VERSION };
    const { format: _, version, ...made } = await backUp(options, context);
    const { stdout } = context;
    if (json) stdout.write(`${JSON.stringify({ path: options.to, version, ...made })}\n`);
    else {
      const files = `${count(made.segments)} segments and ${count(made.evaluation_files)} files of evaluations`;
      stdout.write(`${options.to} holds ${files}, ${bytesText(made.bytes)}, as of ${made.began_at}\n`);
      stdout.write(`to restore: tidewire restore --from ${options.to} --data-dir <folder>\n`);
    }
  });
}

async function backUp(options: { dataDir: string; to: string; version: string }, context: CommandContext) {
  using line = new ProgressLine("copying", context);
  return context.backUp({ ...options, progress: line.show });
}
