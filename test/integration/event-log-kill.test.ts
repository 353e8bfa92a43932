// A process that appends to the embedded log is killed at any moment: whatever it was told is there afterwards, once and
// in order. A failure prints the seed: `SEED=… node --import=./tools/typescript.mjs test/integration/event-log-kill.test.ts`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildSync } from "esbuild";
import { type Test, test } from "tap";
import { PACKAGE_ROOT } from "../../src/config/index.js";
import type { EventLog, TopicRecord } from "../../src/events/event-log.js";
import { LmdbLog } from "../../src/events/lmdb-log.js";

const ROUNDS = 20;
/** The child is killed once it has printed so many lines at most: some hundred milliseconds of work. */
const MAX_LINES = 2_500;
const WRITER = "test/integration/support/event-log-writer.ts";
const LIMITS = { segmentBytes: 100_000, segmentMaxAgeMs: 1e9, retentionBytes: 1e9, retentionMaxAgeMs: 1e9 };
const ALL = { events: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/** What the child has said about a topic. */
interface Told {
  generation: number;
  /** The highest that is committed. */
  offset: number;
  /** Generations up to this one are removed. */
  removed: number;
  /** Whether its last lines may have been followed by a removal that was not told. */
  mayBeRemoved: boolean;
}

/** The child as one file of JavaScript: twenty processes start faster than from source. */
function buildWriter(folder: string): string {
  const outfile = join(folder, "writer.mjs");
  buildSync({
    entryPoints: [join(PACKAGE_ROOT, WRITER)],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    outfile,
  });
  return outfile;
}

/** Runs the child until it has printed so many lines, and kills it. @returns all its lines */
async function runUntilKilled(t: Test, args: readonly string[], lines: number): Promise<string[]> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => child.kill("SIGKILL"));
  const exit = once(child, "exit");
  const read: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    read.push(line);
    if (read.length === lines) child.kill("SIGKILL");
  }
  t.same(await exit, [null, "SIGKILL"]);
  return read;
}

function note(told: Map<string, Told>, lines: readonly string[]): void {
  for (const each of told.values()) each.mayBeRemoved = false;
  for (const line of lines) {
    const [word, topic = "", generation = "0", offset = "0"] = line.split(" ");
    if (word === "open") continue;
    const known = told.get(topic) ?? { generation: 0, offset: 0, removed: 0, mayBeRemoved: false };
    told.set(topic, known);
    if (word === "removing") known.mayBeRemoved = true;
    else if (word === "removed") known.removed = Number(generation);
    else if (Number(generation) > known.generation) {
      known.generation = Number(generation);
      known.offset = Number(offset);
    } else if (Number(generation) === known.generation) known.offset = Math.max(known.offset, Number(offset));
  }
}

/** Compares what is kept of a topic with what was told. @returns what is wrong */
async function faultsOf(log: EventLog, topic: string, told: Told, record: TopicRecord | undefined): Promise<string[]> {
  const faults: string[] = [];
  const isThere = record?.generation === told.generation;
  if (isThere && record.head < told.offset)
    faults.push(`${topic}: told up to ${told.offset}, kept up to ${record.head}`);
  if (!isThere && !told.mayBeRemoved && told.generation > told.removed) faults.push(`${topic}: it is gone`);
  if (!record) return faults;
  const { generation, oldest, head } = record;
  if (generation <= told.removed || generation < told.generation)
    faults.push(`${topic}: generation ${generation} is back`);
  const events = await log.readAfter(topic, { generation, offset: oldest - 1 }, ALL);
  const expected = Array.from({ length: head - oldest + 1 }, (_, i) => `${topic} ${oldest + i}`);
  const kept = events.map(({ bytes }) => Buffer.from(bytes).toString().split(" ", 2).join(" "));
  const wrong = expected.findIndex((text, i) => text !== kept[i] || events[i]?.offset !== oldest + i);
  if (wrong >= 0 || kept.length !== expected.length)
    faults.push(`${topic}: ${kept.length} of ${expected.length} events, "${kept[wrong]}" for "${expected[wrong]}"`);
  return faults;
}

test(`what a killed process was told is kept, in ${ROUNDS} rounds`, { timeout: 60_000 }, async (t) => {
  const writer = buildWriter(t.testdir());
  const folder = join(t.testdirName, "events");
  const first = Number(process.env.SEED ?? Date.now() % 1e9);
  const told = new Map<string, Told>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const seed = first + round;
    const lines = await runUntilKilled(t, [writer, folder, String(seed)], 1 + ((seed * 7_919) % MAX_LINES));
    note(told, lines);
    const log = await LmdbLog.open(folder, LIMITS);
    t.same(log.losses, { segments: [], topics: [] }, "a kill breaks no file");
    const records = new Map((await log.load()).map((record) => [record.topic, record]));
    const faults: string[] = [];
    for (const [topic, each] of told) faults.push(...(await faultsOf(log, topic, each, records.get(topic))));
    t.same(faults, [], `seed ${seed}: ${lines.length} lines`);
    for (const [topic, each] of told) {
      // From here on the next child goes on.
      const { generation, head } = records.get(topic) ?? { generation: 0, head: 0 };
      if (generation > each.generation) Object.assign(each, { generation, offset: head });
      if (generation === 0) told.delete(topic);
    }
    await log[Symbol.asyncDispose]();
  }
});
