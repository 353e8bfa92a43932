// The fuzzing client's process: one connection after the other, some at a time, and what came of them.
import { serveJobs } from "../../../bench/lib/jobs.js";
import { Random } from "../lib/random.js";
import { type ConnectionReport, type Fault, FuzzedConnection, STRETCH } from "./connection.js";
import type { Encoding } from "./message.js";
import { createStock, Speech, type Stock } from "./plan.js";

/** Connections at a time. */
const AT_ONCE = 8;
/** Stretches of one connection: long enough to be used, short enough that many begin and end. */
const STRETCHES = 24;
/** Connections that share a stock. */
const TO_A_STOCK = 64;
/** After so many the rest would say the same. */
const MOST_FAULTS = 50;

/** What is asked of a storm. */
export interface StormOptions {
  readonly port: number;
  readonly seed: number;
  /** It ends with the connection that reaches either. */
  readonly frames: number;
  readonly untilMs: number;
  /** The first connection's number; a storm of one connection replays it. */
  readonly first: number;
}

/** What a storm has come to. */
export interface StormReport {
  readonly frames: number;
  readonly bytes: number;
  readonly pushes: number;
  readonly connections: number;
  readonly replies: Readonly<Record<string, number>>;
  readonly faults: readonly (Fault & { readonly connection: number })[];
}

let report = empty();
let stock: { readonly number: number; readonly frames: Stock } | undefined;

serveJobs({ storm, progress: async () => report });

function empty() {
  return {
    frames: 0,
    bytes: 0,
    pushes: 0,
    connections: 0,
    replies: {} as Record<string, number>,
    faults: [] as (Fault & { connection: number })[],
  };
}

async function storm(options: StormOptions): Promise<StormReport> {
  report = empty();
  let next = options.first;
  const isOver = (): boolean =>
    report.frames >= options.frames || Date.now() >= options.untilMs || report.faults.length >= MOST_FAULTS;
  const line = async (): Promise<void> => {
    while (!isOver()) await one(options, next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  return report;
}

async function one({ port, seed, frames }: StormOptions, number: number): Promise<void> {
  const random = new Random(seed, `fuzz/connection/${number}`);
  const encoding: Encoding = number % 2 === 0 ? "proto" : "json";
  const connection = new FuzzedConnection(
    encoding,
    new Speech(encoding, stockOf(seed, number), random.fork("speech")),
    random,
  );
  const stretches = Math.min(STRETCHES, Math.max(1, Math.ceil(frames / AT_ONCE / STRETCH)));
  try {
    add(await connection.run(port, stretches), number);
  } catch (error) {
    const fault = { invariant: "the server takes connections", what: String(error), frames: [], connection: number };
    report.faults.push(fault);
  }
}

function stockOf(seed: number, connection: number): Stock {
  const number = Math.floor(connection / TO_A_STOCK);
  if (stock?.number !== number) stock = { number, frames: createStock(new Random(seed, `fuzz/stock/${number}`)) };
  return stock.frames;
}

function add({ frames, bytes, pushes, replies, faults }: ConnectionReport, connection: number): void {
  report.frames += frames;
  report.bytes += bytes;
  report.pushes += pushes;
  report.connections += 1;
  for (const [what, count] of replies) report.replies[what] = (report.replies[what] ?? 0) + count;
  for (const fault of faults) report.faults.push({ ...fault, connection });
}
