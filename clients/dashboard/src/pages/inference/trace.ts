// What was predicted, beside what was true: for the charts the newest rows, for the errors all of them.
import { LatencyHistogram } from "./latency.js";

/** Rows kept for the charts; some minutes of a fast stream. */
export const MAX_ROWS = 20_000;

/** One prediction of a row. */
export interface TracedRow {
  readonly predictions: Readonly<Record<string, number>>;
  /** True values by signal, of those that the row has. */
  readonly truth: Readonly<Record<string, number>>;
  /** The server's time, and the page's from asking to having, in milliseconds. */
  readonly latencyMs: number | undefined;
  readonly roundTripMs: number;
}

/** The errors of one signal. */
export interface SignalErrors {
  readonly count: number;
  readonly rmse: number;
  readonly mae: number;
}

/** Columns of the charts, all as long as `row`. Right until the next row is added. */
export interface Columns {
  readonly row: Float64Array;
  readonly predicted: Float64Array;
  readonly truth: Float64Array;
}

/** Grows with each prediction, and tells so once a frame. */
export class Trace {
  readonly signals: readonly string[];
  readonly server = new LatencyHistogram();
  readonly roundTrip = new LatencyHistogram();
  #latest: TracedRow | undefined;
  #count = 0;
  #start = 0;
  #rows = new Float64Array(MAX_ROWS * 2);
  readonly #bySignal: ReadonlyMap<string, SignalTrace>;
  readonly #listeners = new Set<() => void>();
  #frame: number | undefined;
  #version = 0;

  constructor(signals: readonly string[]) {
    this.signals = signals;
    this.#bySignal = new Map(signals.map((signal) => [signal, new SignalTrace()]));
  }

  get latest(): TracedRow | undefined {
    return this.#latest;
  }

  /** Rows so far. */
  get count(): number {
    return this.#count;
  }

  add(row: TracedRow): void {
    const at = this.#place();
    this.#rows[at] = this.#count;
    for (const [signal, trace] of this.#bySignal) trace.add(at, row.predictions[signal], row.truth[signal]);
    this.#latest = row;
    if (row.latencyMs !== undefined) this.server.add(row.latencyMs);
    this.roundTrip.add(row.roundTripMs);
    this.#frame ??= requestAnimationFrame(() => this.#tell());
  }

  columns(signal: string): Columns {
    const trace = this.#bySignal.get(signal);
    const [from, to] = [this.#start, this.#start + Math.min(this.#count, MAX_ROWS)];
    const part = (numbers: Float64Array | undefined) => numbers?.subarray(from, to) ?? new Float64Array();
    return { row: part(this.#rows), predicted: part(trace?.predicted), truth: part(trace?.truth) };
  }

  /** Undefined where no row had a true value. */
  errors(signal: string): SignalErrors | undefined {
    return this.#bySignal.get(signal)?.errors();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getVersion = (): number => this.#version;

  /** Where the next row goes. Twice the room is there: rows are moved once in so many, not each time. */
  #place(): number {
    this.#count += 1;
    if (this.#count <= MAX_ROWS) return this.#count - 1;
    this.#start += 1;
    if (this.#start + MAX_ROWS > this.#rows.length) {
      this.#rows.copyWithin(0, this.#start);
      for (const trace of this.#bySignal.values()) trace.move(this.#start);
      this.#start = 0;
    }
    return this.#start + MAX_ROWS - 1;
  }

  #tell(): void {
    this.#frame = undefined;
    this.#version += 1;
    for (const listener of [...this.#listeners]) listener();
  }
}

class SignalTrace {
  readonly predicted = new Float64Array(MAX_ROWS * 2);
  readonly truth = new Float64Array(MAX_ROWS * 2);
  #count = 0;
  #squares = 0;
  #sizes = 0;

  add(at: number, predicted = Number.NaN, truth = Number.NaN): void {
    this.predicted[at] = predicted;
    this.truth[at] = truth;
    const error = predicted - truth;
    if (!Number.isFinite(error)) return;
    this.#count += 1;
    this.#squares += error * error;
    this.#sizes += Math.abs(error);
  }

  move(start: number): void {
    this.predicted.copyWithin(0, start);
    this.truth.copyWithin(0, start);
  }

  errors(): SignalErrors | undefined {
    const count = this.#count;
    if (count === 0) return undefined;
    return { count, rmse: Math.sqrt(this.#squares / count), mae: this.#sizes / count };
  }
}
