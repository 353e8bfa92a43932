// The command line as a whole: subcommands, help, and what an error looks like.
import { Command, CommanderError } from "commander";
import { ConfigError, VERSION } from "../config/index.js";
import { COMMANDS } from "./commands.js";
import type { CommandContext } from "./context.js";

/** The command line was wrong; nothing was started. */
const USAGE_STATUS = 2;
const FAILURE_STATUS = 1;
/** Names of JavaScript's own errors. */
const BUGS: ReadonlySet<string> = new Set(["Error", "TypeError", "RangeError", "ReferenceError", "SyntaxError"]);

const EXAMPLES = `
Examples:
  $ tidewire demo                                    a year of real sensor rows, predicted live
  $ tidewire serve                                   serve ./models on http://127.0.0.1:8000
  $ tidewire serve --port 0                          on a free port; the log tells which
  $ TIDEWIRE_LOG_LEVEL=debug tidewire serve          every flag is also a variable
  $ tidewire help serve                              all flags, with their defaults

Then, in another terminal:
  $ curl http://127.0.0.1:8000/api/v1/ensemble/list  what is served
  $ tidewire predict AT=23.5 AP=1013 AH=77 AFDP=3.9 GTEP=25.5`;

/**
 * Runs the subcommand that `args` names.
 *
 * @param args the words after the program's name
 * @returns the status to end with; undefined while the command goes on running
 */
export async function run(args: readonly string[], context: CommandContext): Promise<number | undefined> {
  try {
    const program = await createProgram(args, context);
    await program.parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    return explain(error, context.stderr);
  }
}

async function createProgram(args: readonly string[], context: CommandContext): Promise<Command> {
  const output = {
    writeOut: (text: string) => void context.stdout.write(text),
    writeErr: (text: string) => void context.stderr.write(text),
  };
  const program = new Command("tidewire")
    .description("One server for everything live around a machine-learning model.")
    .version(VERSION, "-V, --version", "print the version")
    .addHelpText("after", EXAMPLES)
    .showHelpAfterError("(tidewire --help shows what there is)")
    .configureOutput(output)
    .exitOverride();
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary).description(summary).copyInheritedSettings(program);
    // Only what the words name is loaded: start-up time is spent on the command that runs.
    if (args.includes(name)) (await load()).configure(command, context);
  }
  return program;
}

function explain(error: unknown, stderr: NodeJS.WritableStream): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_STATUS;
  stderr.write(`tidewire: ${textOf(error)}\n`);
  return error instanceof ConfigError ? USAGE_STATUS : FAILURE_STATUS;
}

/** Errors with a name of their own, and the system's, are written for people; any other is a bug: its stack is shown. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const forPeople = !BUGS.has(error.name) || "syscall" in error;
  return forPeople ? error.message : (error.stack ?? error.message);
}
