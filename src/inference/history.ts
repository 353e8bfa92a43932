// One session's newest readings and predictions: a ring of rows in typed arrays, in chunks.

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

/** Part of a history: columns of as many rows as it has room for. */
class Chunk {
  /** Rows that have been written; never fewer than before. */
  count = 0;
  readonly rows: number;
  readonly times: Float64Array;
  readonly inputs: Float32Array;
  readonly outputs: Float32Array;

  constructor(rows: number, inputWidth: number, outputWidth: number) {
    this.rows = rows;
    this.times = new Float64Array(rows);
    this.inputs = new Float32Array(rows * inputWidth);
    this.outputs = new Float32Array(rows * outputWidth);
  }
}

/**
 * The newest rows of one session, at most `maxRows`: a ring of chunks. It starts small and doubles while the budget
 * allows, by further chunks: no row is ever copied to make room, since that would hold the event loop for as long as
 * the history is large. At the end of its room a new row overwrites the oldest.
 */
export class History {
  readonly #inputWidth: number;
  readonly #outputWidth: number;
  #limit: number;
  #capacity = 0;
  #count = 0;
  /** In the order they are written; behind the present one comes the oldest. */
  readonly #chunks: Chunk[] = [];
  #present = 0;
  /** Where in the present chunk the next row goes. */
  #row = 0;

  constructor(
    readonly boundarySignals: readonly string[],
    readonly signals: readonly string[],
    maxRows: number,
    private readonly budget: HistoryBudget,
    /** Name of the ensemble that predicted. */
    readonly ensemble = "",
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
    for (let done = 0; done < rows; ) {
      const chunk = this.#chunkWithRoom();
      if (!chunk) return;
      const run = Math.min(rows - done, chunk.rows - this.#row);
      copyTimes(timestampMs, done, chunk.times, this.#row, run);
      const [inputWidth, outputWidth] = [this.#inputWidth, this.#outputWidth];
      const [from, fromOutput] = [(firstRow + done) * inputWidth, (firstOutputRow + done) * outputWidth];
      copyRows(inputs, from, chunk.inputs, this.#row * inputWidth, run * inputWidth);
      copyRows(outputs, fromOutput, chunk.outputs, this.#row * outputWidth, run * outputWidth);
      this.#row += run;
      this.#count += Math.max(0, this.#row - chunk.count);
      chunk.count = Math.max(chunk.count, this.#row);
      done += run;
    }
  }

  /** The chunk that the next row goes to: the present one, a further one, or the oldest; undefined without any room. */
  #chunkWithRoom(): Chunk | undefined {
    const present = this.#chunks[this.#present];
    if (present && this.#row < present.rows) return present;
    const next = present ? this.#present + 1 : 0;
    const added = this.#capacity < this.#limit ? this.#newChunk() : undefined;
    if (added) this.#chunks.splice(next, 0, added); // between the newest and the oldest
    this.#present = next < this.#chunks.length ? next : 0;
    this.#row = 0;
    return this.#chunks[this.#present];
  }

  /** A chunk as large as all others together, within the limit and the budget. */
  #newChunk(): Chunk | undefined {
    let rows = Math.min(this.#limit - this.#capacity, Math.max(FIRST_CAPACITY, this.#capacity));
    while (rows > 0 && !this.budget.reserve(this.#bytes(rows))) rows = Math.floor(rows / 2);
    if (rows === 0) return undefined;
    this.#capacity += rows;
    return new Chunk(rows, this.#inputWidth, this.#outputWidth);
  }

  /** A copy of all rows, oldest first. */
  rows(): HistoryRows {
    const copy = {
      timestampsMs: new Float64Array(this.#count),
      readings: new Float32Array(this.#count * this.#inputWidth),
      predictions: new Float32Array(this.#count * this.#outputWidth),
    };
    let at = 0;
    for (const { chunk, from, to } of this.#parts()) {
      copy.timestampsMs.set(chunk.times.subarray(from, to), at);
      copy.readings.set(chunk.inputs.subarray(from * this.#inputWidth, to * this.#inputWidth), at * this.#inputWidth);
      const predictions = chunk.outputs.subarray(from * this.#outputWidth, to * this.#outputWidth);
      copy.predictions.set(predictions, at * this.#outputWidth);
      at += to - from;
    }
    return { boundarySignals: this.boundarySignals, signals: this.signals, count: this.#count, ...copy };
  }

  /** All rows, oldest first: what the present chunk still has of its last round, the others, what it has of this one. */
  *#parts(): Generator<{ chunk: Chunk; from: number; to: number }> {
    const present = this.#chunks[this.#present];
    if (!present) return;
    yield { chunk: present, from: this.#row, to: Math.max(this.#row, present.count) };
    const others = [...this.#chunks.slice(this.#present + 1), ...this.#chunks.slice(0, this.#present)];
    for (const chunk of others) yield { chunk, from: 0, to: chunk.count };
    yield { chunk: present, from: 0, to: this.#row };
  }

  /** Lets go of all rows and their memory, for good. Idempotent. */
  discard(): void {
    this.budget.release(this.#bytes(this.#capacity));
    this.#limit = this.#capacity = this.#count = this.#present = this.#row = 0;
    this.#chunks.length = 0;
  }

  #bytes(rows: number): number {
    return rows * (8 + 4 * (this.#inputWidth + this.#outputWidth));
  }
}

function copyTimes(from: Float64Array | number, start: number, to: Float64Array, at: number, rows: number): void {
  if (typeof from === "number") to.fill(from, at, at + rows);
  else if (rows > LOOP_VALUES) to.set(from.subarray(start, start + rows), at);
  else for (let index = 0; index < rows; index++) to[at + index] = from[start + index] as number;
}

function copyRows(from: Float32Array, start: number, to: Float32Array, at: number, length: number): void {
  if (length > LOOP_VALUES) {
    to.set(from.subarray(start, start + length), at);
    return;
  }
  for (let index = 0; index < length; index++) to[at + index] = from[start + index] as number;
}
