import fc from "fast-check";
import t from "tap";
import { next } from "../src/pages/connections/rates.js";
import { binsOf } from "../src/plot/bins.js";
import { extent, linear, padded, ticks } from "../src/plot/scale.js";

t.test("ticks are round, inside of the bounds, and about as many as asked for", async (t) => {
  t.same(ticks(0, 100, 4), [0, 25, 50, 75, 100]);
  t.same(ticks(1001, 1109, 10), [1020, 1040, 1060, 1080, 1100]);
  t.same(ticks(1, 1, 4), []);
  t.same(ticks(0, Number.POSITIVE_INFINITY, 4), []);
  const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(
      finite,
      fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      (min, size, count) => {
        const found = ticks(min, min + size, count);
        t.ok(found.length <= count + 1);
        const rounding = size * 1e-6 + (Math.abs(min) + size) * 2 * Number.EPSILON;
        t.ok(found.every((value) => value >= min - rounding && value <= min + size + rounding));
      },
    ),
  );
});

t.test("scales, extents and margins", async (t) => {
  const down = linear(0, 10, 100, 0);
  t.same([0, 5, 10].map(down.toPixel), [100, 50, 0]);
  t.same(extent([3, Number.NaN, -1], [Number.POSITIVE_INFINITY, 7]), [-1, 7]);
  t.equal(extent([Number.NaN], []), undefined);
  t.same(padded([0, 100], 0.1), [-10, 110]);
  const [low, high] = padded([5, 5]);
  t.ok(low < 5 && high > 5, "a single value has room around it");
});

t.test("bins have round bounds and count every finite value", async (t) => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6 }), { maxLength: 300 }), (values) => {
      const { bounds, counts } = binsOf(Float64Array.from(values), 20);
      t.equal(bounds.length, counts.length + 1);
      t.equal(
        counts.reduce((sum, count) => sum + count, 0),
        values.filter(Number.isFinite).length,
      );
    }),
  );
  const { bounds, counts } = binsOf(Float64Array.from([0, 0.9, 1, 3.99, 9]), 10);
  t.same(bounds.slice(0, 3), [0, 1, 2]);
  t.same(counts, [2, 1, 0, 1, 0, 0, 0, 0, 0, 1]);
});

t.test("rates are what counters grow by; counters that fall are those of a new server", async (t) => {
  const none = { now: undefined, times: [], history: undefined };
  const first = next<"frames">(none, { frames: 100 }, 1000);
  t.equal(first.now, undefined, "one answer makes no rate");
  const second = next(first, { frames: 150 }, 1500);
  t.same(second.now, { frames: 100 });
  const restarted = next(second, { frames: 3 }, 2500);
  t.same(restarted.now, { frames: 100 }, "unchanged: nothing is known of the time between");
  t.same(next(restarted, { frames: 23 }, 3500).history, { frames: [100, 20] });
  let state = second;
  for (let i = 0; i < 400; i += 1) state = next(state, { frames: 150 + i }, 2000 + i * 1000);
  t.equal(state.times.length, 300);
});
