// Looks at the server under load at regular times, and writes what it sees as JSON lines.
import { appendFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ServerUnderTest } from "../lib/server.js";
import { socketsOf, vitalsOf } from "../lib/vitals.js";

/** What a server holds at one time. */
export interface Reading {
  readonly minutes: number;
  readonly rssBytes: number;
  /** Memory that no file stands behind: the log's mapped segments are not in it. */
  readonly anonymousBytes: number;
  /** JavaScript's heap and buffers after a collection: what something refers to. */
  readonly liveBytes: number;
  readonly handles: number;
  readonly sockets: number;
  readonly threads: number;
  /** Cores that it kept busy since the reading before. */
  readonly cores: number;
  /** Of the loop since the reading before, in ms: upper bounds of the histogram's buckets; undefined without `/metrics`. */
  readonly loopDelayP99Ms: number | undefined;
  readonly diskBytes: number;
}

/** How many ms a bucket of the loop's delay lies within, and how often, cumulated. */
type Buckets = readonly (readonly [number, number])[];

/** Takes readings of one server. */
export class Sampler {
  readonly readings: Reading[] = [];
  readonly #server: ServerUnderTest;
  readonly #file: string;
  readonly #token: string | undefined;
  readonly #beganMs = performance.now();
  #cpuMs = 0;
  #atMs = performance.now();
  #buckets: Buckets = [];

  constructor(server: ServerUnderTest, file: string, token?: string) {
    this.#server = server;
    this.#file = file;
    this.#token = token;
  }

  /** One reading, added to the list and to the file. */
  async read(): Promise<Reading> {
    const liveBytes = await this.#server.liveBytes();
    const vitals = vitalsOf(this.#server.pid);
    if (!vitals) throw new Error("the server has ended");
    const now = performance.now();
    const cores = (vitals.cpuMs - this.#cpuMs) / (now - this.#atMs);
    this.#cpuMs = vitals.cpuMs;
    this.#atMs = now;
    const { rssBytes, anonymousBytes, handles, threads } = vitals;
    const reading = {
      minutes: (now - this.#beganMs) / 60_000,
      ...{ rssBytes, anonymousBytes, liveBytes, handles, threads },
      sockets: socketsOf(this.#server.pid),
      cores: Number(cores.toFixed(3)),
      loopDelayP99Ms: await this.#loopDelay(),
      diskBytes: bytesOnDisk(this.#server.dataDir),
    };
    this.readings.push(reading);
    appendFileSync(this.#file, `${JSON.stringify(reading)}\n`);
    return reading;
  }

  async #loopDelay(): Promise<number | undefined> {
    const headers = new Headers(this.#token === undefined ? [] : [["authorization", `Bearer ${this.#token}`]]);
    const response = await fetch(`${this.#server.url}/metrics`, { headers });
    const text = await response.text();
    if (!response.ok) return undefined;
    const before = new Map(this.#buckets);
    this.#buckets = bucketsOf(text);
    const counts = this.#buckets.map(([ms, count]) => [ms, count - (before.get(ms) ?? 0)] as const);
    const total = counts.at(-1)?.[1] ?? 0;
    return counts.find(([, count]) => count >= 0.99 * total)?.[0];
  }
}

/** `tidewire_loop_delay_seconds_bucket{le="0.001"} 12` → [1, 12]. */
function bucketsOf(text: string): Buckets {
  const lines = text.matchAll(/^tidewire_loop_delay_seconds_bucket\{le="([^"]+)"\} (\d+)/gm);
  return [...lines].map(([, le = "", count]) => [
    le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le) * 1000,
    Number(count),
  ]);
}

/** What the folder's files take: of sparse files the blocks that are there. */
function bytesOnDisk(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.reduce((sum, name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false }); // it may just have gone
    return sum + (found?.isFile() ? found.blocks * 512 : 0);
  }, 0);
}
