// What the demo counts: errors of each signal, latencies, rows and rates.

/** Upper bound of the first latency bucket, in ms; each further one is 2 % wider. */
const FIRST_MS = 0.001;
const GROWTH = 1.02;
/** The last bucket ends at some 60 s. */
const BUCKETS = Math.ceil(Math.log(60_000 / FIRST_MS) / Math.log(GROWTH));
/** Rates are those of the last second. */
const RATE_WINDOW_MS = 1000;

/** Quantiles of durations, within 2 %, in constant memory. */
export class Latencies {
  readonly #counts = new Uint32Array(BUCKETS + 1);
  #total = 0;

  add(ms: number): void {
    const bucket = Math.ceil(Math.log(Math.max(ms, FIRST_MS) / FIRST_MS) / Math.log(GROWTH));
    this.#counts[Math.min(bucket, BUCKETS)] = (this.#counts[Math.min(bucket, BUCKETS)] as number) + 1;
    this.#total += 1;
  }

  /** The duration in ms that the share `q` of all stays below; undefined before the first. */
  quantile(q: number): number | undefined {
    if (this.#total === 0) return undefined;
    let left = Math.ceil(q * this.#total);
    const bucket = this.#counts.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    return FIRST_MS * GROWTH ** bucket;
  }
}

/** Running root mean square and mean of the absolute errors of each signal. */
export class Errors {
  readonly #squares: Float64Array;
  readonly #sums: Float64Array;
  #rows = 0;

  constructor(signals: number) {
    this.#squares = new Float64Array(signals);
    this.#sums = new Float64Array(signals);
  }

  add(predicted: ArrayLike<number>, truth: ArrayLike<number>): void {
    this.#rows += 1;
    for (let i = 0; i < this.#sums.length; i += 1) {
      const error = (predicted[i] as number) - (truth[i] as number);
      this.#squares[i] = (this.#squares[i] as number) + error * error;
      this.#sums[i] = (this.#sums[i] as number) + Math.abs(error);
    }
  }

  /** Root mean square error of signal `i`; undefined before the first row. */
  rmse(i: number): number | undefined {
    return this.#rows === 0 ? undefined : Math.sqrt((this.#squares[i] as number) / this.#rows);
  }

  /** Mean absolute error of signal `i`; undefined before the first row. */
  mae(i: number): number | undefined {
    return this.#rows === 0 ? undefined : (this.#sums[i] as number) / this.#rows;
  }
}

/** Rows a second over the last second, from a count that is looked at now and then. */
export class Rate {
  readonly #marks: { readonly atMs: number; readonly rows: number }[] = [];

  /** Notes the count at an instant. @returns rows a second since the oldest look within the window */
  at(atMs: number, rows: number): number {
    const marks = this.#marks;
    marks.push({ atMs, rows });
    // The one before the window stays: the rate covers the whole window, not a part of it.
    while (marks.length > 2 && (marks[1]?.atMs as number) <= atMs - RATE_WINDOW_MS) marks.shift();
    const [oldest] = marks;
    return oldest && atMs > oldest.atMs ? ((rows - oldest.rows) * 1000) / (atMs - oldest.atMs) : 0;
  }
}
