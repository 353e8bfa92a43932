// Bytes of a log's folder are changed and files cut off at random: the log opens, tells what is lost, gives nothing that was
// not appended, and takes events again. A fault of LMDB would end this process. A failure prints its seed:
// `SEED=… node --import=./tools/typescript.mjs test/contract/event-log-damage.test.ts`.
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { LmdbLog } from "../../src/events/lmdb-log.js";
import { ALL, entry } from "./event-log-opening.js";

const ROUNDS = 150;
const LIMITS = { segmentBytes: 150_000, segmentMaxAgeMs: 1e9, retentionBytes: 1e9, retentionMaxAgeMs: 1e9 };
const TOPICS = Array.from({ length: 9 }, (_, i) => `topic-${i}`);
/** Of a file that is cut off or zeroed rather than changed. */
const CUT_CHANCE = 0.2;

/** Numbers from 0 to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What was appended, by topic, generation and offset. */
type Appended = Map<string, string>;

async function append(log: LmdbLog, random: () => number, calls: number, appended: Appended): Promise<void> {
  for (let i = 0; i < calls; i += 1) {
    const entries = Array.from({ length: 1 + Math.floor(random() * 20) }, () => {
      const topic = TOPICS[Math.floor(random() ** 2 * TOPICS.length)] as string;
      const length = random() < 0.1 ? 4_000 + random() * 9_000 : random() * 300;
      return entry(topic, `${random()} ${"x".repeat(length)}`, random() < 0.2 ? `key ${random()}` : undefined);
    });
    const { positions } = await log.append(entries, []);
    positions.forEach(({ generation, offset }, k) => {
      const { topic, bytes } = entries[k] as (typeof entries)[number];
      appended.set(`${topic} ${generation} ${offset}`, Buffer.from(bytes).toString());
    });
    if (i % 5 === 0) {
      const checkpoints = (await log.load()).map(({ topic, generation, head }) => {
        return { topic, generation, offset: head, state: Buffer.alloc(random() * 3_000, "state") };
      });
      await log.append([], checkpoints);
    }
    if (random() < 0.03) await log.remove(TOPICS[Math.floor(random() * TOPICS.length)] as string);
  }
}

/** Changes one file of the folder. @returns what was done */
function damage(folder: string, random: () => number): string {
  const files = readdirSync(folder).filter((name) => !name.endsWith(".broken"));
  const name = files[Math.floor(random() * files.length)] as string;
  const path = join(folder, name);
  const bytes = readFileSync(path);
  const at = Math.floor(random() ** (random() < 0.3 ? 6 : 1) * bytes.length); // the first pages more often
  if (bytes.length === 0 || random() < CUT_CHANCE) {
    if (random() < 0.5) truncateSync(path, at);
    else writeFileSync(path, bytes.fill(0, at, Math.min(at + 4_096, bytes.length)));
    return `${name} from ${at} on`;
  }
  const changed = Array.from({ length: random() < 0.5 ? 1 : 40 }, () =>
    Math.floor(at + random() ** 8 * (bytes.length - at)),
  );
  for (const one of changed) bytes[one] = (bytes[one] ?? 0) ^ (1 << Math.floor(random() * 8));
  writeFileSync(path, bytes);
  return `${name} at ${changed.length === 1 ? at : `${changed.length} places from ${at} on`}`;
}

/** Reads everything. @returns what is there and was never appended, how many events are there, and whether a loss is told */
async function readLog(log: LmdbLog, before: Appended): Promise<{ wrong: string[]; count: number }> {
  const wrong: string[] = [];
  const texts = new Map<string, Set<string>>();
  for (const [place, text] of before) {
    const [topic = "", , offset] = place.split(" ");
    const key = `${topic} ${offset}`;
    texts.set(key, (texts.get(key) ?? new Set()).add(text));
  }
  let count = 0;
  for (const { topic, generation, oldest, head } of await log.load()) {
    const events = await log.readAfter(topic, { generation, offset: oldest - 1 }, ALL);
    if (events.length !== head - oldest + 1) wrong.push(`${topic}: ${events.length} of ${oldest} to ${head}`);
    for (const { offset, bytes } of events) {
      count += 1;
      if (!texts.get(`${topic} ${offset}`)?.has(Buffer.from(bytes).toString())) wrong.push(`${topic} ${offset}`);
    }
  }
  await log.recentKeys(1_000);
  return { wrong, count };
}

async function round(t: Test, whole: string, folder: string, seed: number, before: Appended): Promise<number> {
  const random = randomOf(seed);
  rmSync(folder, { recursive: true, force: true });
  cpSync(whole, folder, { recursive: true });
  const done = Array.from({ length: 1 + Math.floor(random() * 2) }, () => damage(folder, random));
  const log = await LmdbLog.open(folder, LIMITS);
  const { wrong, count } = await readLog(log, before);
  const isTold = log.losses.segments.length > 0 || count === before.size;
  const appended = new Map(before);
  await append(log, random, 12, appended);
  wrong.push(...(await readLog(log, appended)).wrong);
  await log[Symbol.asyncDispose]();
  const again = await LmdbLog.open(folder, LIMITS);
  wrong.push(...(await readLog(again, appended)).wrong);
  await again[Symbol.asyncDispose]();
  if (wrong.length > 0) t.same(wrong.slice(0, 5), [], `seed ${seed}: ${done.join(", ")}`);
  if (!isTold) t.fail(`seed ${seed}: ${done.join(", ")}: ${count} of ${before.size} events, and nobody is told`);
  return log.losses.segments.length;
}

test(`${ROUNDS} damaged logs are opened, and give nothing that was not appended`, { timeout: 120_000 }, async (t) => {
  const first = Number(process.env.SEED ?? Date.now() % 1e9);
  const rounds = process.env.SEED === undefined ? ROUNDS : 1;
  const whole = join(t.testdir(), "whole");
  const appended: Appended = new Map();
  const log = await LmdbLog.open(whole, LIMITS);
  await append(log, randomOf(7), 60, appended);
  // What was removed is not to be had, and not lost.
  const kept = new Set((await log.load()).map(({ topic, generation }) => `${topic} ${generation}`));
  for (const place of appended.keys()) if (!kept.has(place.split(" ").slice(0, 2).join(" "))) appended.delete(place);
  await log[Symbol.asyncDispose]();
  let lost = 0;
  for (let i = 0; i < rounds; i += 1)
    lost += await round(t, whole, join(t.testdirName, "damaged"), first + i, appended);
  t.comment(`seed ${first}: ${lost} segments set aside in ${rounds} rounds`);
  if (rounds > 1) t.ok(lost > rounds / 10, `${lost} segments were set aside`);
});
