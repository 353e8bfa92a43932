// What every EventLog promises (src/events/event-log.ts), as a suite to run on each of them.
import { randomBytes } from "node:crypto";
import { test } from "tap";
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import type { TidewireError } from "../../src/errors.js";
import type { Checkpoint, EventLog, KeyRecord } from "../../src/events/event-log.js";
import { describeEventLogModel } from "./event-log-model.js";
import { ALL, type EventLogFactory, entry, Opener, readAll } from "./event-log-opening.js";
import { describeRetention } from "./event-log-retention.js";

/** The suite. */
export function describeEventLog(name: string, factory: EventLogFactory): void {
  const { survivesRestart } = factory;
  const logs = new Opener(factory);

  test(`${name}: says what it is`, async (t) => {
    const log = await logs.open(t);
    t.equal(log.guarantees.survivesRestart, survivesRestart);
    t.same(await log.load(), []);
    t.same(await log.recentKeys(10), []);
  });

  test(`${name}: offsets of a topic rise by one from 1, positions are in the order of the entries`, async (t) => {
    const log = await logs.open(t);
    const generation = log.unbornGeneration;
    const first = await log.append([entry("a"), entry("b"), entry("a"), entry("a")], []);
    const second = await log.append([entry("b"), entry("c"), entry("a")], []);
    const offsets = (positions: readonly Position[]) => positions.map(({ offset }) => offset);
    t.same(offsets(first.positions), [1, 1, 2, 3]);
    t.same(offsets(second.positions), [2, 1, 4]);
    for (const position of [...first.positions, ...second.positions]) t.equal(position.generation, generation);
    t.equal(log.unbornGeneration, generation, "births leave it alone");
    await Promise.all([first.flushed, second.flushed]);
    t.same(await log.append([], []).then(({ positions }) => positions), []);
  });

  test(`${name}: calls that do not wait for each other are kept in their order`, async (t) => {
    const log = await logs.open(t);
    const topics = ["a", "b", "c"];
    const calls = Array.from({ length: 300 }, (_, i) =>
      log.append([entry(topics[i % 3] ?? "", `${i}`), entry("all", `${i}`)], []),
    );
    const done = await Promise.all(calls);
    t.same(
      done.map(({ positions }) => positions.map(({ offset }) => offset)),
      calls.map((_, i) => [Math.floor(i / 3) + 1, i + 1]),
    );
    const generation = log.unbornGeneration;
    const all = await readAll(log, "all", generation);
    t.same(
      all,
      calls.map((_, i) => `${i}`),
    );
    t.same((await readAll(log, "b", generation)).slice(0, 3), ["1", "4", "7"]);
  });

  test(`${name}: what has been appended can be read as soon as the call is done`, async (t) => {
    const log = await logs.open(t);
    for (let i = 1; i <= 50; i += 1) {
      const { positions } = await log.append([entry("a", `${i}`)], []);
      const [position] = positions as [Position];
      const read = await log.readAfter("a", { ...position, offset: i - 1 }, ALL);
      t.same(
        read.map(({ offset, bytes }) => [offset, Buffer.from(bytes).toString()]),
        [[i, `${i}`]],
      );
    }
  });

  test(`${name}: one bad entry, and nothing of the call is kept`, async (t) => {
    const log = await logs.open(t);
    const generation = log.unbornGeneration;
    const state = new Uint8Array(1);
    const noBytes = { topic: "a", bytes: "text" as unknown as Uint8Array };
    const good = [log.append([entry("a", "1")], [])];
    await Promise.all([
      t.rejects(log.append([entry("a"), entry("new"), entry("a", "x", "k".repeat(129))], []), /key has 129 bytes/),
      t.rejects(log.append([entry("a"), entry("a", "x", "é".repeat(65))], []), /key has 130 bytes/),
      t.rejects(log.append([entry("a"), entry("a", "x", "")], []), /key has 0 bytes/),
      t.rejects(log.append([entry("new"), entry("")], []), /topic has 0 bytes/),
      t.rejects(log.append([entry("new"), noBytes], []), /Uint8Array/),
      t.rejects(
        log.append([entry("a"), entry("new")], [{ topic: "a", generation, offset: 3, state }]),
        /offset 3, its head is 2/,
      ),
    ]);
    good.push(log.append([entry("a", "2")], []));
    const offsets = (await Promise.all(good)).map(({ positions }) => positions[0]?.offset);
    t.same(offsets, [1, 2]);
    t.same(await readAll(log, "a", generation), ["1", "2"]);
    t.equal(log.oldest("new"), undefined);
    t.equal(log.oldest("a"), 1);
  });

  test(`${name}: a read ends at its limits, but has one event at least`, async (t) => {
    const log = await logs.open(t);
    const generation = log.unbornGeneration;
    await log.append(
      Array.from({ length: 10 }, (_, i) => entry("a", 100 * (i + 1))),
      [],
    );
    const offsets = async (offset: number, events: number, bytes: number): Promise<number[]> =>
      (await log.readAfter("a", { generation, offset }, { events, bytes })).map((event) => event.offset);
    t.same(await offsets(0, 3, 1e9), [1, 2, 3]);
    t.same(await offsets(3, 3, 1e9), [4, 5, 6]);
    t.same(await offsets(8, 3, 1e9), [9, 10]);
    t.same(await offsets(10, 3, 1e9), []);
    t.same(await offsets(0, 100, 600), [1, 2, 3]);
    t.same(await offsets(0, 100, 599), [1, 2]);
    t.same(await offsets(0, 100, 0), [1]);
    t.same(await offsets(9, 1, 1), [10]);
    t.same(await offsets(0, 0, 0), [1]);
  });

  test(`${name}: POSITION_LOST for what cannot be told`, async (t) => {
    const log = await logs.open(t);
    const generation = log.unbornGeneration;
    await log.append([entry("a"), entry("a")], []);
    const lost = async (topic: string, position: Position): Promise<void> => {
      const error = await log.readAfter(topic, position, ALL).then(
        () => undefined,
        (error: TidewireError) => error,
      );
      t.equal(error?.code, "POSITION_LOST", `${topic} at ${position.generation}/${position.offset}`);
    };
    await lost("a", { generation: generation + 1, offset: 1 });
    await lost("a", { generation: generation - 1, offset: 1 });
    await lost("a", { generation, offset: 3 });
    await lost("unborn", { generation, offset: 1 });
    await lost("unborn", { generation: generation - 1, offset: 0 });
    t.same(await log.readAfter("unborn", { generation, offset: 0 }, ALL), []);
    t.same(await log.readAfter("a", { generation, offset: 2 }, ALL), []);
  });

  test(`${name}: events of every size come back as they went, and stay as they are`, async (t) => {
    const log = await logs.open(t);
    const generation = log.unbornGeneration;
    const sizes = [0, 1, 2_000, 4_095, 16_384, 100_000, 1024 * 1024, 3 * 1024 * 1024 + 7];
    const bytes = sizes.map((size) => randomBytes(size));
    await log.append(
      bytes.map((each) => ({ topic: "a", bytes: Buffer.from(each) })),
      [],
    );
    const held = await log.readAfter("a", { generation, offset: 0 }, ALL);
    for (let i = 0; i < 20; i += 1) await log.append([entry("b", 1024 * 1024)], []);
    await log.readAfter("b", { generation, offset: 0 }, ALL);
    for (const [i, event] of held.entries()) t.ok(bytes[i]?.equals(event.bytes), `${sizes[i]} bytes`);
    t.equal(held.length, sizes.length);
    if (!survivesRestart) return;
    const again = await logs.reopen(t, log);
    const read = await again.readAfter("a", { generation, offset: 0 }, ALL);
    for (const [i, event] of read.entries()) t.ok(bytes[i]?.equals(event.bytes), `${sizes[i]} bytes after a restart`);
    for (const [i, event] of held.entries()) t.ok(bytes[i]?.equals(event.bytes), `${sizes[i]} bytes of a closed log`);
  });

  test(`${name}: the last checkpoint counts; one of another generation does not`, async (t) => {
    const log = await logs.open(t);
    const generation = log.unbornGeneration;
    const checkpoint = (topic: string, offset: number, text: string, of = generation): Checkpoint => ({
      topic,
      generation: of,
      offset,
      state: Buffer.from(text),
    });
    const kept = async (of = log): Promise<unknown[]> =>
      (await of.load())
        .map(({ topic, checkpoint }) => [
          topic,
          checkpoint?.offset,
          checkpoint && Buffer.from(checkpoint.state).toString(),
        ])
        .sort();
    await log.append([entry("a"), entry("a"), entry("b")], [checkpoint("a", 1, "one")]);
    await log.append([], [checkpoint("a", 2, "two"), checkpoint("b", 0, "none"), checkpoint("gone", 1, "x")]);
    t.same(await kept(), [
      ["a", 2, "two"],
      ["b", 0, "none"],
    ]);
    await log.append([entry("c")], [checkpoint("b", 1, "old", generation - 1), checkpoint("c", 1, "three")]);
    await log.append([], [checkpoint("a", 1, "back")]);
    const last = [
      ["a", 1, "back"],
      ["b", 0, "none"],
      ["c", 1, "three"],
    ];
    t.same(await kept(), last);
    if (survivesRestart) t.same(await kept(await logs.reopen(t, log)), last);
  });

  test(`${name}: idempotency keys, the newest first`, async (t) => {
    const log = await logs.open(t);
    const generation = log.unbornGeneration;
    await log.append([entry("a", "x", "k1"), entry("b"), entry("b", "x", "é".repeat(64))], []);
    await log.append([entry("gone", "x", "k3"), entry("a", "x", "k4")], []);
    const of = (topic: string, key: string, offset: number): KeyRecord => ({ topic, key, generation, offset });
    t.same(await log.recentKeys(2), [of("a", "k4", 2), of("gone", "k3", 1)]);
    await log.remove("gone");
    await log.append([entry("gone", "x")], []);
    const left = [of("a", "k4", 2), of("b", "é".repeat(64), 2), of("a", "k1", 1)];
    t.same(await log.recentKeys(10), left, "those of a removed topic are forgotten");
    if (!survivesRestart) return;
    const again = await logs.reopen(t, log);
    t.same(await again.recentKeys(10), left);
    await again.append([entry("a", "x", "k5")], []);
    t.same(
      (await (await logs.reopen(t, again)).recentKeys(2)).map(({ key }) => key),
      ["k5", "k4"],
    );
  });

  test(`${name}: a removed topic is gone, and is born again with a higher generation`, async (t) => {
    const log = await logs.open(t);
    const generation = log.unbornGeneration;
    await log.append([entry("a", "old"), entry("a", "old"), entry("b", "other")], []);
    await log.append([], [{ topic: "a", generation, offset: 2, state: Buffer.from("old") }]);
    await log.remove("never there");
    t.equal(log.unbornGeneration, generation);
    const removed = log.remove("a");
    const reborn = log.append([entry("a", "new")], []);
    await removed;
    const [position] = (await reborn).positions as [Position];
    t.ok(position.generation > generation);
    t.equal(position.offset, 1);
    t.equal(log.unbornGeneration, position.generation);
    const check = async (log: EventLog): Promise<void> => {
      t.same(await readAll(log, "a", position.generation), ["new"]);
      t.same(await readAll(log, "b", generation), ["other"], "the others keep theirs");
      await t.rejects(log.readAfter("a", { generation, offset: 0 }, ALL), { code: "POSITION_LOST" });
      const records = (await log.load()).map(({ topic, generation, head, checkpoint }) => [
        topic,
        generation,
        head,
        checkpoint,
      ]);
      t.same(records.sort(), [
        ["a", position.generation, 1, undefined],
        ["b", generation, 1, undefined],
      ]);
    };
    await check(log);
    const calls = [log.append([entry("a", "3")], []), log.remove("a"), log.append([entry("a", "4")], [])] as const;
    const [before, , after] = await Promise.all(calls);
    t.equal(before.positions[0]?.offset, 2);
    t.equal(after.positions[0]?.offset, 1);
    t.ok((after.positions[0]?.generation ?? 0) > position.generation);
    await Promise.all([log.remove("a"), log.remove("a"), log.remove("b")]);
    t.same(await log.load(), []);
    const unborn = log.unbornGeneration;
    t.ok(unborn > position.generation && unborn < Number.MAX_SAFE_INTEGER);
    if (!survivesRestart) return;
    const again = await logs.reopen(t, log);
    t.same(await again.load(), []);
    t.equal(again.unbornGeneration, unborn);
    t.equal((await again.append([entry("a")], [])).positions[0]?.generation, unborn);
  });

  test(`${name}: a thousand topics`, async (t) => {
    const log = await logs.open(t);
    const generation = log.unbornGeneration;
    const names = Array.from({ length: 1_000 }, (_, i) => `training.run-${i}`);
    for (let round = 0; round < 3; round += 1)
      await log.append(
        names.map((name) => entry(name, `${name} ${round}`)),
        [],
      );
    const check = async (log: EventLog): Promise<void> => {
      const records = await log.load();
      t.equal(records.length, 1_000);
      t.ok(records.every((record) => record.head === 3 && record.oldest === 1 && record.generation === generation));
      for (const name of ["training.run-0", "training.run-1", "training.run-999"])
        t.same(await readAll(log, name, generation), [`${name} 0`, `${name} 1`, `${name} 2`]);
    };
    await check(log);
    if (survivesRestart) await check(await logs.reopen(t, log));
  });

  test(`${name}: a closed log takes and gives nothing, and what was under way is kept`, async (t) => {
    const log = await logs.open(t);
    const generation = log.unbornGeneration;
    const calls = [1, 2, 3].map((i) => log.append([entry("a", `${i}`)], []));
    const closed = log[Symbol.asyncDispose]();
    await t.rejects(log.append([entry("a", "late")], []), /closed/);
    await t.rejects(log.readAfter("a", { generation, offset: 0 }, ALL), /closed/);
    await t.rejects(log.remove("a"), /closed/);
    await t.rejects(
      log.retain(0, () => undefined),
      /closed/,
    );
    await t.rejects(log.load(), /closed/);
    await t.rejects(log.recentKeys(1), /closed/);
    await closed;
    await log[Symbol.asyncDispose]();
    await Promise.all((await Promise.all(calls)).map(({ flushed }) => flushed));
    if (survivesRestart) t.same(await readAll(await logs.reopen(t, log), "a", generation), ["1", "2", "3"]);
  });

  describeRetention(name, factory);
  describeEventLogModel(name, factory);
}
