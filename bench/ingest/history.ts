// What it takes to come back to a server that has kept much: its own restart, and its clients' reads.

import type { CatchUpOptions, CatchUpResult } from "../client/catch-up.js";
import type { IngestOptions, IngestResult } from "../client/ingest.js";
import { textOf } from "../client/lines.js";
import type { Bench } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { TemporaryFolder } from "../lib/folders.js";
import { get } from "../lib/rest.js";
import { median, rounded, spread } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";
import { IN_FLIGHT } from "./lines.js";

const LEASE = ["--lease-ms", "86400000"];
const STARTS = 5;
const READS = 15;

interface Starts {
  /** After a clean end. */
  readonly clean: readonly number[];
  /** After a kill in the middle of writing. */
  readonly killed: readonly number[];
  /** With nothing kept. */
  readonly empty: readonly number[];
}

/** A server that has kept lines, its folder, and what reading costs. */
export class History implements AsyncDisposable {
  readonly #bench: Bench;
  readonly #folder = new TemporaryFolder();
  readonly #flags: readonly string[];
  #server: Tidewire | undefined;

  constructor(bench: Bench, flags: readonly string[] = []) {
    this.#bench = bench;
    this.#flags = [...LEASE, ...flags];
  }

  get port(): number {
    if (!this.#server) throw new Error("the server has not been started");
    return this.#server.port;
  }

  get bytesOnDisk(): number {
    return this.#folder.bytesOnDisk;
  }

  async start(): Promise<number> {
    this.#server = await Tidewire.start({ models: [], flags: this.#flags, dataDir: this.#folder.path });
    return this.#server.startMs / 1000;
  }

  /** Publishes lines to topics in turn. @returns lines a second */
  async publish(topics: readonly string[], count: number): Promise<number> {
    const options: IngestOptions = { port: this.port, topics, inFlight: IN_FLIGHT, until: { lines: count } };
    const client = await this.#bench.client;
    return (await client.call<IngestResult>("ingest", options)).perSecond;
  }

  /** Comes up to the present, several times. */
  async catchUp(asked: Omit<CatchUpOptions, "port">, times = READS): Promise<CatchUpResult[]> {
    const client = await this.#bench.client;
    const results: CatchUpResult[] = [];
    const count = this.#bench.scale.isQuick ? 1 : times;
    while (results.length < count)
      results.push(await client.call<CatchUpResult>("catchUp", { ...asked, port: this.port }));
    return results;
  }

  /** Asks over HTTP, several times. @returns times in ms, and the last answer */
  async get<Body>(path: string): Promise<{ times: number[]; body: Body }> {
    const times: number[] = [];
    let { body } = await get<Body>(this.port, path); // the first one opens a connection
    for (let i = 0; i < (this.#bench.scale.isQuick ? 1 : READS); i += 1) {
      const answer = await get<Body>(this.port, path);
      times.push(answer.ms);
      body = answer.body;
    }
    return { times, body };
  }

  /** Times of starts in s, each after its own kind of end. The server runs again afterwards. */
  async restart(topic: string): Promise<Starts> {
    const starts = { clean: [] as number[], killed: [] as number[], empty: [] as number[] };
    for (let i = 0; i < (this.#bench.scale.isQuick ? 1 : STARTS); i += 1) {
      await this.#server?.[Symbol.asyncDispose]();
      starts.clean.push(await this.start());
      await this.publish([`${topic}_${i}`], IN_FLIGHT);
      await this.#server?.kill();
      starts.killed.push(await this.start());
      await this.#checkHead(`${topic}_${i}`, 1 + IN_FLIGHT);
      const empty = await Tidewire.start({ models: [] });
      starts.empty.push(empty.startMs / 1000);
      await empty[Symbol.asyncDispose]();
      this.#bench.say(
        `start ${show(starts.clean)} s, after a kill ${show(starts.killed)} s, empty ${show(starts.empty)} s`,
      );
    }
    return starts;
  }

  /** Whether a topic has everything that was acknowledged. */
  async #checkHead(topic: string, expected: number): Promise<void> {
    const { body } = await get<{ offset: number }>(this.port, `/api/v1/topics/${topic}`);
    if (body.offset !== expected) throw new Error(`${topic} stands at ${body.offset} after a kill, not at ${expected}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

function show(values: readonly number[]): string {
  return String(rounded(values.at(-1) ?? Number.NaN, 3));
}

/** Starts as a figure; the peer is the server that has kept nothing. */
export function toStartFigure({ clean, killed, empty }: Starts, what: string): Figure {
  return toFigure(
    {
      measured: median(clean),
      peer: median(empty),
      unit: "s",
      method: `from the spawn to the line that says it listens, ${what}, after a clean end; peer: with nothing kept`,
      details: { after_kill_s: rounded(median(killed), 3), slowest_after_kill_s: rounded(Math.max(...killed), 3) },
    },
    { ...SHOWN, better: "lower" },
  );
}

/** Repeated times as a figure. */
export function toTimeFigure(times: readonly number[], method: string, details: Record<string, unknown> = {}): Figure {
  const own = { slowest_ms: rounded(Math.max(...times), 3), spread: rounded(spread(times), 2), times: times.length };
  return toFigure(
    { measured: median(times), unit: "ms", method, details: { ...own, ...details } },
    { ...SHOWN, better: "lower" },
  );
}

/** Compares events as JSON with what was published. @throws Error at the first that differs */
export function checkLines(events: readonly { offset: number; data: { message?: string } }[], born: number): void {
  for (const { offset, data } of events) {
    const expected = textOf(offset - born - 1);
    if (data.message !== expected) throw new Error(`event ${offset} says "${data.message}" instead of "${expected}"`);
  }
}
