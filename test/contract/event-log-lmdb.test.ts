// What only a log on disk has: files that are damaged, missing or half done, a lock, a disk that is full or slow.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { PACKAGE_ROOT } from "../../src/config/index.js";
import { type BatchPromise, watch } from "../../src/events/lmdb-commit.js";
import { FolderLock } from "../../src/events/lmdb-lock.js";
import { LmdbLog } from "../../src/events/lmdb-log.js";
import { FORMAT } from "../../src/events/lmdb-records.js";
import { LmdbSegment } from "../../src/events/lmdb-segment.js";
import { ALL, entry, readAll } from "./event-log-opening.js";

const LIMITS = { segmentBytes: 20_000, segmentMaxAgeMs: 1e9, retentionBytes: 1e9, retentionMaxAgeMs: 1e9 };

const MAP_BYTES = 16 * 1024 * 1024;

async function open(t: Test, folder: string, limits = LIMITS): Promise<LmdbLog> {
  const log = await LmdbLog.open(folder, limits);
  t.teardown(() => log[Symbol.asyncDispose]());
  return log;
}

function segments(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^segment\.\d+$/.test(name))
    .map((name) => join(folder, name))
    .sort();
}

/** A closed log with a few segments; the topic's events are "1" to "6" with much behind them. */
async function written(t: Test): Promise<{ readonly folder: string; readonly generation: number }> {
  const folder = join(t.testdir(), "events");
  const log = await open(t, folder);
  const generation = log.unbornGeneration;
  for (let i = 1; i <= 6; i += 1) await log.append([entry("a", `${i}`), entry("fill", 12_000)], []);
  await log[Symbol.asyncDispose]();
  t.ok(segments(folder).length >= 4, `${segments(folder).length} segments`);
  return { folder, generation };
}

test("a second opener is refused until the first has closed", async (t) => {
  const folder = join(t.testdir(), "events");
  const log = await open(t, folder);
  await t.rejects(LmdbLog.open(folder, LIMITS), {
    message: new RegExp(`${folder.replaceAll("\\", "\\\\")} is in use by process ${process.pid}`),
  });
  await log.append([entry("a")], []);
  await log[Symbol.asyncDispose]();
  t.notOk(existsSync(join(folder, "lock")));
  t.equal((await (await open(t, folder)).load()).length, 1);
});

test("a segment without events is never full", async (t) => {
  const folder = join(t.testdir(), "events");
  const log = await open(t, folder, { ...LIMITS, segmentBytes: 1 });
  const { positions } = await log.append([entry("a")], []);
  t.equal(segments(folder).length, 1);
  await log.append([entry("a")], []);
  t.equal(segments(folder).length, 2);
  const generation = positions[0]?.generation ?? 0;
  await log[Symbol.asyncDispose]();
  const again = await open(t, folder, { ...LIMITS, segmentBytes: 1 });
  t.same(await again.readAfter("a", { generation, offset: 0 }, ALL).then((events) => events.length), 2);
  await again.append([entry("a")], []);
  t.equal(segments(folder).length, 3);
});

test("the lock of a dead process is taken over; one that cannot be seen is watched", async (t) => {
  const folder = t.testdir();
  const path = join(folder, "lock");
  const times = { beatMs: 20, watchMs: 200 };
  const lock = await FolderLock.acquire(folder, times);
  const own = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const write = (change: Record<string, unknown>) => writeFileSync(path, JSON.stringify({ ...own, ...change }));
  const take = async (): Promise<boolean> => {
    const taken = await FolderLock.acquire(folder, times);
    const { lostPower } = taken;
    taken.recovered();
    taken.release(true);
    return lostPower;
  };

  const elsewhere = { namespace: "another container", host: "another" };
  write(elsewhere); // and `lock` touches it
  await t.rejects(take(), /in use by process \d+ on another/);
  lock.release(true);
  write(elsewhere);
  t.equal(await take(), false, "nobody touches it");

  const dead = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(dead, "exit");
  write({ pid: dead.pid });
  t.equal(await take(), false);
  if (own.started !== "") {
    write({ started: "1" });
    t.equal(await take(), false, "another process had the same pid");
  }
  write({ boot: own.boot === "" ? "" : "another run of the machine", bootedMs: 0 });
  t.equal(await take(), true, "the machine was started anew");
  writeFileSync(path, "");
  t.equal(await take(), true, "an empty lock is what a loss of power leaves");
});

test("what a loss of power may have cost gives every topic a new generation", async (t) => {
  const folder = join(t.testdir(), "events");
  const log = await open(t, folder, { ...LIMITS, segmentBytes: 1e6 });
  const generation = log.unbornGeneration;
  await log.append([entry("a", "1"), entry("a", "2", "key")], []);
  await log.append([], [{ topic: "a", generation, offset: 1, state: Buffer.from("state") }]);
  const copy = join(t.testdirName, "copy");
  cpSync(folder, copy, { recursive: true });
  const lock = JSON.parse(readFileSync(join(copy, "lock"), "utf8")) as Record<string, unknown>;
  writeFileSync(join(copy, "lock"), JSON.stringify({ ...lock, boot: lock.boot && "the run before", bootedMs: 0 }));

  const after = await open(t, copy);
  const [record] = await after.load();
  const raised = record?.generation ?? 0;
  t.ok(raised > generation);
  t.ok(after.unbornGeneration > raised);
  t.same([record?.oldest, record?.head, record?.checkpoint?.generation, record?.checkpoint?.offset], [1, 2, raised, 1]);
  t.same(await readAll(after, "a", raised), ["1", "2"]);
  t.same(await after.recentKeys(1), [{ topic: "a", key: "key", generation: raised, offset: 2 }]);
  await t.rejects(after.readAfter("a", { generation, offset: 1 }, ALL), { code: "POSITION_LOST" });
  const { positions } = await after.append([entry("a", "3"), entry("b")], []);
  t.same(positions[0], { generation: raised, offset: 3 });
  t.ok((positions[1]?.generation ?? 0) > raised);
  await after[Symbol.asyncDispose]();
  const again = await open(t, copy);
  t.same((await again.load()).map((each) => [each.topic, each.generation]).sort(), [
    ["a", raised],
    ["b", positions[1]?.generation],
  ]);
});

/** What can be wrong with a file, by name. */
const DAMAGES: Readonly<Record<string, (path: string, whole: Buffer) => void>> = {
  "another file": (path, whole) => writeFileSync(path, Buffer.alloc(whole.length, "garbage")),
  "an empty file": (path) => writeFileSync(path, ""),
  "a file cut off in its first page": (path) => truncateSync(path, 100),
  "a file cut off behind its first page": (path) => truncateSync(path, 4_096),
  "a file cut off behind its first pages": (path) => truncateSync(path, 8_192),
  "a file cut off": (path) => truncateSync(path, 12_288),
  "another version of LMDB": (path, whole) => writeFileSync(path, changed(whole, 28)),
  "pages of no size": (path, whole) => writeFileSync(path, changed(whole, 48)),
  "a root behind the end": (path, whole) => writeFileSync(path, changed(whole, 136)),
  "pages of zeros": (path, whole) => writeFileSync(path, Buffer.from(whole).fill(0, 8_192)),
  "another event": (path, whole) => {
    const at = whole.lastIndexOf("fillfill");
    writeFileSync(path, Buffer.from(whole).fill("F", at, at + 1));
  },
};

function changed(whole: Buffer, at: number): Buffer {
  const copy = Buffer.from(whole);
  copy.writeUInt32LE(0x7ff7_7ff7, at);
  return copy;
}

function seen(log: LmdbLog, topic: string): Promise<string[]> {
  return log.load().then((records) => {
    const record = records.find((each) => each.topic === topic);
    return record ? readAll(log, topic, record.generation) : [];
  });
}

for (const [name, damage] of Object.entries(DAMAGES)) {
  test(`the newest segment is ${name}: it is set aside, and what is before it is served, as a new generation`, async (t) => {
    const { folder, generation } = await written(t);
    const newest = segments(folder).at(-1) as string;
    damage(newest, readFileSync(newest));
    const damaged = readFileSync(newest);
    const log = await open(t, folder);
    t.match(log.losses, {
      segments: [{ number: segments(folder).length + 1, keptAt: `${newest}.broken`, reason: /./ }],
      topics: [
        { topic: "a", from: 6, to: undefined },
        { topic: "fill", from: 6, to: undefined },
      ],
    });
    t.same(readFileSync(`${newest}.broken`), damaged, "nothing is deleted");
    const [record] = (await log.load()).filter(({ topic }) => topic === "a");
    t.ok((record?.generation ?? 0) > generation);
    t.same(await seen(log, "a"), ["1", "2", "3", "4", "5"]);
    await t.rejects(log.readAfter("a", { generation, offset: 5 }, ALL), { code: "POSITION_LOST" });
    const { positions } = await log.append([entry("a", "again"), entry("fill", 12_000)], []);
    t.same(positions[0], { generation: record?.generation, offset: 6 });
    await log[Symbol.asyncDispose]();
    const again = await open(t, folder);
    t.same(again.losses, { segments: [], topics: [] }, "told once");
    t.equal((await again.load())[0]?.generation, record?.generation, "and once a new generation");
    t.same(await seen(again, "a"), ["1", "2", "3", "4", "5", "again"]);
  });

  test(`a segment between others is ${name}: what comes after it is served under its positions`, async (t) => {
    const { folder, generation } = await written(t);
    const second = segments(folder)[1] as string;
    damage(second, readFileSync(second));
    const log = await open(t, folder);
    t.ok(existsSync(`${second}.broken`));
    t.match(log.losses.topics, [
      { topic: "a", from: 2, to: 3 },
      { topic: "fill", from: 2, to: 3 },
    ]);
    t.same(await seen(log, "a"), ["3", "4", "5", "6"]);
    t.same((await log.readAfter("a", { generation, offset: 4 }, ALL)).length, 2, "who was behind the hole goes on");
    await t.rejects(log.readAfter("a", { generation, offset: 1 }, ALL), { code: "POSITION_LOST" });
    const { positions } = await log.append([entry("a", "7"), entry("new")], []);
    t.same(positions[0], { generation, offset: 7 });
    t.ok((positions[1]?.generation ?? 0) > generation, "a topic that may have been lost is born anew");
    await log[Symbol.asyncDispose]();
    const again = await open(t, folder);
    t.same(again.losses, { segments: [], topics: [] });
    t.same(await seen(again, "a"), ["3", "4", "5", "6", "7"]);
  });
}

test("a segment that is missing is told of, as one that is broken", async (t) => {
  const { folder, generation } = await written(t);
  const [first = "", second = "", third = ""] = segments(folder);
  const aside = join(t.testdirName, "aside");
  renameSync(second, aside);
  const log = await open(t, folder);
  t.match(log.losses.segments, [{ number: 2, keptAt: undefined, reason: "its file is missing" }]);
  t.same(await seen(log, "a"), ["3", "4", "5", "6"]);
  await log[Symbol.asyncDispose]();
  renameSync(first, `${aside}1`);
  const without = await open(t, folder);
  t.same(await seen(without, "a"), ["3", "4", "5", "6"]);
  t.equal(segments(folder)[0], third);
  t.equal((await without.load())[0]?.generation, generation);
});

test("an event whose bytes change on the disk while the log is open is never given out", async (t) => {
  const folder = join(t.testdir(), "events");
  const log = await open(t, folder, { ...LIMITS, segmentBytes: 1e6 });
  const generation = log.unbornGeneration;
  for (let i = 1; i <= 5; i += 1) await (await log.append([entry("a", `the text ${i}`)], [])).flushed;
  const path = segments(folder)[0] as string;
  const bytes = readFileSync(path);
  const file = openSync(path, "r+");
  // Pages are copied with each transaction: all that have it.
  for (let at = bytes.indexOf("the text 3"); at >= 0; at = bytes.indexOf("the text 3", at + 1))
    writeSync(file, "T", at);
  closeSync(file);
  const texts = (await log.readAfter("a", { generation, offset: 0 }, ALL)).map((event) =>
    String(Buffer.from(event.bytes)),
  );
  t.same(texts, ["the text 1", "the text 2"], "what is before it is");
  const lost = { code: "POSITION_LOST", message: /event 3 of "a" is damaged on the disk/ };
  await t.rejects(log.readAfter("a", { generation, offset: 2 }, ALL), lost);
  t.equal((await log.readAfter("a", { generation, offset: 3 }, ALL)).length, 2, "and what comes after it");
});

test("a topic whose last events are lost begins a new generation, others go on", async (t) => {
  const folder = join(t.testdir(), "events");
  const log = await open(t, folder);
  const generation = log.unbornGeneration;
  const fill = entry("fill", 12_000);
  for (const [i, topic] of ["ended", "going", "ended", "going", "going"].entries()) {
    await log.append([entry(topic, `the text ${i}`)], []);
    await log.append([fill], []);
    await log.append([fill], []);
  }
  await log[Symbol.asyncDispose]();
  const last = segments(folder).find((path) => readFileSync(path).includes("the text 2")) as string;
  t.not(last, segments(folder)[0]);
  writeFileSync(last, "");
  const again = await open(t, folder);
  const generations = new Map((await again.load()).map((record) => [record.topic, record.generation]));
  t.ok((generations.get("ended") ?? 0) > generation);
  t.equal(generations.get("going"), generation);
  const { positions } = await again.append([entry("ended")], []);
  t.equal(positions[0]?.generation, generations.get("ended"));
  await again[Symbol.asyncDispose]();
  const later = await open(t, folder);
  t.equal((await later.load()).find(({ topic }) => topic === "ended")?.generation, generations.get("ended"));
});

test("of a log of which nothing is whole, a new one begins", async (t) => {
  const { folder, generation } = await written(t);
  const count = segments(folder).length;
  for (const path of segments(folder)) writeFileSync(path, "");
  const log = await open(t, folder);
  t.equal(log.losses.segments.length, count);
  t.same(await log.load(), []);
  t.ok(log.unbornGeneration > generation);
  await log.append([entry("a")], []);
  await log[Symbol.asyncDispose]();
  t.same((await open(t, folder).then((each) => each.load())).length, 1);
});

const isLinux = existsSync("/proc/self/fd");

/** Names of the log's files that this process has open. */
function openFiles(folder: string): string[] {
  const names = readdirSync("/proc/self/fd").flatMap((fd) => {
    const link = `/proc/self/fd/${fd}`;
    return lstatSync(link, { throwIfNoEntry: false }) ? [readlinkSync(link)] : []; // that of the listing itself is gone
  });
  return [...new Set(names.filter((name) => /segment\.\d+$/.test(name) && name.startsWith(folder)))].sort();
}

test("a segment that is full holds no file and no memory, until it is read", {
  skip: !isLinux && "it looks into /proc",
}, async (t) => {
  const folder = join(t.testdir(), "events");
  const log = await open(t, folder);
  const generation = log.unbornGeneration;
  for (let i = 1; i <= 6; i += 1) {
    const { flushed } = await log.append([entry("a", `${i}`), entry("fill", 12_000)], []);
    await flushed;
  }
  const all = segments(folder);
  t.ok(all.length >= 4, `${all.length} segments`);
  t.same(openFiles(folder), all.slice(-1));
  const first = { generation, offset: 0 };
  const [read] = await log.readAfter("a", first, { events: 1, bytes: 1e6 });
  t.equal(read?.offset, 1);
  t.same(openFiles(folder), [all[0], all.at(-1)], "the one that was read");
  // While one is let go of nothing of it is read.
  const [texts] = await Promise.all([
    readAll(log, "a", generation),
    ...Array.from({ length: 4 }, () => log.append([entry("fill", 12_000)], [])),
  ]);
  t.same(texts, ["1", "2", "3", "4", "5", "6"]);
});

test("a retention that cannot read changes nothing, and is done once it can", async (t) => {
  const folder = join(t.testdir(), "events");
  const log = await open(t, folder);
  const generation = log.unbornGeneration;
  const state = { topic: "stays", generation, offset: 1, state: Buffer.from("state") };
  await log.append([entry("gone", "1"), entry("stays", "1"), entry("fill", 12_000)], [state]);
  for (let i = 0; i < 4; i += 1) await log.append([entry("fill", 12_000)], []);
  await (await log.append([entry("stays", "2")], [])).flushed;
  const [oldest = ""] = segments(folder);
  const aside = join(t.testdirName, "aside");
  renameSync(oldest, aside);
  const later = Date.now() + 2 * LIMITS.retentionMaxAgeMs;
  await t.rejects(log.retain(later, () => undefined));
  t.equal(log.oldest("gone"), 1);
  renameSync(aside, oldest);
  t.same(await log.retain(later, () => undefined), ["gone", "fill"]);
  const kept = (await log.load()).find(({ topic }) => topic === "stays");
  t.match(kept, { generation, oldest: 2, head: 2, checkpoint: { offset: 1 } });
});

test("a file that is as the log left it is not looked through again", async (t) => {
  const { folder } = await written(t);
  const oldest = segments(folder)[0] as string;
  const { mtime, atime } = statSync(oldest);
  const reads = (): string[] => Object.keys(JSON.parse(readFileSync(join(folder, "trusted.json"), "utf8")) as object);
  t.same(reads().length, segments(folder).length);
  utimesSync(oldest, atime, mtime); // nobody can set the time at which a file's times were set
  const whole = readFileSync(oldest);
  const at = whole.lastIndexOf("fillfill");
  writeFileSync(oldest, whole.fill("F", at, at + 1));
  utimesSync(oldest, atime, mtime);
  const log = await open(t, folder);
  t.equal(log.losses.segments.length, 1);
});

test("a log of another version is left alone", async (t) => {
  const folder = join(t.testdir(), "events");
  mkdirSync(folder);
  const meta = {
    format: FORMAT + 1,
    createdMs: 1,
    firstSegment: 1,
    unborn: 1,
    leastGeneration: 0,
    leastUpTo: 0,
    gaps: [],
    isSealed: false,
  };
  const path = join(folder, "segment.0000000001");
  const segment = new LmdbSegment(path, 1, MAP_BYTES, meta);
  await segment.write(() => segment.describe({})).flushed;
  await segment.close();
  await t.rejects(LmdbLog.open(folder, LIMITS), {
    message: new RegExp(`it has format ${FORMAT + 1}, .* knows format ${FORMAT}\\. Start the version that wrote it`),
  });
  t.notOk(existsSync(join(folder, "lock")), "and the lock is given back");
});

test("a process that ended between two segments, or while segments went, is finished", async (t) => {
  const { folder, generation } = await written(t);
  const [oldest = ""] = segments(folder);
  const copy = join(t.testdirName, "oldest");
  copyFileSync(oldest, copy);
  const newest = segments(folder).at(-1) as string;
  renameSync(newest, join(folder, "segment.new"));
  const log = await open(t, folder);
  t.same(await readAll(log, "a", generation), ["1", "2", "3", "4", "5", "6"]);
  t.ok(existsSync(newest));
  await log[Symbol.asyncDispose]();

  const small = await open(t, folder, { ...LIMITS, retentionBytes: 60_000 });
  await small.retain(0, () => undefined);
  const kept = small.oldest("a");
  t.ok((kept ?? 0) > 1);
  t.notOk(existsSync(oldest));
  await small[Symbol.asyncDispose]();
  copyFileSync(copy, oldest);
  writeFileSync(join(folder, "segment.new"), "half");
  const again = await open(t, folder);
  t.notOk(existsSync(oldest));
  t.equal(again.oldest("a"), kept);
  t.equal((await again.load()).find(({ topic }) => topic === "a")?.generation, generation);
  for (let i = 0; i < 3; i += 1) await again.append([entry("fill", 30_000)], []);
  t.notOk(existsSync(join(folder, "segment.new")));
});

test("a full disk: appends are refused with the reason, and go on once there is room", async (t) => {
  const folder = join(t.testdir(), "events");
  // ulimit counts in blocks of 512 or 1024 bytes; the signal it comes with is the one of a disk quota.
  // Without tap's NODE_OPTIONS: what they load would make a listener of the signal, and end the process by it.
  const command = `unset NODE_OPTIONS; trap '' XFSZ; ulimit -f 1024; exec "${process.execPath}" --import=./tools/typescript.mjs "$0" "$1"`;
  const args = ["-c", command, "test/integration/support/event-log-full.ts", folder];
  const { stdout, stderr } = spawnSync("sh", args, { cwd: PACKAGE_ROOT, encoding: "utf8" });
  const told = JSON.parse(stdout || "{}") as { offsets: number[]; refused: number; reason: string; next: number };
  const kept = told.offsets?.length ?? 0;
  t.ok(kept > 10 && told.refused > 10, `${kept} kept, ${told.refused} refused ${stdout ? "" : stderr}`);
  t.match(told.reason, /the event could not be kept, a file may not grow further; try again later/);
  t.same(
    told.offsets,
    told.offsets?.map((_, i) => i + 1),
  );
  t.equal(told.next, kept + 1);
  const log = await open(t, folder, { ...LIMITS, segmentBytes: 1e9 });
  t.equal((await log.load())[0]?.head, kept + 1);
});

test("no descriptors are left: the segment goes on, the next one waits for them", async (t) => {
  const folder = join(t.testdir(), "events");
  const command = `ulimit -n 300; exec "${process.execPath}" --import=./tools/typescript.mjs "$0" "$1"`;
  const args = ["-c", command, "test/integration/support/event-log-descriptors.ts", folder];
  const { stdout, stderr } = spawnSync("sh", args, { cwd: PACKAGE_ROOT, encoding: "utf8" });
  const told = JSON.parse(stdout || "{}") as object;
  t.same(told, { before: 1, within: 2, atEnd: 'OVERLOADED {"reason":"TOO_MANY_FILES"}', after: 3 }, stderr.slice(-500));
  t.equal(segments(folder).length, 2);
});

test("a slow disk: committed once it is seen, flushed once lmdb says so", async (t) => {
  const batchOf = (): { batch: BatchPromise; commit: () => void; flush: () => void; fail: (error: Error) => void } => {
    let [commit, flush, fail] = [(): void => {}, (): void => {}, (_: Error): void => {}];
    const flushed = new Promise<void>((resolve) => {
      flush = resolve;
    });
    const promise = new Promise<boolean>((resolve, reject) => {
      commit = () => resolve(true);
      fail = reject;
    });
    return { batch: Object.assign(promise, { flushed }), commit, flush, fail };
  };
  const { signal } = new AbortController();

  const slow = batchOf();
  let isVisible = false;
  let asked = 0;
  const one = watch(slow.batch, () => ++asked > 3 && isVisible, signal);
  isVisible = true;
  await one.committed;
  t.ok(asked > 3);
  const order: string[] = [];
  const flushed = one.flushed.then(() => order.push("flushed"));
  slow.commit();
  await slow.batch;
  order.push("committed");
  slow.flush();
  await flushed;
  t.same(order, ["committed", "flushed"]);

  const fast = batchOf();
  const two = watch(fast.batch, () => false, signal);
  fast.commit();
  await two.committed;
  fast.flush();
  await two.flushed;

  const cause = new Error("the disk is full");
  const failure = Object.assign(new Error("see commitError"), { commitError: Promise.reject(cause) });
  const failed = batchOf();
  const three = watch(failed.batch, () => false, signal);
  failed.fail(failure);
  await t.rejects(three.committed, cause);
  await t.rejects(three.flushed, cause);

  const late = batchOf();
  const four = watch(late.batch, () => true, signal);
  await four.committed;
  late.fail(cause);
  await t.rejects(four.flushed, cause, "it was seen, and could not be flushed");
});
