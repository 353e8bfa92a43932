// Rolling restart: the server is told to end, and started again, under clients that know nothing of it.

import { median } from "../../../bench/lib/statistics.js";
import { checkLog, countAcknowledged, createRuns, headsOf } from "../crowd/aftermath.js";
import { Crowd, type CrowdOptions } from "../crowd/crowd.js";
import { MODELS } from "../crowd/predictor.js";
import { type Context, Findbook, type Findings } from "../lib/part.js";
import { type Ending, ServerUnderTest } from "../lib/server.js";

/** Default of the setting `drainTimeoutMs`: what is under way has that long. */
const DRAIN_MS = 5000;
/** What the command line takes beyond the drain to close sockets, threads and files before it gives up. */
const CLOSE_MARGIN_MS = 2000;
/** A connection's backoff reaches 30 s; all clients are back after a few of them, however late the loop of a starved server. */
const BACK_MS = 180_000;
/** Longer than any prediction may take; publishes that wait for a connection go out when it is back. */
const SETTLE_MS = 180_000;
const CATCH_UP_MS = 120_000;

/** How the server is stopped, how often, and under whom. */
export interface RollingOptions extends Omit<CrowdOptions, "url"> {
  readonly rounds: number;
  /** From one stop to the next. */
  readonly everyMs: number;
  /** How the server ends; "SIGTERM" asks, "SIGKILL" does not. */
  readonly signal: "SIGTERM" | "SIGKILL";
  /** Whether the time of a stop is chance: anywhere within a round. */
  readonly isAtRandom: boolean;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of the server's Node. */
  readonly node?: readonly string[];
  /** Errors that the server is to log: pieces of their lines. */
  readonly expectedErrors?: readonly string[];
  /** Whatever else is to go wrong meanwhile. @returns what ends it */
  readonly disturb?: (server: ServerUnderTest) => () => void;
}

/** Times of all rounds, in ms. */
interface Rounds {
  readonly endings: Ending[];
  readonly starts: number[];
  readonly backs: number[];
}

/** Stops and starts a server under a crowd, and tells whether anything was lost, doubled or left without an end. */
export async function roll(options: RollingOptions, context: Context): Promise<Findings> {
  const { flags = [], env = {}, node = [], token, expectedErrors = [] } = options;
  const book = new Findbook();
  const models = Object.values(MODELS);
  await using server = await ServerUnderTest.start({ models, flags: ["--log-level", "warn", ...flags], env, node });
  const crowdOptions = { ...options, url: server.url };
  await createRuns(server.url, token, Crowd.runsOf(crowdOptions));
  await using crowd = await Crowd.gather(crowdOptions, context.random, BACK_MS);
  context.say(`${crowd.size} clients in ${options.processes} processes are there`);
  await crowd.begin();
  const rounds = await disturbed(options, server, () => stopAndStart(server, crowd, options, context, book));
  await crowd.settle(SETTLE_MS, book);
  const acknowledged = await crowd.acknowledged();
  await crowd.catchUp(headsOf(acknowledged), CATCH_UP_MS, book);
  const account = await crowd.account(book);
  const lines = await checkLog(server.url, token, acknowledged, book);
  await crowd.leave(SETTLE_MS);
  for (const fault of server.faults) {
    const isExpected = expectedErrors.some((piece) => fault.includes(piece));
    book.expect(isExpected, "the server logs no error", () => fault);
  }
  const { endings, comings } = account;
  return {
    findings: book.findings,
    figures: {
      clients: crowd.size,
      restarts: rounds.endings.length,
      "acknowledged lines": countAcknowledged(acknowledged),
      "lines in the log": lines,
      "lines delivered": account.delivered,
      ...Object.fromEntries(Object.entries(endings).map(([how, times]) => [`predictions, ${how}`, times])),
      "connections cut": comings.cuts,
      "connections opened": comings.connects,
      ...Object.fromEntries(Object.entries(comings.failures).map(([code, times]) => [`attempts, ${code}`, times])),
      ...figuresOf(rounds),
    },
  };
}

/** Has other things go wrong for as long as `act` takes. */
async function disturbed<Result>(
  { disturb }: RollingOptions,
  server: ServerUnderTest,
  act: () => Promise<Result>,
): Promise<Result> {
  const calm = disturb?.(server);
  try {
    return await act();
  } finally {
    calm?.();
  }
}

async function stopAndStart(
  server: ServerUnderTest,
  crowd: Crowd,
  options: RollingOptions,
  context: Context,
  book: Findbook,
): Promise<Rounds> {
  const rounds: Rounds = { endings: [], starts: [], backs: [] };
  const beganMs = performance.now();
  let upMs = beganMs;
  for (let round = 0; round < options.rounds; round += 1) {
    const share = options.isAtRandom ? context.random.next() : 1;
    // A machine that takes long to start the server gives it half a round all the same.
    const leastMs = options.isAtRandom ? upMs : upMs + options.everyMs / 2;
    await until(Math.max(leastMs, beganMs + options.everyMs * (round + share)));
    await stopOnce(server, options, rounds, book);
    rounds.starts.push(await server.startAgain());
    upMs = performance.now();
    void noteReturn(crowd, rounds, options.everyMs);
    context.progress((round + 1) / options.rounds, `${round + 1} restarts`);
  }
  await until(upMs + options.everyMs); // the last start sees a quiet round
  await crowd.back(BACK_MS).catch((error) => book.found("clients come back by themselves", firstLine(error)));
  return rounds;
}

/**
 * Notes how long it takes until every client has been back. Not judged: the server may be gone again by the time a client's
 * backoff lets it ask; after the last start everybody must be back.
 */
async function noteReturn(crowd: Crowd, { backs }: Rounds, everyMs: number): Promise<void> {
  const startedMs = performance.now();
  const isBack = await crowd.back(everyMs).then(
    () => true,
    () => false,
  );
  if (isBack) backs.push(performance.now() - startedMs);
}

async function stopOnce(
  server: ServerUnderTest,
  { signal }: RollingOptions,
  { endings }: Rounds,
  book: Findbook,
): Promise<void> {
  const ending = await server.stop(signal);
  endings.push(ending);
  if (signal === "SIGKILL") return;
  book.expect(ending.code === 0, "the server ends with status 0", () => JSON.stringify(ending));
  const bound = DRAIN_MS + CLOSE_MARGIN_MS;
  book.expect(ending.tookMs <= bound, `the drain keeps to its ${bound} ms`, () => JSON.stringify(ending));
}

function figuresOf({ endings, starts, backs }: Rounds): Record<string, number> {
  const ends = endings.map(({ tookMs }) => tookMs);
  return {
    "stop, median ms": Math.round(median(ends)),
    "stop, longest ms": Math.round(Math.max(...ends)),
    "start, median ms": Math.round(median(starts)),
    "rounds in which all clients were back": backs.length,
    ...(backs.length > 0 ? { "all clients back, median ms after the start": Math.round(median(backs)) } : {}),
  };
}

/** Resolves at that time of `performance.now()`. */
async function until(timeMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, timeMs - performance.now())));
}

function firstLine(error: unknown): string {
  return String(error).split("\n")[0] as string;
}
