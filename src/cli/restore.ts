// `tidewire restore`: puts a backup into a data folder.
import { resolve } from "node:path";
import type { Command } from "commander";
import type { CommandContext } from "./context.js";
import { addDataFolder, dataFolderOf } from "./data-folder.js";
import { count } from "./numbers.js";
import { ProgressLine } from "./progress-line.js";

const NOTES = `
The backup is looked through first: a damaged one changes nothing. A data folder that a server has open is refused, and one
that holds events already, unless --force moves those aside (nothing is deleted).

Positions stay what they were, so that clients resume where they stood. What was acknowledged after the backup began is not
in it: if the server went on after the backup and clients have seen such events, restore with --new-generation. They are
then told that their positions are lost, rather than that other events are those.

Examples:
  $ tidewire restore --from /backups/today --data-dir /var/lib/tidewire
  $ tidewire restore --from /backups/today --data-dir /var/lib/tidewire --force --new-generation`;

interface RestoreFlags {
  readonly from: string;
  readonly force?: true;
  readonly newGeneration?: true;
  readonly json?: true;
}

export function configure(command: Command, context: CommandContext): void {
  command.requiredOption("--from <folder>", "the backup");
  addDataFolder(command);
  command
    .option("--force", "move aside what the data folder holds")
    .option("--new-generation", "tell clients that resume that their positions are lost")
    .option("--json", "one JSON object: data_dir, began_at, topics, events, moved_aside[]")
    .addHelpText("after", NOTES)
    .action(async () => {
      const flags = command.opts<RestoreFlags>();
      const dataDir = dataFolderOf(command, context);
      const { topics, events, manifest, movedAside } = await restore(flags, dataDir, context);
      const { began_at } = manifest;
      if (flags.json)
        context.stdout.write(
          `${JSON.stringify({ data_dir: dataDir, began_at, topics, events, moved_aside: movedAside })}\n`,
        );
      else {
        const found = `${count(events)} events of ${count(topics)} topics, as of ${began_at}`;
        context.stdout.write(`${dataDir} holds ${found}\n`);
        for (const path of movedAside) context.stdout.write(`what was there is in ${path}\n`);
        context.stdout.write(`to serve them: tidewire serve --data-dir ${dataDir}\n`);
      }
    });
}

async function restore({ from, force, newGeneration }: RestoreFlags, dataDir: string, context: CommandContext) {
  using line = new ProgressLine("restoring", context);
  const choices = { isForced: force === true, isNewGeneration: newGeneration === true };
  return context.restore({ from: resolve(from), dataDir, ...choices, progress: line.show });
}
