// Rows of a file through an ensemble's own queue, so politely that connections beside it keep their latency.
import { setTimeout as delay } from "node:timers/promises";
import { TidewireError } from "../errors.js";
import type { Batch, BatchStream } from "../inference/batch.js";
import type { Ensemble } from "../inference/ensemble.js";
import type { RowOutput } from "../inference/executor.js";
import { predictionError } from "../inference/stream.js";
import { rowsPerBlock } from "./row-block.js";

/**
 * Longest wait for a request, as a multiple of the model's cost of one row, and at least that long. A reading that comes
 * from outside meanwhile waits no longer than it would behind a few other connections.
 */
const MAX_COST_MULTIPLE = 3;
const LEAST_TARGET_MS = 1;
/** Pauses before a request that failed for a passing reason is made again: doubled each time, up to a bound. */
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;
/** Failures for passing reasons in a row, some 20 seconds, before the evaluation fails. */
const MAX_TRIES = 15;

/** Predictions of rows, in their order; borrowed until the next call. */
export interface Predictions {
  /** float32 [rows, signals]. */
  readonly base: Float32Array;
  /** float32 [rows, signals]: the base's predictions and the residuals; undefined where no residuals were wanted. */
  readonly boost: Float32Array | undefined;
}

/** What becomes of the request under way. */
interface Waiter {
  readonly row: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Predicts one file's rows. One request is under way at a time. */
export class Predictor implements BatchStream {
  readonly wantsResidual: boolean;
  readonly #ensemble: Ensemble;
  readonly #signal: AbortSignal;
  readonly #base: Float32Array;
  readonly #boost: Float32Array | undefined;
  readonly #targetMs: number;
  readonly #mostRows: number;
  /** So few never are the reason of a long wait: a busy server must not starve the evaluation. */
  readonly #fewestRows: number;
  #rowsAtOnce: number;
  /** Failures in a row. */
  #tries = 0;
  #waiter: Waiter | undefined;

  constructor(ensemble: Ensemble, wantsResidual: boolean, signal: AbortSignal) {
    const rows = rowsPerBlock(ensemble.boundarySignals.length, ensemble.signals.length);
    const size = rows * ensemble.signals.length;
    this.#ensemble = ensemble;
    this.#signal = signal;
    this.wantsResidual = wantsResidual;
    this.#base = new Float32Array(size);
    this.#boost = wantsResidual ? new Float32Array(size) : undefined;
    const costMs = (ensemble.describe().costUs ?? 0) / 1000;
    this.#targetMs = Math.max(LEAST_TARGET_MS, costMs * MAX_COST_MULTIPLE);
    this.#mostRows = Math.min(rows, ensemble.maxBatchRows);
    const cheapRows = costMs > 0 ? Math.floor(this.#targetMs / costMs) : 1;
    this.#fewestRows = Math.max(1, Math.min(cheapRows, this.#mostRows));
    this.#rowsAtOnce = this.#fewestRows;
  }

  /** What is queued is dropped once the evaluation is aborted. */
  get isOpen(): boolean {
    return !this.#signal.aborted;
  }

  /**
   * Predicts rows, as many as a block holds.
   *
   * @param values float32 [rows, boundary signals]
   * @throws TidewireError PREDICTION_ERROR, OVERLOADED; the signal's reason at once when it is aborted
   */
  async predict(values: Float32Array, rows: number): Promise<Predictions> {
    for (let row = 0; row < rows; ) {
      const count = Math.min(this.#rowsAtOnce, rows - row);
      if (await this.#request(values, row, count)) row += count;
    }
    return { base: this.#base, boost: this.#boost };
  }

  /** Whether it was answered; otherwise it may be made again. */
  async #request(values: Float32Array, row: number, count: number): Promise<boolean> {
    const startMs = performance.now();
    try {
      await this.#ask(values, row, count);
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#tries += 1;
      if (!(error instanceof TidewireError && error.retryable) || this.#tries >= MAX_TRIES) throw error;
      this.#rowsAtOnce = Math.max(1, this.#rowsAtOnce >> 1);
      await this.#pause();
      return false;
    }
    this.#tries = 0;
    this.#adapt(performance.now() - startMs, count);
    return true;
  }

  #ask(values: Float32Array, row: number, count: number): Promise<void> {
    this.#signal.throwIfAborted();
    const { scheduler, boundarySignals } = this.#ensemble;
    const width = boundarySignals.length;
    const batch = scheduler.batchFor(count);
    const at = batch.reserve(count);
    batch.values.set(values.subarray(row * width, (row + count) * width), at);
    const nowMs = performance.now();
    batch.takenAtMs.fill(nowMs, batch.rows, batch.rows + count);
    batch.commit(this, 0, count, nowMs, undefined);
    const answered = this.#answer(row);
    scheduler.committed(count);
    return answered;
  }

  /** Settles with the request, or with the abort, which waits for no run. */
  #answer(row: number): Promise<void> {
    const signal = this.#signal;
    return new Promise<void>((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        signal.removeEventListener("abort", aborted);
        this.#waiter = undefined;
        outcome();
      };
      const aborted = (): void => settle(() => reject(signal.reason as Error));
      signal.addEventListener("abort", aborted);
      this.#waiter = { row, resolve: () => settle(resolve), reject: (error) => settle(() => reject(error)) };
    });
  }

  /** Fewer rows where the last request took too long, more where they cost nobody anything. */
  #adapt(tookMs: number, count: number): void {
    if (tookMs > this.#targetMs) this.#rowsAtOnce = Math.max(this.#fewestRows, count >> 1);
    else if (tookMs < this.#targetMs / 2) {
      this.#rowsAtOnce = Math.min(this.#mostRows, Math.max(this.#rowsAtOnce, count * 2));
    }
  }

  async #pause(): Promise<void> {
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#tries - 1));
    try {
      await delay(pauseMs, undefined, { signal: this.#signal });
    } catch (error) {
      throw this.#signal.aborted ? this.#signal.reason : error;
    }
  }

  deliver(batch: Batch, from: number, to: number, { base, residual }: RowOutput, nowMs: number): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    this.#ensemble.meterOf("evaluation").answered(batch, from, to, nowMs);
    const width = this.#ensemble.signals.length;
    const [first, end] = [(batch.firstRows[from] as number) * width, batch.endRow(to - 1) * width];
    const at = waiter.row * width;
    this.#base.set(base.subarray(first, end), at);
    for (let i = first; this.#boost && i < end; i += 1) {
      this.#boost[at + i - first] = (base[i] as number) + (residual?.[i] ?? 0);
    }
    waiter.resolve();
  }

  fail(_batch: Batch, _index: number, error: unknown): void {
    this.#ensemble.meterOf("evaluation").failures.add("PREDICTION_ERROR");
    this.#waiter?.reject(predictionError(this.#ensemble.name, error));
  }

  broke(error: unknown): void {
    this.#waiter?.reject(error);
  }

  expire(): void {
    this.#waiter?.reject(new TidewireError("DEADLINE_EXCEEDED", "rows of a file have no deadline"));
  }
}
