// Ticks: equal, without drift, without a pile behind a held loop.
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { test } from "tap";
import { nextDue, Ticker } from "../../../src/stats/ticker.js";

test("whatever holds the loop up, two ticks are 0.9 intervals apart or more, and it does not drift", async (t) => {
  const lateness = fc.array(
    fc.oneof(fc.double({ min: 0, max: 0.09, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true })),
  );
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 10_000 }), lateness, (intervalMs, late) => {
      let due = 0;
      let last = Number.NEGATIVE_INFINITY;
      for (const share of late) {
        const now = due + share * intervalMs;
        assert.ok(now - last >= 0.9 * intervalMs - 1e-6, `${now - last} of ${intervalMs}`);
        last = now;
        due = nextDue(due, now, intervalMs);
        assert.ok(due > now && due <= now + intervalMs);
      }
    }),
  );
  let due = 0;
  for (let i = 0; i < 1000; i += 1) due = nextDue(due, due + 40, 1000);
  t.equal(due, 1_000_000, "a timer that is always 40 ms late is no slower");
});

test("a ticker ticks from its first time on, and no more once it is stopped", async (t) => {
  const times: number[] = [];
  const { promise, resolve } = deferred();
  const ticker = new Ticker(20, () => {
    times.push(performance.now());
    if (times.length === 5) resolve();
  });
  const startMs = performance.now();
  ticker.start(startMs + 40);
  await Promise.all([promise, keepAlive(promise)]);
  ticker.stop();
  t.ok((times[0] as number) >= startMs + 38);
  const count = times.length;
  for (const end = performance.now() + 60; performance.now() < end; ) await turn();
  t.equal(times.length, count);
});

function deferred() {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** The ticker itself keeps no process alive. */
async function keepAlive(until: Promise<void>): Promise<void> {
  const timer = setInterval(() => undefined, 1000);
  await until;
  clearInterval(timer);
}
