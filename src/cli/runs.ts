// `tidewire runs`: the training runs of a server, or one of them.
import { ProgressClient, TidewireClient, TidewireClientError, type TrainingSession } from "@tidewire/client";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type CommandContext, CommandError } from "./context.js";
import { fetchRun, fetchRuns, lastLines, toJson } from "./runs-fetch.js";
import { RunsView } from "./runs-live.js";
import { runLines, tableLines, toRow } from "./runs-text.js";
import { addTarget, type Target, type TargetOptions, toTarget } from "./target.js";
import { createPalette } from "./terminal.js";
import { watch } from "./watch.js";
import { explained, noServer } from "./watch-errors.js";

/** Runs that are shown unless others are asked for: a screenful. */
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;
/** Log lines of one run. */
const LOG_LINES = 20;

const NOTES = `
The runs that were updated last come first. A name is the <id> of the topic training.<id>.

Examples:
  $ tidewire runs                            the newest ${DEFAULT_LIMIT}
  $ tidewire runs --watch                    the same, live; q ends it
  $ tidewire runs --json | jq -r 'select(.status == "failed") | .experiment_id'
  $ tidewire runs run_7                      one run: what is known, its metrics, its last log lines
  $ tidewire runs run_7 --follow             what happens on it, live
  $ tidewire runs run_7 --cancel "too slow"  ask whoever runs it to stop`;

/** The command line's options. */
interface RunsOptions extends TargetOptions {
  readonly json?: true;
  readonly watch?: true;
  readonly follow?: true;
  readonly limit: number;
  /** The reason; true without one. */
  readonly cancel?: string | true;
}

export function configure(command: Command, context: CommandContext): void {
  addTarget(command.argument("[id]", "one run"))
    .option("--json", "JSON, one object a run, as the server's HTTP has it")
    .addOption(new Option("--watch", "the table, live").conflicts("json"))
    .option("--follow", "watch the one run")
    .addOption(new Option("--cancel [reason]", "ask the one run's owner to stop").conflicts(["follow", "watch"]))
    .option("--limit <count>", "most runs to list", parseLimit, DEFAULT_LIMIT)
    .addHelpText("after", NOTES)
    .action(async (id?: string) => runs(id, command.opts<RunsOptions>(), context));
}

async function runs(id: string | undefined, options: RunsOptions, context: CommandContext): Promise<void> {
  const target = toTarget(options, context);
  const { url, token } = target;
  const { follow, json } = options;
  const shown = { url, ...(token !== undefined && { token }) };
  if (id === undefined && (follow || options.cancel))
    throw new CommandError("name the run: tidewire runs <id>; tidewire runs lists them");
  if (id !== undefined && options.watch) throw new CommandError(`one run is watched with tidewire runs ${id} --follow`);
  if (options.watch) return watch(["training.*"], shown, context, (...where) => new RunsView(...where));
  if (id !== undefined && follow) {
    await orExplain(url, id, () => fetchRun(new TidewireClient({ baseURL: url, token }), id));
    return watch([`training.${id}`], { ...shown, ...(json && { json }) }, context);
  }
  const client = new TidewireClient({ baseURL: url, token });
  await orExplain(url, id, async () => {
    if (id === undefined) await list(client, options, context);
    else if (options.cancel) await cancel(target, id, options, context);
    else await showOne(client, id, options, context);
  });
}

async function list(
  client: TidewireClient,
  { json, limit }: RunsOptions,
  { stdout, env }: CommandContext,
): Promise<void> {
  const { shown, total } = await fetchRuns(client, limit);
  if (json) {
    stdout.write(shown.map((run) => `${toJson(run)}\n`).join(""));
    return;
  }
  const paint = createPalette(stdout, env);
  if (total === 0)
    stdout.write("no training runs yet: tidewire publish training.<id> status_changed --field status=running\n");
  else stdout.write(`${tableLines(shown.map(toRow), Date.now(), paint).join("\n")}\n`);
  const hidden = total - shown.length;
  if (hidden > 0) stdout.write(paint.dim(`and ${hidden} more, updated before: --limit shows up to ${MAX_LIMIT}\n`));
}

async function showOne(client: TidewireClient, id: string, { json }: RunsOptions, { stdout, env }: CommandContext) {
  const run: TrainingSession = await fetchRun(client, id);
  if (json) {
    stdout.write(`${toJson(run)}\n`);
    return;
  }
  const log = await lastLines(client, run, LOG_LINES);
  stdout.write(`${runLines(run, log, Date.now(), createPalette(stdout, env)).join("\n")}\n`);
}

async function cancel(target: Target, id: string, { cancel: reason, json }: RunsOptions, { stdout }: CommandContext) {
  const topic = `training.${id}`;
  await using client = new ProgressClient({ ...target, reconnect: false });
  await client.cancel(topic, reason === true ? "" : reason);
  stdout.write(
    json
      ? `${JSON.stringify({ topic })}\n`
      : `${topic} has been asked to stop; see when it does: tidewire watch ${topic} --exit\n`,
  );
}

/** What a person can do about an error of the server. */
async function orExplain(url: string, id: string | undefined, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof TidewireClientError && error.code.startsWith("CONNECTION_")) throw noServer(url, error);
    throw explained(error, url, {
      SESSION_NOT_FOUND: "see what there is: tidewire runs",
      TASK_NOT_FOUND: `there is no run "${id}": tidewire runs lists them`,
    });
  }
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`It takes a whole number of runs, 1 to ${MAX_LIMIT}.`);
}
