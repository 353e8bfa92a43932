// What every EventLog promises about segments: what goes, what stays, and what is kept of what goes.
import { test } from "tap";
import type { Checkpoint, EventLog } from "../../src/events/event-log.js";
import type { RetentionLimits } from "../../src/events/segment-limits.js";
import { ALL, type EventLogFactory, entry, Opener, ROOMY } from "./event-log-opening.js";

/** Limits of a few segments; some ten events of `PAGE_BYTES` fill one. */
const TIGHT: RetentionLimits = {
  segmentBytes: 64 * 1024,
  segmentMaxAgeMs: 10_000,
  retentionBytes: 256 * 1024,
  retentionMaxAgeMs: 60_000,
};
const PAGE_BYTES = 4_096;

/** The part of the suite that needs several segments. */
export function describeRetention(name: string, factory: EventLogFactory): void {
  const { survivesRestart } = factory;
  const logs = new Opener(factory);

  test(`${name}: retention by size drops the oldest segments, never the newest`, async (t) => {
    const log = await logs.open(t, TIGHT);
    const generation = log.unbornGeneration;
    await log.append([entry("short", "only one", "k")], []);
    for (let i = 0; i < 200; i += 1) await log.append([entry("long", PAGE_BYTES), entry("lasting", "small")], []);
    t.same(await log.retain(0, () => undefined).then((names) => [...names]), ["short"]);
    const oldest = log.oldest("long") ?? 0;
    t.ok(oldest > 100 && oldest < 200, `the oldest is ${oldest}`);
    t.equal(log.oldest("short"), undefined);
    t.same(await log.recentKeys(10), []);
    t.ok(log.unbornGeneration > generation, "a topic was forgotten");
    const events = await log.readAfter("long", { generation, offset: oldest - 1 }, ALL);
    t.equal(events.length, 201 - oldest);
    t.equal(events.at(-1)?.offset, 200);
    await t.rejects(log.readAfter("long", { generation, offset: oldest - 2 }, ALL), { code: "POSITION_LOST" });
    await t.rejects(log.readAfter("short", { generation, offset: 1 }, ALL), { code: "POSITION_LOST" });
    t.same(await log.retain(0, () => undefined), [], "and then nothing more");
    t.equal(log.oldest("long"), oldest);
    const reborn = await log.append([entry("short"), entry("long")], []);
    t.same(reborn.positions, [
      { generation: log.unbornGeneration, offset: 1 },
      { generation, offset: 201 },
    ]);
    if (!survivesRestart) return;
    const again = await logs.reopen(t, log, TIGHT);
    t.equal(again.oldest("long"), oldest);
    t.equal((await again.readAfter("long", { generation, offset: oldest - 1 }, ALL)).length, 202 - oldest);
    t.equal(again.unbornGeneration, log.unbornGeneration);
  });

  test(`${name}: retention by age counts from a segment's last event`, async (t) => {
    let now = Date.now();
    const log = await logs.open(t, TIGHT, () => now);
    await log.append([entry("a"), entry("b")], []);
    now += TIGHT.segmentMaxAgeMs;
    await log.append([entry("a")], []); // in a segment of its own
    now += TIGHT.retentionMaxAgeMs - 1;
    t.same(await log.retain(now, () => undefined), []);
    t.equal(log.oldest("a"), 1);
    t.same(await log.retain(now + 1, () => undefined), ["b"]);
    t.equal(log.oldest("a"), 2);
    t.same(await log.retain(now + 1e9, () => undefined), [], "the newest segment stays");
    t.equal(log.oldest("a"), 2);
  });

  test(`${name}: before a segment goes, the states of topics that live on are kept`, async (t) => {
    const limits = { ...ROOMY, segmentMaxAgeMs: 1_000 };
    let now = Date.now();
    const log = await logs.open(t, limits, () => now);
    const generation = log.unbornGeneration;
    const state = (text: string): Uint8Array => Buffer.from(text);
    await log.append(
      [entry("asked"), entry("kept"), entry("none"), entry("gone"), entry("later")],
      [{ topic: "kept", generation, offset: 1, state: state("from the first segment") }],
    );
    now += limits.segmentMaxAgeMs;
    const dropMs = now + limits.retentionMaxAgeMs;
    await log.append([entry("asked"), entry("kept"), entry("none"), entry("later"), entry("new")], []);
    now += limits.segmentMaxAgeMs;
    await log.append(
      [entry("new")],
      [{ topic: "later", generation, offset: 2, state: state("from the last segment") }],
    );
    const asked: string[] = [];
    const forgotten = await log.retain(dropMs, (topic) => {
      asked.push(topic);
      return topic === "asked" ? { topic, generation, offset: 2, state: state("asked for") } : undefined;
    });
    t.notOk(asked.includes("new"), "it loses nothing");
    t.same([...forgotten], ["gone"]);
    t.notOk(asked.includes("gone"));
    const check = async (log: EventLog): Promise<void> => {
      const records = new Map((await log.load()).map((record) => [record.topic, record]));
      const kept = ["asked", "kept", "none", "later", "new"].map((topic) => {
        const checkpoint = records.get(topic)?.checkpoint;
        return [records.get(topic)?.oldest, checkpoint?.offset, checkpoint && Buffer.from(checkpoint.state).toString()];
      });
      t.same(kept, [
        [2, 2, "asked for"],
        [2, 1, "from the first segment"],
        [2, undefined, undefined],
        [2, 2, "from the last segment"],
        [1, undefined, undefined],
      ]);
    };
    await check(log);
    if (survivesRestart) await check(await logs.reopen(t, log, limits));
  });

  test(`${name}: a read goes on from one segment to the next`, async (t) => {
    const log = await logs.open(t, TIGHT);
    const generation = log.unbornGeneration;
    for (let i = 0; i < 60; i += 1) await log.append([entry("a", PAGE_BYTES), entry("b", "small")], []);
    const pages = async (events: number, bytes: number): Promise<number[]> => {
      const counts: number[] = [];
      for (let offset = 0; offset < 60; ) {
        const page = await log.readAfter("a", { generation, offset }, { events, bytes });
        t.same(
          page.map((event) => event.offset),
          page.map((_, i) => offset + i + 1),
        );
        counts.push(page.length);
        offset += page.length;
      }
      return counts;
    };
    t.same(await pages(7, 1e9), [7, 7, 7, 7, 7, 7, 7, 7, 4]);
    t.same(await pages(1e9, 25 * PAGE_BYTES), [25, 25, 10]);
    t.same(await pages(1e9, 20 * PAGE_BYTES - 1), [19, 19, 19, 3]);
    t.same(await pages(60, 60 * PAGE_BYTES), [60]);
  });

  test(`${name}: changes and retention keep the order of their calls`, async (t) => {
    const log = await logs.open(t, TIGHT);
    await log.append([entry("early"), entry("late")], []);
    for (let i = 0; i < 100; i += 1) await log.append([entry("fill", PAGE_BYTES)], []);
    const order: string[] = [];
    const calls = [
      log.append([entry("early")], []).then(({ positions }) => order.push(`append ${positions[0]?.offset}`)),
      log.retain(0, () => undefined).then((names) => order.push(`forgotten ${names}`)),
      log.append([entry("late"), entry("early")], []).then(({ positions }) => {
        order.push(`append ${positions.map(({ offset }) => offset)}`);
      }),
      log.remove("early").then(() => order.push("removed")),
    ];
    await Promise.all(calls);
    t.same(order, ["append 2", "forgotten late", "append 1,3", "removed"]);
    t.equal(log.oldest("early"), undefined);
  });

  test(`${name}: of a checkpoint that does not fit, retention keeps nothing`, async (t) => {
    const log = await logs.open(t, TIGHT);
    const generation = log.unbornGeneration;
    const topics = ["other", "beyond", "before"];
    await log.append(
      [...topics, ...topics].map((topic) => entry(topic)),
      [],
    );
    for (let i = 0; i < 100; i += 1) await log.append([entry("fill", PAGE_BYTES)], []);
    await log.append(
      topics.map((topic) => entry(topic)),
      [],
    );
    const given: Record<string, Partial<Checkpoint>> = {
      other: { generation: generation - 1, offset: 3 },
      beyond: { offset: 4 },
      before: { offset: 1 },
    };
    await log.retain(0, (topic) => {
      const fits = { topic, generation, offset: 100, state: new Uint8Array(1) };
      return topic === "fill" || given[topic] ? { ...fits, ...given[topic] } : undefined;
    });
    const kept = (await log.load()).map(({ topic, oldest, checkpoint }) => [topic, oldest > 1, checkpoint?.offset]);
    t.same(kept.sort(), [
      ["before", true, undefined],
      ["beyond", true, undefined],
      ["fill", true, 100],
      ["other", true, undefined],
    ]);
  });

  for (const last of ["removed", "forgotten"])
    test(`${name}: nothing of a ${last} topic comes back with another one`, async (t) => {
      const limits = { ...ROOMY, segmentMaxAgeMs: 1_000 };
      let now = Date.now();
      let log = await logs.open(t, limits, () => now);
      const generation = log.unbornGeneration;
      await log.append([entry("stays"), entry("forgotten"), entry("removed"), entry(`${last} last`)], []);
      now += limits.segmentMaxAgeMs;
      await log.append(
        [entry("stays")],
        ["forgotten", "forgotten last"].map((topic) => ({ topic, generation, offset: 1, state: Buffer.from("state") })),
      );
      await log.remove("removed");
      await log.remove("removed last");
      const forgotten = await log.retain(now + limits.retentionMaxAgeMs, () => undefined);
      t.same([...forgotten].sort(), last === "removed" ? ["forgotten"] : ["forgotten", "forgotten last"]);
      for (const topics of [["young"], ["younger", "youngest"]]) {
        if (survivesRestart) log = await logs.reopen(t, log, limits, () => now);
        await log.append(
          topics.map((topic) => entry(topic)),
          [],
        );
      }
      if (survivesRestart) log = await logs.reopen(t, log, limits, () => now);
      const records = (await log.load()).map(({ topic, head, checkpoint }) => [topic, head, checkpoint]);
      t.same(records.sort(), [
        ["stays", 2, undefined],
        ["young", 1, undefined],
        ["younger", 1, undefined],
        ["youngest", 1, undefined],
      ]);
    });

  test(`${name}: a state that ends before the oldest event is worth nothing, and is not given`, async (t) => {
    const log = await logs.open(t, TIGHT);
    const generation = log.unbornGeneration;
    await log.append([entry("a"), entry("a")], [{ topic: "a", generation, offset: 1, state: Buffer.from("early") }]);
    for (let i = 0; i < 100; i += 1) await log.append([entry("fill", PAGE_BYTES), entry("a")], []);
    await log.retain(0, () => undefined);
    const record = (await log.load()).find(({ topic }) => topic === "a");
    t.ok((record?.oldest ?? 0) > 2);
    t.equal(record?.checkpoint, undefined);
  });
}
