// `tidewire demo`: a server with the demo ensemble, and a year of real readings through its own WebSocket.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { Logger } from "pino";
import { type Config, loadConfig, PACKAGE_ROOT } from "../config/index.js";
import type { CommandContext, RunnableServer } from "./context.js";
import type { Beside } from "./demo/beside/beside.js";
import { connectPredictor, type EnsembleStream } from "./demo/client.js";
import { Replay } from "./demo/replay.js";
import { readRows, type TrueRows } from "./demo/rows.js";
import { Rate } from "./demo/score.js";
import { type DemoSetup, type DemoState, stateOf } from "./demo/state.js";
import { DEMO_ENSEMBLE, DEMO_ROWS } from "./demo/turbine.js";
import { createView, type View } from "./demo/views.js";
import { createNotes, type Notes } from "./notes.js";

/** Beyond the server's own drain: what goes on beside the stream says its last words, the client, the screen. */
const CLOSE_MARGIN_MS = 4000;
/** The models folder of the package: the demo shows the same everywhere. */
const MODELS = join(PACKAGE_ROOT, "models");
const ROWS_PATH = join(MODELS, DEMO_ENSEMBLE, DEMO_ROWS);
/** A day. */
const MAX_TRAINING_SECONDS = 86_400;

const NOTES = `
On a terminal it draws one screen; elsewhere it writes a line each second. Ctrl-C ends it with a summary. The server
takes other clients meanwhile. Variables and the --config file work as for serve, except for the models folder.
Beside the stream a small network is trained on the same rows, again and again, as part of a workflow with evaluations,
and the stream is exported now and then: pause, stop and cancel them as you like. With --rate 0, --rows and --once, which
measure or end, there is the stream only, unless --training says otherwise.

Examples:
  $ tidewire demo                          20 readings a second, on and on
  $ tidewire demo --rate 0                 as fast as this machine predicts
  $ tidewire demo --rows 100 --json        100 rows, then a summary, all as JSON lines
  $ tidewire demo --once --rate 500        the year once
  $ tidewire demo --training-time 20       a training run every 20 seconds

Then, in another terminal:
  $ tidewire watch 'training.*'
  $ tidewire predict AT=23.5 AP=1013.2 AH=77.1 AFDP=3.9 GTEP=25.5`;

/** The command line's options. */
interface DemoOptions {
  readonly rate: number;
  readonly rows?: number;
  readonly once?: true;
  readonly training?: boolean;
  readonly trainingTime: number;
  readonly json?: true;
  readonly port?: string;
  readonly dataDir?: string;
  readonly config?: string;
}

export function configure(command: Command, context: CommandContext): void {
  command
    .option("--rate <rows>", "readings a second; 0 is as fast as it goes", parseRate, 20)
    .option("--rows <count>", "end after this many rows (default: go on, year after year)", parseRows)
    .option("--once", "end after the year's last row")
    .option("--training", "train, evaluate and export beside the stream (default: unless it measures or ends)")
    .option("--no-training", "the stream only")
    .option("--training-time <seconds>", "how long a training run takes; 0 is as short as it goes", parseSeconds, 180)
    .option("--json", "JSON lines: one object a second, then a summary")
    .option("--port <number>", "TCP port; a free one is taken when it is in use (default: 8000)")
    .option("--data-dir <path>", "folder for everything the server writes (default: .tidewire)")
    .option("--config <path>", "JSON file with settings; see docs/configuration.md")
    .addHelpText("after", NOTES)
    .action(async () => demo(command.opts<DemoOptions>(), context));
}

async function demo(options: DemoOptions, context: CommandContext): Promise<void> {
  const config = readConfig(options, context, {});
  const stop = new AbortController();
  const notes = createNotes(config.logLevel, (line) => context.stderr.write(line));
  const view = createView(context, options.json === true);
  const running = play({ options, config, context, notes, view, signal: stop.signal });
  const close = async (): Promise<void> => {
    stop.abort();
    await running.catch(() => undefined);
  };
  context.onShutdown({ log: notes.log, timeoutMs: config.drainTimeoutMs + CLOSE_MARGIN_MS, close });
  context.stdout.on("error", () => stop.abort()); // whoever read the lines has gone
  await running;
}

/** The settings of serve, with the demo's own models. @throws ConfigError */
function readConfig({ port, dataDir, config }: DemoOptions, { env }: CommandContext, over: object): Config {
  const flags = { port, dataDir, config, models: MODELS, ...over };
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return loadConfig({ flags: given, env, readFile: (path) => readFileSync(path, "utf8") });
}

interface Performance {
  readonly options: DemoOptions;
  readonly config: Config;
  readonly context: CommandContext;
  readonly notes: Notes;
  readonly view: View;
  readonly signal: AbortSignal;
}

/** From the server's start to its end. */
async function play(performance: Performance): Promise<void> {
  const { notes, view, signal } = performance;
  const { server, url } = await startServer(performance);
  try {
    const stream = await connectPredictor(url, performance.config.token, DEMO_ENSEMBLE);
    try {
      if (!signal.aborted) await replay(performance, url, stream);
    } finally {
      await stream.close();
    }
  } finally {
    view[Symbol.dispose]();
    await server.close();
    notes.end();
  }
}

async function startServer({ options, config, context, notes }: Performance): Promise<{
  server: RunnableServer;
  url: string;
}> {
  try {
    return await listen(config, context, notes.log);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    notes.say(`port ${config.port} is in use: the demo took a free one`);
    return listen(readConfig(options, context, { port: "0" }), context, notes.log);
  }
}

async function listen(
  config: Config,
  context: CommandContext,
  log: Logger,
): Promise<{ server: RunnableServer; url: string }> {
  const server = await context.createServer(config, { log });
  try {
    return { server, url: await server.listen() };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** What stays the same during this demo. */
function setupOf({ options, config }: Performance, url: string, stream: EnsembleStream, yearRows: number): DemoSetup {
  const { rate, rows = Number.POSITIVE_INFINITY, once, training } = options;
  const limit = Math.min(rows, once ? yearRows : Number.POSITIVE_INFINITY);
  return {
    ...stream,
    url,
    ensemble: DEMO_ENSEMBLE,
    yearRows,
    limit,
    rate,
    maxInFlight: config.maxInFlight,
    // What measures is not to be disturbed, and what ends by itself has no time for a run.
    isAlone: !(training ?? (rate > 0 && limit === Number.POSITIVE_INFINITY)),
  };
}

async function replay(performance: Performance, url: string, stream: EnsembleStream): Promise<void> {
  const { notes, view, signal } = performance;
  const rows = await readRows(ROWS_PATH, stream);
  const setup = setupOf(performance, url, stream, rows.readings.length);
  const rate = new Rate();
  rate.at(0, 0);
  const startMs = Date.now();
  const look = (): DemoState => {
    const elapsedMs = Date.now() - startMs;
    const note = run.failure ?? notes.newest;
    const rowsPerSecond = rate.at(elapsedMs, run.done);
    return stateOf(setup, run, { rowsPerSecond, elapsedMs, note, beside: beside?.activity });
  };
  const onYear = (): void => view.year(look());
  const run = new Replay(stream, { ...setup, rows, signal, onYear });
  view.start(setup);
  const beside = setup.isAlone ? undefined : await startBeside(performance, setup, rows, stream);
  const timer = setInterval(() => view.update(look()), view.intervalMs);
  try {
    await run.run();
  } finally {
    clearInterval(timer);
    await beside?.end();
  }
  view.end(look());
}

/** Begins what is alive beside the stream. */
async function startBeside(
  { options, config, notes }: Performance,
  { url, ensemble, rate }: DemoSetup,
  rows: TrueRows,
  { sessionId }: EnsembleStream,
): Promise<Beside> {
  const { Beside } = await import("./demo/beside/beside.js");
  const warn = (message: string): void => notes.say(message);
  const { dataDir, token } = config;
  const runSeconds = options.trainingTime;
  return new Beside({ url, token, ensemble, rate, rows, rowsPath: ROWS_PATH, runSeconds, sessionId, dataDir, warn });
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= 0 && seconds <= MAX_TRAINING_SECONDS) return seconds;
  throw new InvalidArgumentError(`It takes seconds, 0 to ${MAX_TRAINING_SECONDS}; 0 is as short as it goes.`);
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (text.trim() !== "" && rate >= 0 && rate <= 1_000_000) return rate;
  throw new InvalidArgumentError("It takes a number of rows a second, 0 to 1000000; 0 is as fast as it goes.");
}

function parseRows(text: string): number {
  const rows = Number(text);
  if (Number.isSafeInteger(rows) && rows >= 1) return rows;
  throw new InvalidArgumentError("It takes a whole number of rows, at least 1.");
}
