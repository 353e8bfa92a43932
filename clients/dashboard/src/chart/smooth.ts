// Smoothing as TensorBoard does it: an exponential moving average without the pull of its beginning.
import type { Numbers } from "./decimate.js";

/**
 * The exponential moving average, each value divided by the weight that has come together until then, so that the first
 * values are not drawn towards zero. What is not finite is skipped, and is not finite in the result either.
 *
 * @param weight  of what was before: 0 changes nothing, 0.99 is slow
 */
export function smooth(y: Numbers, weight: number): Float64Array {
  const smoothed = new Float64Array(y.length);
  let average = 0;
  let missing = 1;
  for (let i = 0; i < y.length; i++) {
    const value = y[i] as number;
    if (!Number.isFinite(value)) {
      smoothed[i] = Number.NaN;
      continue;
    }
    average = weight * average + (1 - weight) * value;
    missing *= weight;
    smoothed[i] = average / (1 - missing);
  }
  return smoothed;
}
