// A process that appends to an event log until it is killed: `event-log-writer.ts FOLDER SEED`. It prints a line once
// something is true, straight into the pipe, so that what was printed has been true:
//   open · committed TOPIC GENERATION OFFSET · flushed TOPIC GENERATION OFFSET
//   removing TOPIC, before it is asked for · removed TOPIC GENERATION, the last it may have had
import { writeSync } from "node:fs";
import { LmdbLog } from "../../../src/events/lmdb-log.js";

const TOPICS = ["training.a", "training.b", "task.c.d", "workflow.e.f"];
/** Small segments and little retention: what follows a full one and what drops one is killed too. */
const LIMITS = { segmentBytes: 100_000, segmentMaxAgeMs: 1e9, retentionBytes: 1_500_000, retentionMaxAgeMs: 1e9 };
const IN_FLIGHT = 8;
const MAX_ENTRIES = 10;
const MAX_PADDING = 3_000;

const [folder = "", seed = "1"] = process.argv.slice(2);
const random = randomOf(Number(seed));
const log = await LmdbLog.open(folder, LIMITS);
/** Offset of the last event appended, by topic; in the order of the calls. */
const heads = new Map((await log.load()).map(({ topic, head }) => [topic, head]));

function print(...words: (string | number)[]): void {
  let bytes = Buffer.from(`${words.join(" ")}\n`);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error; // the pipe is full; it is being read
    }
  }
}

/** Every event says which one it is. */
function next(): { readonly topic: string; readonly bytes: Uint8Array } {
  const topic = TOPICS[Math.floor(random() * TOPICS.length)] as string;
  const offset = (heads.get(topic) ?? 0) + 1;
  heads.set(topic, offset);
  return { topic, bytes: Buffer.from(`${topic} ${offset} ${".".repeat(random() ** 4 * MAX_PADDING)}`) };
}

async function append(): Promise<void> {
  const entries = Array.from({ length: 1 + Math.floor(random() * MAX_ENTRIES) }, next);
  const { positions, flushed } = await log.append(entries, []);
  const told = positions.map(({ generation, offset }, i) => [entries[i]?.topic ?? "", generation, offset] as const);
  for (const each of told) print("committed", ...each);
  await flushed;
  for (const each of told) print("flushed", ...each);
}

async function remove(): Promise<void> {
  const topic = TOPICS[0] as string;
  // To remove what is not there changes nothing: what is born next has the generation that it would have had.
  if (!heads.delete(topic)) return;
  const before = log.unbornGeneration;
  print("removing", topic);
  await log.remove(topic);
  print("removed", topic, before);
}

async function work(): Promise<never> {
  for (;;) {
    const dice = random();
    if (dice < 0.01) await remove();
    else if (dice < 0.02) for (const topic of await log.retain(Date.now(), () => undefined)) heads.delete(topic);
    else await append();
  }
}

/** mulberry32 */
function randomOf(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

print("open");
await Promise.all(Array.from({ length: IN_FLIGHT }, work));
