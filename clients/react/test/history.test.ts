// How a topic's past and its present are joined, over a log that is made up: no server, no page.
import { type EventType, type Position, TidewireClientError, type TidewireEvent, type Topics } from "@tidewire/client";
import fc from "fast-check";
import t from "tap";
import { History, MAX_FETCHED } from "../src/series/history.js";

type Read = Topics["events"];

/** A topic's log: logs and progress, some of the oldest gone, more to come. */
class FakeLog {
  readonly events: TidewireEvent[] = [];
  readonly asked: number[] = [];
  generation = 1;
  oldest = 1;
  failures = 0;
  /** Called before a page is read: what happens meanwhile. */
  meanwhile = () => {};

  get head(): Position {
    return { generation: this.generation, offset: this.oldest - 1 + this.events.length };
  }

  add(count: number, type: "log" | "progress" = "log"): TidewireEvent[] {
    const added = Array.from({ length: count }, () => {
      const offset = this.head.offset + 1;
      const event = { type, position: { generation: this.generation, offset } } as TidewireEvent;
      this.events.push(event);
      return event;
    });
    return added;
  }

  /** As the server reads: from the oldest on where the rest is gone, and fewer than wanted now and then. */
  readonly read: Read = async (_topic, { after = 0, limit = 100, types, signal } = {}) => {
    this.meanwhile();
    await null;
    signal?.throwIfAborted();
    this.asked.push(after);
    if (this.failures > 0) {
      this.failures--;
      throw new TidewireClientError("CONNECTION_FAILED", "no", { retryable: true });
    }
    const start = Math.max(after, this.oldest - 1);
    const scanned = this.events.filter(({ position }) => position.offset > start).slice(0, 2 * limit);
    const entries = scanned.filter(({ type }) => !types || types.includes(type)).slice(0, limit);
    const last = entries.length === limit ? entries.at(-1) : scanned.at(-1);
    const next = last && last.position.offset < this.head.offset ? last.position.offset : undefined;
    return { generation: this.generation, entries, next };
  };
}

const LOG: readonly EventType[] = ["log"];

function record(log: FakeLog, { room = Number.POSITIVE_INFINITY, types = LOG } = {}) {
  const offsets: number[] = [];
  const history = new History("training.e", types, { events: log.read } as Topics, {
    append: ({ position }) => void offsets.push(position.offset),
    prepend: ({ position }) => {
      if (offsets.length < room) offsets.unshift(position.offset);
    },
    room: () => (offsets.length < room ? types : undefined),
    clear: () => {
      offsets.length = 0;
    },
    told: () => {
      for (const look of waiting) look();
    },
  });
  const waiting = new Set<() => void>();
  const until = (state: string) =>
    new Promise<void>((resolve) => {
      const look = () => history.state === state && resolve();
      waiting.add(look);
      look();
    });
  return { history, offsets, until };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

t.test("the newest page first, down to the beginning", async (t) => {
  const log = new FakeLog();
  log.add(1700);
  const { history, offsets, until } = record(log);
  history.reached(log.head);
  await until("complete");
  t.same(offsets, range(1, 1700));
  t.same(log.asked, [1200, 700, 200, 0]);
});

t.test("few of many are wanted: wider steps, and nothing is left out", async (t) => {
  const log = new FakeLog();
  log.add(3);
  log.add(30_000, "progress");
  log.add(2);
  const { history, offsets, until } = record(log);
  history.reached(log.head);
  await until("complete");
  t.same(offsets, [1, 2, 3, 30_004, 30_005]);
  t.ok(log.asked.length < 80, `${log.asked.length} requests`);
});

t.test("what the server no longer has is not asked for", async (t) => {
  const log = new FakeLog();
  log.oldest = 900_001;
  log.add(10);
  log.add(5000, "progress");
  const { history, offsets, until } = record(log);
  history.reached(log.head);
  await until("complete");
  t.same(offsets, range(900_001, 900_010));
  t.ok(log.asked.length < 30, `${log.asked.length} requests`);
});

t.test("no room for more: it stops there, and says so", async (t) => {
  const log = new FakeLog();
  log.add(5000);
  const { history, offsets, until } = record(log, { room: 1200 });
  history.reached(log.head);
  await until("bounded");
  t.same(offsets, range(3801, 5000));
  const many = new FakeLog();
  many.add(MAX_FETCHED + 2000);
  const endless = record(many);
  endless.history.reached(many.head);
  await endless.until("bounded");
  t.equal(endless.offsets.length, MAX_FETCHED);
});

t.test("what failed is tried again, from there", async (t) => {
  const log = new FakeLog();
  log.add(1200);
  const { history, offsets, until } = record(log);
  log.failures = 1;
  history.reached(log.head);
  await until("stale");
  await until("complete");
  t.same(offsets, range(1, 1200));
});

t.test("another generation begins anew", async (t) => {
  const log = new FakeLog();
  log.add(10);
  const { history, offsets, until } = record(log);
  history.reached(log.head);
  await until("complete");
  log.events.length = 0;
  log.generation = 2;
  log.add(3);
  const [next] = log.add(1);
  history.event(next as TidewireEvent);
  await until("complete");
  t.same(offsets, range(1, 4));
});

t.test("whatever happens meanwhile: pauses, cuts, states told twice; all of it is there, in order, once", async (t) => {
  const what = fc.oneof(
    fc.record({ is: fc.constant("live" as const), count: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ is: fc.constant("missed" as const), count: fc.integer({ min: 1, max: 900 }) }),
    fc.record({ is: fc.constant("paused" as const), count: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ is: fc.constant("told" as const), count: fc.constant(0) }),
  );
  const property = fc.asyncProperty(
    fc.integer({ min: 0, max: 2500 }),
    fc.array(what, { maxLength: 12 }),
    async (past, steps) => {
      const log = new FakeLog();
      log.add(past);
      const { history, offsets, until } = record(log);
      const queue = [...steps];
      log.meanwhile = () => {
        const step = queue.shift();
        if (step === undefined) return;
        const { is, count } = step;
        if (is === "paused") history.stop();
        const added = log.add(count);
        if (is === "live") for (const event of added) history.event(event);
        // A connection that was cut, or a page that is seen again, learns where the topic stands.
        else history.reached(log.head);
      };
      history.reached(log.head);
      while (queue.length > 0) {
        await until("complete");
        log.meanwhile();
      }
      await until("complete");
      return offsets.length === log.events.length && offsets.every((offset, i) => offset === i + 1);
    },
  );
  await fc.assert(property, { numRuns: 150 });
  t.pass();
});
