// The arithmetic of rates: what may pass within any time, and when the next may.
import fc from "fast-check";
import { test } from "tap";
import { FrameGate } from "../../../src/limits/frame-gate.js";
import { RequestRates } from "../../../src/limits/request-rates.js";
import { TokenBucket } from "../../../src/limits/token-bucket.js";

/** Times of arrival and sizes, in order. */
const arrivals = fc.array(
  fc.record({ afterMs: fc.double({ min: 0, max: 400, noNaN: true }), count: fc.integer({ min: 1, max: 50 }) }),
  {
    minLength: 1,
    maxLength: 200,
  },
);
/** Rounding of many additions. */
const EPSILON = 1e-6;

test("within any time no more passes than the burst, what has come in, and the last one beyond", async () => {
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 200 }), (all, rate, burst) => {
      const bucket = new TokenBucket(rate, burst, 0);
      const taken: { atMs: number; count: number }[] = [];
      let nowMs = 0;
      for (const { afterMs, count } of all) {
        nowMs += afterMs;
        if (!bucket.hasToken(nowMs)) continue;
        bucket.take(count);
        taken.push({ atMs: nowMs, count });
      }
      return taken.every((first, i) => {
        let sum = 0;
        return taken.slice(i).every(({ atMs, count }) => {
          const allowed = burst + ((atMs - first.atMs) * rate) / 1000 + count - 1;
          sum += count;
          return sum <= allowed + EPSILON;
        });
      });
    }),
  );
});

test("who waits as long as it is told to finds a token, and not much sooner", async () => {
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 1000 }), (all, rate) => {
      const bucket = new TokenBucket(rate, rate, 0);
      let nowMs = 0;
      for (const { afterMs, count } of all) {
        nowMs += afterMs;
        if (bucket.hasToken(nowMs)) bucket.take(count);
      }
      const isOut = !bucket.hasToken(nowMs);
      const waitMs = bucket.msUntil(1);
      if (!isOut) return waitMs === 0;
      return waitMs > 0 && !bucket.hasToken(nowMs + waitMs - 1 - EPSILON) && bucket.hasToken(nowMs + waitMs + EPSILON);
    }),
  );
});

test("a quiet time fills a bucket to its burst, not beyond, and a clock that stands changes nothing", async (t) => {
  const bucket = new TokenBucket(10, 5, 0);
  for (const nowMs of [0, 3_600_000]) {
    for (let i = 0; i < 5; i += 1) {
      t.ok(bucket.hasToken(nowMs));
      bucket.take(1);
    }
    t.notOk(bucket.hasToken(nowMs));
    t.notOk(bucket.hasToken(nowMs));
  }
});

test("a gate bounds frames and bytes alike, and takes of neither what it refuses", async (t) => {
  t.equal(FrameGate.of({ maxFramesPerSecond: 0, maxBytesPerSecond: 0 }, 0), undefined, "nothing to bound");
  const frames = FrameGate.of({ maxFramesPerSecond: 2, maxBytesPerSecond: 0 }, 0) as FrameGate;
  t.same([frames.pass(1e9, 0), frames.pass(1e9, 0), frames.pass(1, 0)], [0, 0, 500]);
  t.same([frames.pass(1, 400), frames.pass(1, 500)], [100, 0], "refused frames cost nothing");
  const bytes = FrameGate.of({ maxFramesPerSecond: 0, maxBytesPerSecond: 1000 }, 0) as FrameGate;
  t.equal(bytes.pass(5_000, 0), 0, "a large frame passes");
  t.equal(bytes.pass(1, 0), 4_100, "and is paid for: the debt, and a tenth of a second's worth");
  const both = FrameGate.of({ maxFramesPerSecond: 1, maxBytesPerSecond: 10 }, 0) as FrameGate;
  t.same([both.pass(10, 0), both.pass(1, 1_000), both.pass(1, 1_000)], [0, 0, 1_000]);
});

test("each address has a bucket of its own, and the table forgets those that are full again", async (t) => {
  const rates = new RequestRates(2);
  for (let i = 0; i < 6; i += 1) t.equal(rates.take("a", 0), 0, "three seconds' worth at once");
  t.equal(rates.take("a", 0), 500);
  t.equal(rates.take("b", 0), 0);
  t.equal(rates.take("a", 500), 0);
  t.equal(rates.take("c", 100_000), 0);
  rates.take("c", 200_000);
  t.equal(rates.size, 1, "a and b have been quiet for two generations");
  t.equal(new RequestRates(0).take("a", 0), 0, "0 bounds nothing");
});

test("a million addresses leave no more than two generations behind", async (t) => {
  const rates = new RequestRates(1);
  for (let i = 0; i < 1_000_000; i += 1) rates.take(String(i), 0);
  t.ok(rates.size <= 2 * 65_536, `${rates.size} addresses`);
});
