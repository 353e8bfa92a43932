// Smoothing as TensorBoard does it: an exponential moving average without the pull of its beginning.
import type { Numbers } from "./decimate.js";

/**
 * The exponential moving average, each value divided by the weight that has come together until then, so that the first
 * values are not drawn towards zero. What is not finite is skipped, and is not finite in the result either.
 */
export class Smoother {
  readonly #weight: number;
  #average = 0;
  #missing = 1;

  /** @param weight of what was before: 0 changes nothing, 0.99 is slow */
  constructor(weight: number) {
    this.#weight = weight;
  }

  /** The next value, smoothed. */
  next(value: number): number {
    if (!Number.isFinite(value)) return Number.NaN;
    this.#average = this.#weight * this.#average + (1 - this.#weight) * value;
    this.#missing *= this.#weight;
    return this.#average / (1 - this.#missing);
  }
}

/** All values, smoothed. */
export function smooth(y: Numbers, weight: number): Float64Array {
  const smoother = new Smoother(weight);
  const smoothed = new Float64Array(y.length);
  for (let i = 0; i < y.length; i++) smoothed[i] = smoother.next(y[i] as number);
  return smoothed;
}
