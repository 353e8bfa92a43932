// What a chart leaves out, and what it must not.
import fc from "fast-check";
import t from "tap";
import { align, inOrder, isRising, risingOrder } from "../src/chart/aligned.js";
import { decimate, lowerBound, merge, stretchOf } from "../src/chart/decimate.js";
import { smooth } from "../src/chart/smooth.js";

const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
);
/** Points with rising x, repetitions among them. */
const points = fc.array(fc.tuple(fc.nat(3), value), { minLength: 1, maxLength: 400 }).map((steps) => {
  let at = 0;
  const x = steps.map(([step]) => {
    at += step;
    return at;
  });
  return { x, y: steps.map(([, y]) => y) };
});
const columns = fc.integer({ min: 1, max: 60 });

t.test("decimate", async (t) => {
  const all = ({ x }: { x: readonly number[] }) => ({ start: 0, end: x.length });

  t.test("keeps the first, the last and every column's extremes", async () => {
    fc.assert(
      fc.property(points, columns, (given, columns) => {
        const { x, y } = given;
        const chosen = [...decimate(x, y, all(given), columns)];
        const left = x[0] as number;
        const width = (x.at(-1) as number) - left || 1;
        const columnOf = (i: number) =>
          Math.min(columns - 1, Math.floor(((x[i] as number) - left) * (columns / width)));
        const extremes = (indexes: readonly number[]) => {
          const byColumn = new Map<number, [number, number]>();
          for (const i of indexes) {
            const at = y[i] as number;
            if (!Number.isFinite(at)) continue;
            const [low, high] = byColumn.get(columnOf(i)) ?? [at, at];
            byColumn.set(columnOf(i), [Math.min(low, at), Math.max(high, at)]);
          }
          return JSON.stringify([...byColumn]);
        };
        return (
          chosen[0] === 0 &&
          chosen.at(-1) === x.length - 1 &&
          extremes(chosen) === extremes([...x.keys()]) &&
          new Set(x.map((_, i) => columnOf(i))).size === new Set(chosen.map(columnOf)).size
        );
      }),
    );
  });

  t.test("is bounded, rises, and leaves alone what is few", async () => {
    fc.assert(
      fc.property(points, columns, (given, columns) => {
        const chosen = [...decimate(given.x, given.y, all(given), columns)];
        const rises = chosen.every((index, i) => i === 0 || index > (chosen[i - 1] as number));
        const isWhole = given.x.length > 4 * columns || chosen.length === given.x.length;
        return chosen.length <= 4 * columns && rises && isWhole;
      }),
    );
  });

  t.test("chooses of the stretch only", async () => {
    fc.assert(
      fc.property(points, columns, fc.nat(400), fc.nat(400), ({ x, y }, columns, a, b) => {
        const start = Math.min(a, b, x.length);
        const end = Math.min(Math.max(a, b), x.length);
        return [...decimate(x, y, { start, end }, columns)].every((index) => index >= start && index < end);
      }),
    );
  });

  t.test("a spike of one among 100,000 points is drawn", async (t) => {
    const x = Float64Array.from({ length: 100_000 }, (_, i) => i);
    const y = new Float64Array(100_000);
    y[77_777] = 9;
    const chosen = decimate(x, y, { start: 0, end: x.length }, 600);
    t.ok(chosen.includes(77_777));
    t.ok(chosen.length <= 2400);
  });
});

t.test("stretchOf takes a neighbour on each side of the window", async (t) => {
  const x = [0, 1, 1, 2, 5, 5, 9];
  t.same(stretchOf(x, 1, 5), { start: 0, end: 7 });
  t.same(stretchOf(x, 3, 4), { start: 3, end: 5 });
  t.same(stretchOf(x, 20, 30), { start: 6, end: 7 });
  t.same(stretchOf([], 0, 1), { start: 0, end: 0 });
  fc.assert(
    fc.property(points, fc.nat(900), ({ x }, wanted) => {
      const at = lowerBound(x, wanted);
      return x.slice(0, at).every((each) => each < wanted) && x.slice(at).every((each) => each >= wanted);
    }),
  );
});

t.test("merge is the union in rising order", async () => {
  const rising = fc.uniqueArray(fc.nat(200)).map((all) => Uint32Array.from(all).sort());
  fc.assert(
    fc.property(rising, rising, (a, b) => {
      const union = [...new Set([...a, ...b])].sort((left, right) => left - right);
      return JSON.stringify([...merge(a, b)]) === JSON.stringify(union);
    }),
  );
});

t.test("smooth", async (t) => {
  t.test("with weight 0 changes nothing that can be drawn", async () => {
    fc.assert(
      fc.property(fc.array(value), (y) => {
        const smoothed = smooth(y, 0);
        return y.every((each, i) => (Number.isFinite(each) ? smoothed[i] === each : Number.isNaN(smoothed[i])));
      }),
    );
  });

  t.test("stays between the least and the greatest so far, and keeps a constant", async () => {
    fc.assert(
      fc.property(fc.array(value), fc.double({ min: 0, max: 0.99, noNaN: true }), (y, weight) => {
        let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
        return [...smooth(y, weight)].every((smoothed, i) => {
          const each = y[i] as number;
          if (!Number.isFinite(each)) return Number.isNaN(smoothed);
          [low, high] = [Math.min(low, each), Math.max(high, each)];
          const slack = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
          return smoothed >= low - slack && smoothed <= high + slack;
        });
      }),
    );
  });

  t.test("is causal: what comes later changes nothing before", async () => {
    fc.assert(
      fc.property(fc.array(value), fc.nat(50), (y, cut) => {
        const whole = smooth(y, 0.9).subarray(0, cut);
        return JSON.stringify([...whole]) === JSON.stringify([...smooth(y.slice(0, cut), 0.9)]);
      }),
    );
  });
});

t.test("align", async (t) => {
  t.test("gives columns of one length, with null for what cannot be drawn", async () => {
    fc.assert(
      fc.property(points, columns, fc.boolean(), ({ x, y }, columns, isLog) => {
        const drawing = align(x, [y, smooth(y, 0.5)], columns, undefined, isLog);
        return (
          drawing.y.every((column) => column.length === drawing.x.length) &&
          drawing.y.flat().every((each) => each == null || (Number.isFinite(each) && !(isLog && each <= 0)))
        );
      }),
    );
  });

  t.test("of nothing is nothing", async (t) => {
    t.same(align([], [[]], 100), { x: [], y: [[]], from: 0, to: 1 });
  });
});

t.test("steps that repeat are put in order, the earlier first", async (t) => {
  const x = [1, 2, 3, 2, 3, 4];
  const order = risingOrder(x);
  t.same([...order], [0, 1, 3, 2, 4, 5]);
  t.same([...inOrder(x, order)], [1, 2, 2, 3, 3, 4]);
  t.equal(isRising(x), false);
  t.equal(isRising([Number.NaN, 1]), false);
  t.equal(isRising([1, 1, 2]), true);
});
