// Histograms that cost an index and two additions an observation, and nothing while nobody reads them.

/** Where buckets end. Values are in a base unit: seconds, rows. */
export interface Scale {
  /** Upper bounds of the buckets, inclusive and ascending; above the last one there is one bucket more. */
  readonly bounds: readonly number[];
  /** How fine values are told apart to find their bucket: steps of the base unit, such as 1e6 for µs of seconds. */
  readonly steps: number;
}

/** 10 µs to 10 s: from a prediction on the loop to what nobody waits for. */
export const DURATIONS: Scale = {
  bounds: [
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1, 2.5, 5, 10,
  ],
  steps: 1e6,
};

/** Rows of one run: the powers of two up to the largest batch that may be configured. */
export const ROWS: Scale = { bounds: Array.from({ length: 17 }, (_, i) => 2 ** i), steps: 1 };

const MOST_STEPS = 2 ** 31 - 1;

/** Counts by bucket since the start of the server; they only rise. */
export class Histogram {
  readonly scale: Scale;
  /** Observations by bucket, not cumulative; the last one is of what exceeds every bound. */
  readonly counts: Float64Array;
  sum = 0;
  /** The bounds, and Infinity behind them. */
  readonly #bounds: Float64Array;
  /** By bits of a value in steps: the first bucket that may hold it. */
  readonly #first = new Uint8Array(32);

  constructor(scale: Scale = DURATIONS) {
    this.scale = scale;
    this.counts = new Float64Array(scale.bounds.length + 1);
    this.#bounds = Float64Array.of(...scale.bounds, Number.POSITIVE_INFINITY);
    for (let bits = 1; bits < this.#first.length; bits += 1)
      this.#first[bits] = this.#bounds.findIndex((bound) => bound * scale.steps >= 2 ** (bits - 1));
  }

  /** Counts a value, at least 0, as often as it was observed. */
  observe(value: number, times = 1): void {
    const bucket = this.#bucketOf(value);
    this.counts[bucket] = (this.counts[bucket] as number) + times;
    this.sum += value * times;
  }

  /** Count of all observations. */
  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** At most two comparisons: the bounds lie no closer than that within a power of two. */
  #bucketOf(value: number): number {
    const bits = 32 - Math.clz32(Math.min(value * this.scale.steps, MOST_STEPS));
    let bucket = this.#first[bits] as number;
    while (value > (this.#bounds[bucket] as number)) bucket += 1;
    return bucket;
  }
}
