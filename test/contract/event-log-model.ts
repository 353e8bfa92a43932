// Random changes of an event log beside a model that keeps everything in a map.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import type { Checkpoint, EventLog, NewEntry } from "../../src/events/event-log.js";
import { ALL, type EventLogFactory } from "./event-log-opening.js";

/** Segments of a few events, so that every run has several. */
const LIMITS = { segmentBytes: 40_000, segmentMaxAgeMs: 5_000, retentionBytes: 120_000, retentionMaxAgeMs: 20_000 };
const TOPICS = ["a", "b", "c", "d"];
const MAX_EVENT_BYTES = 9_000;
const RUNS = 50;

const topic = fc.constantFrom(...TOPICS);
const size = fc.oneof(fc.nat(200), fc.nat(MAX_EVENT_BYTES));
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      is: fc.constant("append" as const),
      entries: fc.array(fc.record({ topic, size, hasKey: fc.boolean() }), { maxLength: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constantFrom("checkpoint" as const, "remove" as const), topic }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("wait" as const), ms: fc.nat(4_000) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constantFrom("settle" as const, "retain" as const, "reopen" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface ModelTopic {
  readonly name: string;
  /** How many topics were gone when it was born. */
  readonly goneBefore: number;
  /** Known once its first call is done. */
  generation: number | undefined;
  oldest: number;
  /** From offset 1 on; `order` is that of all events. */
  readonly events: { readonly bytes: Uint8Array; readonly key: string | undefined; readonly order: number }[];
  checkpoint: { readonly offset: number; readonly state: Uint8Array } | undefined;
}

/** A log beside its model. Calls are made without waiting until the next step that settles them. */
class Run {
  readonly #topics = new Map<string, ModelTopic>();
  readonly #gone: ModelTopic[] = [];
  #calls: Promise<unknown>[] = [];
  #count = 0;
  #goneWhenSettled = 0;
  #unborn: number;

  constructor(
    private log: EventLog,
    private readonly reopen: (log: EventLog) => Promise<EventLog>,
    private readonly clock: { nowMs: number },
  ) {
    this.#unborn = log.unbornGeneration;
  }

  async take(step: Step): Promise<void> {
    if (step.is === "append") this.#append(step.entries);
    else if (step.is === "checkpoint") this.#checkpoint(step.topic);
    else if (step.is === "remove") this.#remove(step.topic);
    else if (step.is === "wait") this.clock.nowMs += step.ms;
    else {
      await this.settle();
      if (step.is === "retain") await this.#retain();
      if (step.is === "reopen") this.log = await this.reopen(this.log);
      if (step.is !== "settle") await this.settle();
    }
  }

  /** Waits for all calls, and compares everything. */
  async settle(): Promise<void> {
    await Promise.all(this.#calls);
    this.#calls = [];
    const unborn = this.log.unbornGeneration;
    for (const { generation } of this.#gone) assert.ok(unborn > (generation ?? 0));
    if (this.#gone.length === this.#goneWhenSettled) assert.equal(unborn, this.#unborn);
    this.#unborn = unborn;
    this.#goneWhenSettled = this.#gone.length;
    const records = (await this.log.load()).map(({ topic, generation, oldest, head, checkpoint }) => ({
      topic,
      generation,
      oldest,
      head,
      checkpoint: checkpoint && { offset: checkpoint.offset, state: Buffer.from(checkpoint.state).toString() },
    }));
    assert.deepEqual(records.sort(byTopic), [...this.#topics.values()].map(toRecord).sort(byTopic));
    assert.deepEqual(await this.log.recentKeys(1_000), this.#keys());
    for (const topic of this.#topics.values()) await this.#compareEvents(topic);
    for (const name of TOPICS) assert.equal(this.log.oldest(name), this.#topics.get(name)?.oldest);
  }

  #append(list: readonly { topic: string; size: number; hasKey: boolean }[]): void {
    const entries: NewEntry[] = list.map(({ topic, size, hasKey }) => {
      this.#count += 1;
      return { topic, bytes: Buffer.alloc(size, `${this.#count} `), key: hasKey ? `key ${this.#count}` : undefined };
    });
    const expected = entries.map((entry) => this.#add(entry));
    const check = async (): Promise<void> => {
      const { positions, flushed } = await this.log.append(entries, []);
      assert.deepEqual(
        positions.map(({ offset }) => offset),
        expected.map(({ offset }) => offset),
      );
      expected.forEach(({ topic }, i) => {
        topic.generation ??= positions[i]?.generation;
        assert.equal(positions[i]?.generation, topic.generation);
        for (const gone of this.#gone.slice(0, topic.goneBefore))
          assert.ok((topic.generation ?? 0) > (gone.generation ?? 0));
      });
      await flushed;
    };
    this.#calls.push(check());
  }

  #add({ topic: name, bytes, key }: NewEntry): { readonly topic: ModelTopic; readonly offset: number } {
    let topic = this.#topics.get(name);
    topic ??= {
      name,
      goneBefore: this.#gone.length,
      generation: undefined,
      oldest: 1,
      events: [],
      checkpoint: undefined,
    };
    this.#topics.set(name, topic);
    this.#count += 1;
    topic.events.push({ bytes: Buffer.from(bytes), key, order: this.#count });
    return { topic, offset: topic.events.length };
  }

  /** Of what is settled: the generation is not known before. */
  #checkpoint(name: string): void {
    const topic = this.#topics.get(name);
    if (topic?.generation === undefined) return;
    this.#calls.push(this.log.append([], [this.#headState(topic)]));
  }

  #headState(topic: ModelTopic): Checkpoint {
    const offset = topic.events.length;
    topic.checkpoint = { offset, state: Buffer.from(`${topic.name} up to ${offset}`) };
    return { topic: topic.name, generation: topic.generation ?? 0, ...topic.checkpoint };
  }

  #remove(name: string): void {
    this.#forget(name);
    this.#calls.push(this.log.remove(name));
  }

  #forget(name: string): void {
    const topic = this.#topics.get(name);
    if (topic) this.#gone.push(topic);
    this.#topics.delete(name);
  }

  /** Which segments go is the log's to say; the rest must fit to it. */
  async #retain(): Promise<void> {
    const forgotten = await this.log.retain(this.clock.nowMs, (name) => {
      const topic = this.#topics.get(name);
      return topic && this.#headState(topic);
    });
    for (const name of forgotten) {
      assert.ok(this.#topics.has(name));
      this.#forget(name);
    }
    for (const topic of this.#topics.values()) {
      const oldest = this.log.oldest(topic.name) ?? 0;
      assert.ok(oldest >= topic.oldest && oldest <= topic.events.length, `${topic.name} from ${oldest} on`);
      topic.oldest = oldest;
    }
  }

  #keys(): unknown[] {
    return [...this.#topics.values()]
      .flatMap(({ name: topic, generation, oldest, events }) =>
        events.map(({ key, order }, i) => ({
          order,
          record: { topic, key, generation, offset: i + 1 },
          isKept: i + 1 >= oldest,
        })),
      )
      .filter(({ record, isKept }) => isKept && record.key !== undefined)
      .sort((a, b) => b.order - a.order)
      .map(({ record }) => record);
  }

  async #compareEvents({ name, generation = 0, oldest, events }: ModelTopic): Promise<void> {
    const read = await this.log.readAfter(name, { generation, offset: oldest - 1 }, ALL);
    assert.equal(read.length, events.length - oldest + 1);
    for (const [i, event] of read.entries()) {
      assert.equal(event.generation, generation);
      assert.equal(event.offset, oldest + i);
      assert.ok(Buffer.from(event.bytes).equals(events[oldest + i - 1]?.bytes ?? Buffer.of(0)));
    }
    const middle = Math.floor((oldest + events.length) / 2);
    const rest = await this.log.readAfter(name, { generation, offset: middle }, ALL);
    assert.deepEqual(
      rest.map(({ offset }) => offset),
      read.slice(middle - oldest + 1).map(({ offset }) => offset),
    );
  }
}

function toRecord({ name, generation, oldest, events, checkpoint }: ModelTopic) {
  const isJoined = checkpoint && checkpoint.offset >= oldest - 1;
  return {
    topic: name,
    generation,
    oldest,
    head: events.length,
    checkpoint: isJoined ? { offset: checkpoint.offset, state: Buffer.from(checkpoint.state).toString() } : undefined,
  };
}

function byTopic(a: { readonly topic: string }, b: { readonly topic: string }): number {
  return a.topic < b.topic ? -1 : 1;
}

/** The property, as a test. */
export function describeEventLogModel(name: string, { open, survivesRestart }: EventLogFactory): void {
  test(`${name}: random changes leave what a plain map would hold`, async (t) => {
    let run = 0;
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      run += 1;
      const folder = `${t.testdirName}/${run}`;
      const clock = { nowMs: 1_700_000_000_000 };
      let log = await open(folder, LIMITS, () => clock.nowMs);
      try {
        const reopen = async (before: EventLog): Promise<EventLog> => {
          if (!survivesRestart) return before;
          await before[Symbol.asyncDispose]();
          log = await open(folder, LIMITS, () => clock.nowMs);
          return log;
        };
        const beside = new Run(log, reopen, clock);
        for (const each of steps) await beside.take(each);
        await beside.settle();
      } finally {
        await log[Symbol.asyncDispose]();
      }
    });
    t.testdir();
    await fc.assert(property, { numRuns: RUNS });
  });
}
