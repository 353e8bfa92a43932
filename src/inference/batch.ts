// One batch: rows of many requests in one tensor, and who asked for which of them.
import type { RowBatch, RowOutput } from "./executor.js";

const FIRST_ROWS = 64;

/** Whoever asked for rows: told exactly once what became of them. */
export interface RowRequest {
  /** Time after which the rows are no longer wanted, in ms of `performance.now()`; Infinity without. */
  readonly deadlineMs: number;
  /** What it costs of its connection's credit. */
  readonly credit: number;
  /**
   * The rows are predicted.
   *
   * @param predictions  float32 [n, signals], boost applied; borrowed until the call returns
   * @param firstRow     the request's first row in it
   * @param latencyMs    since the request was received
   */
  answered(predictions: Float32Array, firstRow: number, latencyMs: number): void;
}

/** A connection's configured ensemble, as a batch sees it. */
export interface BatchStream {
  /** Whether anybody still waits for answers. */
  readonly isOpen: boolean;
  /** Whether the boost's residual is wanted. */
  readonly wantsResidual: boolean;
  /** Takes the output of its requests `from` to `to` (exclusive), all of this stream. */
  deliver(batch: Batch, from: number, to: number, output: RowOutput, nowMs: number): void;
  /** Its request could not be predicted. */
  fail(batch: Batch, index: number, error: unknown): void;
  /** Its answers could not be given out; nothing of it can be trusted any more. */
  broke(error: unknown): void;
  /** Its request's deadline has passed. */
  expire(batch: Batch, index: number): void;
}

/** Rows and their requests, in order of arrival. Columns grow by doubling up to `maxRows`. */
export class Batch implements RowBatch {
  readonly width: number;
  readonly maxRows: number;
  /** float32 [capacity, width]. */
  values: Float32Array;
  /** Time of each row, ms since 1970. */
  takenAtMs: Float64Array;
  rows = 0;
  /** When a run took it, in ms of `performance.now()`; 0 before. */
  startedMs = 0;

  /** Count of requests. */
  requests = 0;
  /** By request: the stream, the frame's id, first row, time of arrival; who is told, undefined for a positional reading. */
  streams: BatchStream[] = [];
  ids: Int32Array;
  firstRows: Int32Array;
  receivedMs: Float64Array;
  askers: (RowRequest | undefined)[] = [];

  constructor(width: number, maxRows: number) {
    const rows = Math.min(FIRST_ROWS, maxRows);
    this.width = width;
    this.maxRows = maxRows;
    this.values = new Float32Array(rows * width);
    this.takenAtMs = new Float64Array(rows);
    this.ids = new Int32Array(rows);
    this.firstRows = new Int32Array(rows);
    this.receivedMs = new Float64Array(rows);
  }

  /** Whether as many more rows fit. */
  hasRoom(rows: number): boolean {
    return this.rows + rows <= this.maxRows;
  }

  /** Makes room for more rows and returns the index of the first value; nothing counts before {@link commit}. */
  reserve(rows: number): number {
    const needed = this.rows + rows;
    if (needed > this.takenAtMs.length) this.#grow(needed);
    return this.rows * this.width;
  }

  /** The reserved rows belong to one request. */
  commit(stream: BatchStream, id: number, rows: number, receivedMs: number, asker: RowRequest | undefined): void {
    const index = this.requests;
    this.streams[index] = stream;
    this.askers[index] = asker;
    this.ids[index] = id;
    this.firstRows[index] = this.rows;
    this.receivedMs[index] = receivedMs;
    this.rows += rows;
    this.requests += 1;
  }

  #grow(needed: number): void {
    const rows = Math.min(this.maxRows, Math.max(needed, this.takenAtMs.length * 2));
    this.values = grown(this.values, new Float32Array(rows * this.width));
    this.takenAtMs = grown(this.takenAtMs, new Float64Array(rows));
    this.ids = grown(this.ids, new Int32Array(rows));
    this.firstRows = grown(this.firstRows, new Int32Array(rows));
    this.receivedMs = grown(this.receivedMs, new Float64Array(rows));
  }

  /** First row after those of a request. */
  endRow(index: number): number {
    return index + 1 < this.requests ? (this.firstRows[index + 1] as number) : this.rows;
  }

  /** The rows, without the capacity behind them. */
  get input(): Float32Array {
    return this.values.subarray(0, this.rows * this.width);
  }

  get wantsResidual(): boolean {
    for (let i = 0; i < this.requests; i += 1) if (this.streams[i]?.wantsResidual) return true;
    return false;
  }

  /** The requests that pass, as a batch of their own; this one where all do. */
  filter(passes: (index: number) => boolean): Batch {
    let kept: Batch | undefined;
    for (let i = 0; i < this.requests; i += 1) {
      const isKept = passes(i);
      if (!isKept) kept ??= this.slice(0, i);
      else if (kept) kept.#take(this, i);
    }
    return kept ?? this;
  }

  /** The requests `from` to `to` (exclusive) as a batch of their own. */
  slice(from: number, to: number): Batch {
    const part = new Batch(this.width, this.maxRows);
    for (let i = from; i < to; i += 1) part.#take(this, i);
    return part;
  }

  #take(other: Batch, index: number): void {
    const [first, end] = [other.firstRows[index] as number, other.endRow(index)];
    const at = this.reserve(end - first);
    this.values.set(other.values.subarray(first * this.width, end * this.width), at);
    this.takenAtMs.set(other.takenAtMs.subarray(first, end), this.rows);
    const stream = other.streams[index] as BatchStream;
    this.commit(
      stream,
      other.ids[index] as number,
      end - first,
      other.receivedMs[index] as number,
      other.askers[index],
    );
  }

  /** Empties the batch for reuse; the columns keep their size. */
  clear(): void {
    this.rows = 0;
    this.requests = 0;
    this.startedMs = 0;
    this.streams.length = 0;
    this.askers.length = 0;
  }
}

function grown<T extends Float32Array | Float64Array | Int32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
