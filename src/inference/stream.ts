// A connection's configured ensemble: takes readings in every form, gives predictions back.
import type { Predict, PredictBatch } from "../../generated/ts/tidewire/v1/inference.js";
import { TidewireError } from "../errors.js";
import type { Batch, BatchStream, RowRequest } from "./batch.js";
import type { Ensemble } from "./ensemble.js";
import type { RowOutput } from "./executor.js";
import type { History } from "./history.js";
import type { PredictionMeter } from "./meter.js";
import { countRows, fillBytes, fillMatrix, fillNamed, fillPositional, fillReadings } from "./readings.js";
import type { RequestMeter } from "./request-meter.js";
import { WorkerDiedError } from "./worker-executor.js";

/** What `config` may choose beside the ensemble. */
export interface StreamOptions {
  /** By signal, in the ensemble's order: whether the boost's residual is added. */
  readonly boosts: readonly boolean[];
  readonly includeMetadata: boolean;
  /** Most rows of one predict_batch. */
  readonly batchSize: number;
}

/** Where a stream counts what it has answered. */
export interface StreamMeters {
  /** Over all streams of the server. */
  readonly all: PredictionMeter;
  /** Over those of its model that come by the same way. */
  readonly own: RequestMeter;
}

/** Consecutive positional readings of one stream and their predictions. */
export interface PositionalRun {
  /** Ids of the frames `from` to `to` (exclusive) of these columns. */
  readonly ids: Int32Array;
  readonly from: number;
  readonly to: number;
  /** float32 [n, signals]; frame `from + i` has row `firstRow + i`. Not changed after the call. */
  readonly outputs: Float32Array;
  readonly firstRow: number;
  /** By frame, from 0, in ms. */
  readonly latenciesMs: Float32Array;
}

/** Who gets a stream's answers. Each request is answered by exactly one call. */
export interface StreamSink {
  /** Whether anybody still waits for answers; what is queued when nobody does is dropped. */
  readonly isOpen: boolean;
  /** Positional readings without anything else. */
  predicted(stream: Stream, run: PositionalRun): void;
  /** A request has failed; `credit` is what its origin was given. */
  failed(id: number, error: TidewireError, credit: number): void;
  /** The answers to several requests could not be made; the sink closes. */
  broke(error: unknown): void;
  /** The cause of a request's failure, for the log. */
  note(id: number, message: string, cause: unknown): void;
}

/** Counts of one stream. */
export interface StreamCounts {
  /** Readings predicted. */
  readings: number;
  /** Requests answered. */
  requests: number;
  /** Sum of their latencies, in ms. */
  latencyMs: number;
}

/** What a form of request does with its predicted rows. */
export type Answer = (predictions: Float32Array, firstRow: number, latencyMs: number) => void;

/** Where a request came from and how long it may wait. */
export interface RequestOrigin {
  readonly id: number;
  /** What the request costs of its connection's credit; told back when it fails. */
  readonly credit: number;
  /** ms of `performance.now()`. */
  readonly receivedMs: number;
  /** The same instant in ms since 1970. */
  readonly arrivedAtMs: number;
}

/** One connection's use of one ensemble. A change of configuration makes a new stream. */
export class Stream implements BatchStream {
  readonly ensemble: Ensemble;
  readonly options: StreamOptions;
  readonly wantsResidual: boolean;
  readonly counts: StreamCounts;
  readonly #sink: StreamSink;
  readonly #history: History | undefined;
  readonly #meters: StreamMeters;
  /** Indices of the boosted signals. */
  readonly #boosted: readonly number[];

  constructor(
    ensemble: Ensemble,
    options: StreamOptions,
    sink: StreamSink,
    history: History | undefined,
    counts: StreamCounts,
    meters: StreamMeters,
  ) {
    this.ensemble = ensemble;
    this.options = options;
    this.#sink = sink;
    this.#history = history;
    this.counts = counts;
    this.#meters = meters;
    this.#boosted = options.boosts.flatMap((on, index) => (on ? [index] : []));
    this.wantsResidual = this.#boosted.length > 0;
  }

  get isOpen(): boolean {
    return this.#sink.isOpen;
  }

  /** Names of the signals whose boost is on, in the ensemble's order. */
  get boostedSignals(): readonly string[] {
    return this.#boosted.map((index) => this.ensemble.signals[index] as string);
  }

  /**
   * Takes a positional reading straight from a message's bytes; answered by `sink.predicted`.
   *
   * @param at  where in the message the floats begin: float32, little-endian, as many as boundary signals
   * @throws TidewireError INVALID_SIGNALS, OVERLOADED
   */
  predictBytes(id: number, message: Uint8Array, at: number, receivedMs: number, arrivedAtMs: number): void {
    const batch = this.#batchFor(1);
    const start = batch.reserve(1);
    fillBytes(this.ensemble.boundarySignals, message, at, batch.values, start);
    batch.takenAtMs[batch.rows] = arrivedAtMs;
    batch.commit(this, id, 1, receivedMs, undefined);
    this.ensemble.scheduler.committed(1);
  }

  /** Takes one reading by name or by position. @throws TidewireError */
  predict(origin: RequestOrigin, predict: Predict, takenAtMs: number | undefined, answer: Answer): void {
    const names = this.#rowSignals;
    const isPositional = predict.values.length > 0;
    if (isPositional && Object.keys(predict.boundarySignals).length > 0) {
      throw new TidewireError("INVALID_MESSAGE", "data: give values or boundary_signals, not both");
    }
    const deadlineMs = deadlineOf(origin, predict.timeoutMs);
    this.#request(origin, 1, deadlineMs, answer, (batch, at) => {
      if (isPositional) fillPositional(names, predict.values, batch.values, at);
      else fillNamed(names, predict.boundarySignals, batch.values, at);
      batch.takenAtMs[batch.rows] = takenAtMs ?? origin.arrivedAtMs;
    });
  }

  /** Takes several readings, by name or as a matrix; at most `maxRows`. @throws TidewireError */
  predictBatch(
    origin: RequestOrigin,
    request: PredictBatch,
    takenAtMs: readonly number[],
    answer: Answer,
    maxRows = this.options.batchSize,
  ): void {
    const { batch: readings, matrix } = request;
    const names = this.#rowSignals;
    const rows = countRows(names, readings, matrix, maxRows);
    if (takenAtMs.length > 0 && takenAtMs.length !== rows) {
      const message = `data.timestamps: expected ${rows}, as many as readings, came ${takenAtMs.length}`;
      throw new TidewireError("INVALID_MESSAGE", message, {
        field: "data.timestamps",
        expected: rows,
        count: takenAtMs.length,
      });
    }
    const deadlineMs = deadlineOf(origin, request.timeoutMs);
    this.#request(origin, rows, deadlineMs, answer, (batch, at) => {
      if (readings.length > 0) fillReadings(names, readings, batch.values, at);
      else fillMatrix(names, matrix, batch.values, at);
      if (takenAtMs.length > 0) batch.takenAtMs.set(takenAtMs, batch.rows);
      else batch.takenAtMs.fill(origin.arrivedAtMs, batch.rows, batch.rows + rows);
    });
  }

  /** The boundary signals, of a model that takes rows. @throws TidewireError INVALID_MESSAGE for one that does not */
  get #rowSignals(): readonly string[] {
    this.ensemble.assertTakesRows();
    return this.ensemble.boundarySignals;
  }

  /** @throws TidewireError OVERLOADED */
  #batchFor(rows: number): Batch {
    try {
      return this.ensemble.scheduler.batchFor(rows);
    } catch (error) {
      this.#meters.own.failures.add("OVERLOADED");
      throw error;
    }
  }

  #request(
    origin: RequestOrigin,
    rows: number,
    deadlineMs: number,
    answered: Answer,
    fill: (batch: Batch, at: number) => void,
  ): void {
    const batch = this.#batchFor(rows);
    fill(batch, batch.reserve(rows));
    const asker: RowRequest = { deadlineMs, credit: origin.credit, answered };
    batch.commit(this, origin.id, rows, origin.receivedMs, asker);
    this.ensemble.scheduler.committed(rows);
  }

  deliver(batch: Batch, from: number, to: number, output: RowOutput, nowMs: number): void {
    if (!this.isOpen) return;
    const firstRow = batch.firstRows[from] as number;
    const rows = batch.endRow(to - 1) - firstRow;
    this.#addResiduals(output, firstRow, rows);
    this.#history?.append(
      batch.takenAtMs.subarray(firstRow, firstRow + rows),
      batch.values,
      firstRow,
      output.base,
      firstRow,
      rows,
    );
    this.counts.readings += rows;
    this.counts.requests += to - from;
    this.#meters.all.answered(to - from, rows, nowMs - (batch.receivedMs[from] as number));
    this.#meters.own.answered(batch, from, to, nowMs);
    for (let i = from; i < to; ) {
      const end = this.#endOfPositional(batch, i, to);
      if (end > i) this.#answerPositional(batch, i, end, output.base, nowMs);
      else this.#answerOne(batch, i, output.base, nowMs);
      i = Math.max(end, i + 1);
    }
  }

  #addResiduals({ base, residual }: RowOutput, firstRow: number, rows: number): void {
    if (!residual) return;
    const width = this.ensemble.signals.length;
    for (const signal of this.#boosted) {
      for (let i = firstRow * width + signal, end = i + rows * width; i < end; i += width) {
        base[i] = (base[i] as number) + (residual[i] as number);
      }
    }
  }

  #endOfPositional(batch: Batch, from: number, to: number): number {
    let end = from;
    while (end < to && batch.askers[end] === undefined) end += 1;
    return end;
  }

  #answerPositional(batch: Batch, from: number, to: number, outputs: Float32Array, nowMs: number): void {
    const latenciesMs = new Float32Array(to - from);
    for (let i = from; i < to; i += 1) {
      const latency = nowMs - (batch.receivedMs[i] as number);
      latenciesMs[i - from] = latency;
      this.counts.latencyMs += latency;
    }
    this.#sink.predicted(this, {
      ids: batch.ids,
      from,
      to,
      outputs,
      firstRow: batch.firstRows[from] as number,
      latenciesMs,
    });
  }

  #answerOne(batch: Batch, index: number, outputs: Float32Array, nowMs: number): void {
    const latencyMs = nowMs - (batch.receivedMs[index] as number);
    this.counts.latencyMs += latencyMs;
    batch.askers[index]?.answered(outputs, batch.firstRows[index] as number, latencyMs);
  }

  fail(batch: Batch, index: number, cause: unknown): void {
    this.#meters.own.failures.add("PREDICTION_ERROR");
    if (!this.isOpen) return;
    const id = batch.ids[index] as number;
    this.#sink.note(id, "a prediction failed", cause);
    this.#sink.failed(id, predictionError(this.ensemble.name, cause), creditOf(batch, index));
  }

  broke(error: unknown): void {
    this.#sink.broke(error);
  }

  expire(batch: Batch, index: number): void {
    this.#meters.own.failures.add("DEADLINE_EXCEEDED");
    const waitedMs = Math.round(performance.now() - (batch.receivedMs[index] as number));
    const message = `the deadline passed after ${waitedMs} ms in the queue`;
    const error = new TidewireError("DEADLINE_EXCEEDED", message, { waited_ms: waitedMs });
    this.#sink.failed(batch.ids[index] as number, error, creditOf(batch, index));
  }
}

/** A positional reading costs one. */
const creditOf = (batch: Batch, index: number): number => batch.askers[index]?.credit ?? 1;

function deadlineOf(origin: RequestOrigin, timeoutMs: number | undefined): number {
  return timeoutMs === undefined ? Number.POSITIVE_INFINITY : origin.receivedMs + timeoutMs;
}

/** A failed run as the client sees it: the runtime's own reason, and whether to try again. */
export function predictionError(model: string, cause: unknown): TidewireError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const retryable = cause instanceof WorkerDiedError;
  return new TidewireError("PREDICTION_ERROR", `${model} failed: ${reason}`, { model }, { cause, retryable });
}
