import fc from "fast-check";
import { test } from "tap";
import { DURATIONS, Histogram, ROWS, type Scale } from "../../../src/meters/histogram.js";

/** Counts by bucket as Prometheus defines them: the first bound that is not below the value. */
function reference({ bounds }: Scale, observations: readonly (readonly [number, number])[]): number[] {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  for (const [value, times] of observations) {
    const found = bounds.findIndex((bound) => value <= bound);
    const bucket = found < 0 ? bounds.length : found;
    counts[bucket] = (counts[bucket] as number) + times;
  }
  return counts;
}

const times = fc.integer({ min: 1, max: 1000 });
/** Values over the whole range, the bounds themselves, and their neighbours among the doubles. */
const valueOn = ({ bounds }: Scale) =>
  fc.oneof(
    fc.double({ min: 0, max: 1e-3, noNaN: true }),
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.constantFrom(0, ...bounds, ...bounds.flatMap((bound) => [bound * (1 + 2 ** -52), bound * (1 - 2 ** -53)])),
  );

for (const [name, scale] of [
  ["durations", DURATIONS],
  ["rows", ROWS],
  ["uneven bounds", { bounds: [0.003, 0.0031, 0.0032, 7, 7.5, 4e9], steps: 1000 }],
] as const) {
  test(`${name}: buckets, count and sum are those of a reference`, async (t) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(valueOn(scale), times)), (observations) => {
        const histogram = new Histogram(scale);
        for (const [value, count] of observations) histogram.observe(value, count);
        const sum = observations.reduce((total, [value, count]) => total + value * count, 0);
        t.same([...histogram.counts], reference(scale, observations));
        t.equal(histogram.sum, sum);
        t.equal(
          histogram.count,
          observations.reduce((total, [, count]) => total + count, 0),
        );
      }),
      { numRuns: 500 },
    );
  });
}

test("rows have a bucket for every power of two up to the largest batch", async (t) => {
  t.same([ROWS.bounds[0], ROWS.bounds.at(-1)], [1, 65_536]);
});
