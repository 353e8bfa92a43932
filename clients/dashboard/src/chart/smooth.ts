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

/** A series that grows at its end and is dropped at its beginning, smoothed: each value is looked at once. */
export class Smoothed {
  readonly weight: number;
  readonly #smoother: Smoother;
  #values = new Float64Array(0);
  #start = 0;
  #end = 0;

  constructor(weight: number) {
    this.weight = weight;
    this.#smoother = new Smoother(weight);
  }

  /** The oldest values are no longer there. What they have done to the others stays. */
  drop(count: number): void {
    this.#start = Math.min(this.#end, this.#start + count);
  }

  /** @param y what is there, with new values at its end @returns as long; right until the next call */
  follow(y: Numbers): Float64Array {
    if (this.#start + y.length > this.#values.length) this.#move(y.length);
    for (let i = this.#end - this.#start; i < y.length; i++) {
      this.#values[this.#end++] = this.#smoother.next(y[i] as number);
    }
    return this.#values.subarray(this.#start, this.#end);
  }

  /** Into an array of twice the length: each value is moved once in a while, and not with each new one. */
  #move(length: number): void {
    const values = new Float64Array(Math.max(FIRST, 2 * length));
    values.set(this.#values.subarray(this.#start, this.#end));
    this.#values = values;
    this.#end -= this.#start;
    this.#start = 0;
  }
}

/** Values that the first allocation has room for. */
const FIRST = 1024;
