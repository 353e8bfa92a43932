// Runs over the broker itself, with a log in memory: what the tests' own log promises, the broker keeps.
import { pino } from "pino";
import { test } from "tap";
import { Broker } from "../../../src/events/broker.js";
import { MemoryLog } from "../../../src/events/memory-log.js";
import { Runs } from "../../../src/runs/runs.js";
import { event } from "./events.js";
import { FakeClock, LEASE_MS, outcome } from "./scene.js";

const RUN = "training.exp";
/** Nothing is dropped. */
const RETENTION = { segmentBytes: 1e6, segmentMaxAgeMs: 1e9, retentionBytes: 1e9, retentionMaxAgeMs: 1e9 };
const log = pino({ level: "silent" });

async function open(): Promise<{ broker: Broker; runs: Runs; clock: FakeClock }> {
  const limits = { maxTopics: 1_000, maxIdempotencyKeys: 1_000 };
  const broker = await Broker.open(new MemoryLog(RETENTION), { limits, log, afterDelivery: () => undefined });
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
