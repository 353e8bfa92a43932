// Runs over the broker itself, with a log in memory: what the tests' own log promises, the broker keeps.
import { pino } from "pino";
import { test } from "tap";
import { TidewireError } from "../../../src/errors.js";
import { Broker } from "../../../src/events/broker.js";
import type { Appended } from "../../../src/events/event-log.js";
import { LogLine } from "../../../src/events/log-line.js";
import { MemoryLog } from "../../../src/events/memory-log.js";
import { Runs } from "../../../src/runs/runs.js";
import { encodeEvent } from "../../../src/wire/event-bytes.js";
import { event } from "./events.js";
import { FakeClock, LEASE_MS, outcome } from "./scene.js";

const RUN = "training.exp";
/** Nothing is dropped. */
const RETENTION = { segmentBytes: 1e6, segmentMaxAgeMs: 1e9, retentionBytes: 1e9, retentionMaxAgeMs: 1e9 };
const log = pino({ level: "silent" });

async function open(events = new MemoryLog(RETENTION)): Promise<{ broker: Broker; runs: Runs; clock: FakeClock }> {
  const limits = { maxTopics: 1_000, maxIdempotencyKeys: 1_000 };
  const broker = await Broker.open(events, { limits, log, ageMs: Date.now, afterDelivery: () => undefined });
  const clock = new FakeClock();
  return { broker, clock, runs: new Runs({ events: broker, clock, leaseMs: LEASE_MS, log }) };
}

test("a run's life: created, lost, heard of again, ended, removed, created anew", async (t) => {
  const { broker, runs, clock } = await open();
  t.teardown(() => broker[Symbol.asyncDispose]());
  const created = await Promise.all(
    Array.from({ length: 5 }, () => outcome(runs.training.create({ experimentId: "exp" }))),
  );
  t.same(created.sort(), [1, ...Array(4).fill("SESSION_EXISTS")]);
  const list = ["status_changed running", "log", "status_changed running"].map((said) => event(RUN, said));
  t.same(
    (await runs.publish(list)).map(({ offset }) => offset),
    [2, 3, 2],
  );

  clock.elapsedMs += LEASE_MS;
  runs.sweepLeases();
  t.equal(await outcome(runs.publish([event(RUN, "log", { idempotencyKey: "k" })])), 6, "after lost and running");
  t.equal(await outcome(runs.publish([event(RUN, "log", { idempotencyKey: "k" })])), 6);
  const asked = [outcome(runs.cancel(RUN).then(() => [])), outcome(runs.cancel(RUN).then(() => []))];
  t.same(await Promise.all(asked), [0, 0]);
  const ends = ["status_changed stopped", "status_changed failed"].map((said) =>
    outcome(runs.publish([event(RUN, said)])),
  );
  t.same(await Promise.all(ends), [8, "INVALID_TRANSITION"]);

  const before = broker.view(RUN)?.generation ?? 0;
  const late = outcome(runs.publish([event(RUN, "log")]));
  const removed = runs.training.remove("exp");
  const anew = runs.training.create({ experimentId: "exp" });
  await removed;
  t.equal(await late, 9);
  const { generation, offset } = await anew;
  t.equal(offset, 1);
  t.ok(generation > before);
  t.equal(broker.view(RUN)?.state.status, 1);
  t.equal(runs.livesInFlight, 0);
  runs[Symbol.dispose]();
});

test("the load of a host is told, and kept nowhere", async (t) => {
  const { broker, runs } = await open();
  t.teardown(() => broker[Symbol.asyncDispose]());
  const [first, second] = await runs.publish([1, 2].map(() => event("system.host", "system_stats")));
  t.equal((second?.offset ?? 0) - (first?.offset ?? 0), 1);
  t.same((await broker.read("system.host", 0, 10)).events, []);
  runs[Symbol.dispose]();
});

/** A log whose flushes are waited for, and whose disk may be full. */
class SlowLog extends MemoryLog {
  isFull = false;
  #release: () => void = () => undefined;
  readonly #flushed = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  override async append(...args: Parameters<MemoryLog["append"]>): Promise<Appended> {
    if (this.isFull) throw new TidewireError("OVERLOADED", "the disk is full");
    return { ...(await super.append(...args)), flushed: this.#flushed };
  }

  flush(): void {
    this.#release();
  }
}

test("nothing follows a run's first event that was not kept, not even before its publisher knows", async (t) => {
  const slow = new SlowLog(RETENTION);
  const { broker, runs } = await open(slow);
  t.teardown(() => broker[Symbol.asyncDispose]());
  const turns = async () => {
    for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const other = outcome(runs.publish([event("training.other", "status_changed queued")]));
  await turns();
  slow.isFull = true;
  const birth = outcome(runs.training.create({ experimentId: "exp" }));
  await turns();
  slow.isFull = false; // there is room again, and whoever created the run waits for the flush of the one before
  const line = new LogLine(RUN, encodeEvent(event(RUN, "log")));
  t.throws(() => runs.submitLine(line, { accepted: () => t.fail("kept"), refused: () => t.fail("late") }), {
    code: "OVERLOADED",
  });
  t.equal(await outcome(runs.publish([event(RUN, "log")])), "OVERLOADED");
  slow.flush();
  t.same(await Promise.all([other, birth]), [1, "OVERLOADED"]);
  t.equal(await outcome(runs.publish([event(RUN, "log")])), "SESSION_NOT_FOUND");
  t.equal(broker.view(RUN), undefined);
  t.equal(await outcome(runs.training.create({ experimentId: "exp" })), 1, "it can be created later");
  runs[Symbol.dispose]();
});
