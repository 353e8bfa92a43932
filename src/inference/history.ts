// One session's newest readings and predictions: a ring of rows in three typed arrays.

const FIRST_CAPACITY = 64;
/** Up to this many values a loop is faster than a view and `set`, which cost some 30 ns together. */
const LOOP_VALUES = 48;

/** Memory that all histories share. */
export interface HistoryBudget {
  /** Takes `bytes`; false, and nothing taken, where they are not to be had. */
  reserve(bytes: number): boolean;
  /** Gives back what `reserve` took. */
  release(bytes: number): void;
}

/** A copy of a history's rows, oldest first; row-major. */
export interface HistoryRows {
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
  readonly count: number;
  /** Instants in Unix milliseconds [count]. */
  readonly timestampsMs: Float64Array;
  /** float32 [count, boundarySignals]. */
  readonly readings: Float32Array;
  /** float32 [count, signals]. */
  readonly predictions: Float32Array;
}

/**
 * The newest rows of one session, at most `maxRows`. Starts small and doubles while the budget allows; at the end of
 * its room a new row overwrites the oldest.
 */
export class History {
  readonly #inputWidth: number;
  readonly #outputWidth: number;
  #limit: number;
  #capacity = 0;
  /** Where the next row goes. */
  #next = 0;
  #count = 0;
  #times = new Float64Array(0);
  #inputs = new Float32Array(0);
  #outputs = new Float32Array(0);

  constructor(
    readonly boundarySignals: readonly string[],
    readonly signals: readonly string[],
    maxRows: number,
    private readonly budget: HistoryBudget,
  ) {
    this.#limit = maxRows;
    this.#inputWidth = boundarySignals.length;
    this.#outputWidth = signals.length;
  }

  /** Rows kept now. */
  get count(): number {
    return this.#count;
  }

  /**
   * Keeps `rows` rows; copies them, so the arrays stay the caller's. A history that was discarded keeps nothing.
   *
   * @param timestampMs Unix milliseconds, years 1 to 9999: one for all rows, or one a row from index 0
   * @param inputs float32 [n, boundarySignals]; rows from `firstRow`
   * @param outputs float32 [n, signals]; rows from `firstOutputRow`
   */
  append(
    timestampMs: Float64Array | number,
    inputs: Float32Array,
    firstRow: number,
    outputs: Float32Array,
    firstOutputRow: number,
    rows: number,
  ): void {
    if (this.#count + rows > this.#capacity && this.#capacity < this.#limit) this.#grow(this.#count + rows);
    let skipped = Math.max(0, rows - this.#capacity);
    while (skipped < rows) {
      const run = Math.min(rows - skipped, this.#capacity - this.#next);
      this.#copyTimes(timestampMs, skipped, run);
      copyRows(
        inputs,
        (firstRow + skipped) * this.#inputWidth,
        this.#inputs,
        this.#next * this.#inputWidth,
        run * this.#inputWidth,
      );
      copyRows(
        outputs,
        (firstOutputRow + skipped) * this.#outputWidth,
        this.#outputs,
        this.#next * this.#outputWidth,
        run * this.#outputWidth,
      );
      this.#next = this.#next + run === this.#capacity ? 0 : this.#next + run;
      if (this.#count < this.#capacity) this.#count = Math.min(this.#capacity, this.#count + run);
      skipped += run;
    }
  }

  /** A copy of all rows, oldest first. */
  rows(): HistoryRows {
    return {
      boundarySignals: this.boundarySignals,
      signals: this.signals,
      count: this.#count,
      timestampsMs: this.#unwrapped(this.#times, 1, new Float64Array(this.#count)),
      readings: this.#unwrapped(this.#inputs, this.#inputWidth, new Float32Array(this.#count * this.#inputWidth)),
      predictions: this.#unwrapped(this.#outputs, this.#outputWidth, new Float32Array(this.#count * this.#outputWidth)),
    };
  }

  /** Lets go of all rows and their memory, for good. Idempotent. */
  discard(): void {
    this.budget.release(this.#bytes(this.#capacity));
    this.#limit = this.#capacity = this.#next = this.#count = 0;
    this.#times = new Float64Array(0);
    this.#inputs = this.#outputs = new Float32Array(0);
  }

  #copyTimes(timestampMs: Float64Array | number, from: number, run: number): void {
    const at = this.#next;
    if (run === 1) this.#times[at] = typeof timestampMs === "number" ? timestampMs : (timestampMs[from] as number);
    else if (typeof timestampMs === "number") this.#times.fill(timestampMs, at, at + run);
    else if (run > LOOP_VALUES) this.#times.set(timestampMs.subarray(from, from + run), at);
    else for (let index = 0; index < run; index++) this.#times[at + index] = timestampMs[from + index] as number;
  }

  /** Makes room for `wanted` rows, or for as many as limit and budget allow. */
  #grow(wanted: number): void {
    let capacity = Math.min(this.#limit, Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(wanted))));
    while (capacity > this.#capacity && !this.budget.reserve(this.#bytes(capacity - this.#capacity))) {
      capacity = Math.floor(capacity / 2);
    }
    if (capacity <= this.#capacity) return;
    this.#times = this.#unwrapped(this.#times, 1, new Float64Array(capacity));
    this.#inputs = this.#unwrapped(this.#inputs, this.#inputWidth, new Float32Array(capacity * this.#inputWidth));
    this.#outputs = this.#unwrapped(this.#outputs, this.#outputWidth, new Float32Array(capacity * this.#outputWidth));
    this.#capacity = capacity;
    this.#next = this.#count;
  }

  /** Copies a column's rows into `target`, oldest first. */
  #unwrapped<T extends Float32Array | Float64Array>(column: T, width: number, target: T): T {
    const oldest = this.#count < this.#capacity ? 0 : this.#next;
    const head = column.subarray(oldest * width, this.#count * width);
    target.set(head);
    target.set(column.subarray(0, oldest * width), head.length);
    return target;
  }

  #bytes(rows: number): number {
    return rows * (8 + 4 * (this.#inputWidth + this.#outputWidth));
  }
}

function copyRows(from: Float32Array, start: number, to: Float32Array, at: number, length: number): void {
  if (length > LOOP_VALUES) {
    to.set(from.subarray(start, start + length), at);
    return;
  }
  for (let index = 0; index < length; index++) to[at + index] = from[start + index] as number;
}
