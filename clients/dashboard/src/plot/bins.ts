// Values counted by range.
import type { Bins } from "./bars.js";
import { extent, stepFor } from "./scale.js";

/** Share of the values at each end that the outer bins take together, so that outliers leave the others their room. */
const TAIL = 0.002;

/** Below it numbers are too coarse to be divided into steps: a span that small is none. */
const LEAST_WIDTH = 1e-300;

/** About so many bins of a round width; values in the tails count in the outer ones. NaN counts nowhere. */
export function binsOf(values: Float64Array, count: number): Bins {
  const finite = values.filter(Number.isFinite).sort();
  const cut = Math.floor(finite.length * TAIL);
  const [min, max] = extent(finite.subarray(cut, Math.max(cut + 1, finite.length - cut))) ?? [0, 1];
  const share = (max - min) / count;
  const width = stepFor(share > LEAST_WIDTH ? share : 1 / count);
  const first = Math.floor(min / width);
  const length = Math.floor(max / width) - first + 1;
  const counts = new Array<number>(length).fill(0);
  for (const value of finite) {
    const index = Math.min(length - 1, Math.max(0, Math.floor(value / width) - first));
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return { bounds: Array.from({ length: length + 1 }, (_, i) => (first + i) * width), counts };
}
