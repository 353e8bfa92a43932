// The inference requests of one session: config, predict, predict_batch, infer, and their replies.
import {
  type Config,
  type ConfigAck,
  DataType,
  type Infer,
  type Predict,
  type PredictBatch,
  StreamMode,
  type Tensor,
} from "../../generated/ts/tidewire/v1/inference.js";
import { TidewireError } from "../errors.js";
import type { Ensemble } from "../inference/ensemble.js";
import type { History } from "../inference/history.js";
import type { Transport } from "../inference/request-meter.js";
import {
  type Answer,
  type PositionalRun,
  Stream,
  type StreamCounts,
  type StreamMeters,
  type StreamSink,
} from "../inference/stream.js";
import { toWireTensor } from "../inference/tensors.js";
import type { SessionServices } from "./services.js";
import type { Request, Session } from "./session.js";
import { toMs } from "./timestamps.js";

const NO_BYTES = new Uint8Array(0);
const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Credit of an infer beyond that of its bytes: its outputs may be much larger than its inputs. */
const INFER_CREDIT = 64;
/** Rows of a batch that cost as much credit as one request, so that no connection can fill a model's queue. */
const ROWS_PER_CREDIT = 16;
/** A session's failed predictions get one log line in that time; a client can make thousands a second. */
const NOTE_INTERVAL_MS = 1_000;

/** Handles one session's inference. */
export class InferenceRequests implements StreamSink {
  /** Over all streams of the session. */
  readonly counts: StreamCounts = { readings: 0, requests: 0, latencyMs: 0 };
  readonly #session: Session;
  readonly #services: SessionServices;
  #stream: Stream | undefined;
  #history: History | undefined;
  #boostSuffix: Uint8Array = NO_BYTES;
  #isOpen = true;
  #notedMs = Number.NEGATIVE_INFINITY;
  /** Failures since the last line about one. */
  #unnoted = 0;
  #mode: StreamMode = StreamMode.STREAM_MODE_SINGLE;

  constructor(session: Session, services: SessionServices) {
    this.#session = session;
    this.#services = services;
  }

  /** The configuration in force; undefined before the first. */
  get stream(): Stream | undefined {
    return this.#stream;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get mode(): StreamMode {
    return this.#mode;
  }

  /** Nobody waits for answers any more; the history can still be saved for a while. */
  close(): void {
    this.#isOpen = false;
    if (this.#history) this.#services.histories.close(this.#session.id);
  }

  // ---- config ----

  /** Nothing changes unless all of it is right. @throws TidewireError */
  configure(config: Config, request: Request): void {
    if (config.ensembleName === "") throw new TidewireError("MISSING_ENSEMBLE", "data.ensemble_name: name an ensemble");
    this.#session.grant.require("predict", config.ensembleName);
    const ensemble = this.#services.models.get(config.ensembleName);
    const options = {
      boosts: ensemble.boostsWith(config.manualBoostSignals),
      includeMetadata: config.includeMetadata ?? true,
      batchSize: batchSize(config.batchSize, ensemble.maxBatchRows),
    };
    this.#history = this.#historyFor(ensemble);
    this.#stream = new Stream(ensemble, options, this, this.#history, this.counts, this.#metersOf(ensemble));
    this.#mode = config.mode === StreamMode.STREAM_MODE_UNSPECIFIED ? StreamMode.STREAM_MODE_SINGLE : config.mode;
    const hot = this.#session.codec.hot;
    this.#boostSuffix = options.includeMetadata && hot ? hot.boostSuffix(this.#stream.boostedSignals) : NO_BYTES;
    this.#session.reply(request.id, { $case: "configAck", value: this.#acknowledge(this.#stream) });
  }

  /** The connection has another grant: without one for its ensemble there is none any more. @throws TidewireError PERMISSION_DENIED */
  revalidate(): void {
    if (!this.#stream) return;
    const { name } = this.#stream.ensemble;
    if (!this.#session.grant.allows("predict", name)) this.#stream = undefined;
    this.#session.grant.require("predict", name);
  }

  /** The same history while the ensemble stays, a new one for another. */
  #historyFor(ensemble: Ensemble): History {
    if (this.#history && this.#stream?.ensemble === ensemble) return this.#history;
    return this.#services.histories.open(this.#session.id, ensemble.boundarySignals, ensemble.signals, ensemble.name);
  }

  #acknowledge({ ensemble, options, boostedSignals }: Stream): ConfigAck {
    return {
      message: "Configuration applied",
      sessionId: this.#session.id,
      ensembleInfo: {
        ensembleName: ensemble.name,
        numSignals: ensemble.signals.length,
        signalsUsingBoost: boostedSignals.length,
        version: ensemble.manifest.version,
        modelSha256: ensemble.manifest.sha256,
      },
      boundarySignals: [...ensemble.boundarySignals],
      signals: [...ensemble.signals],
      maxInFlight: this.#services.limits.maxInFlight,
      batchSize: options.batchSize,
      executionProvider: ensemble.executionProvider,
      mode: this.#mode,
      includeMetadata: options.includeMetadata,
    };
  }

  // ---- predict ----

  /** @throws TidewireError */
  predict(predict: Predict, request: Request): void {
    const stream = this.#configured();
    const takenAtMs = predict.timestamp && toMs(predict.timestamp);
    const isPositional = predict.values.length > 0;
    stream.predict(request, predict, takenAtMs, (predictions, firstRow, latencyMs) => {
      const row = rowOf(predictions, firstRow, stream);
      this.#answer(request, {
        $case: "prediction",
        value: {
          values: isPositional ? Array.from(row) : [],
          timestamp: predict.timestamp,
          predictions: isPositional ? undefined : { values: named(row, stream) },
          ...metadata(stream, latencyMs),
        },
      });
    });
    this.#session.begin(request);
  }

  /** @throws TidewireError */
  predictBatch(batch: PredictBatch, { credit, ...origin }: Request): void {
    const stream = this.#configured();
    const isMatrix = batch.matrix.byteLength > 0;
    const width = stream.ensemble.signals.length;
    const rowBytes = stream.ensemble.boundarySignals.length * FLOAT_BYTES;
    const rows = isMatrix ? Math.floor(batch.matrix.byteLength / rowBytes) : batch.batch.length;
    const request = { ...origin, credit: credit + Math.floor(rows / ROWS_PER_CREDIT) };
    stream.predictBatch(request, batch, batch.timestamps.map(toMs), (predictions, firstRow, latencyMs) => {
      const part = predictions.subarray(firstRow * width, (firstRow + rows) * width);
      const rowAt = (row: number): Float32Array => rowOf(part, row, stream);
      this.#answer(request, {
        $case: "predictionBatch",
        value: {
          matrix: isMatrix ? bytesOf(part) : NO_BYTES,
          predictions: isMatrix ? [] : batch.batch.map((_, row) => ({ values: named(rowAt(row), stream) })),
          count: rows,
          latencyMs: stream.options.includeMetadata ? latencyMs : undefined,
        },
      });
    });
    this.#session.begin(request);
  }

  #configured(): Stream {
    if (this.#stream) return this.#stream;
    throw new TidewireError("MISSING_ENSEMBLE", "no ensemble is configured: send config with an ensemble_name first");
  }

  // ---- infer ----

  /** @throws TidewireError */
  infer(infer: Infer, request: Request): void {
    if (infer.model !== "") this.#session.grant.require("predict", infer.model);
    const ensemble = infer.model === "" ? this.#configured().ensemble : this.#services.models.get(infer.model);
    const costly = { ...request, credit: request.credit + INFER_CREDIT };
    if (ensemble.isEnsemble) this.#inferRows(ensemble, infer, costly);
    else void this.#inferTensors(ensemble, infer, costly);
  }

  /** An ensemble takes one tensor of rows and answers with one, boosts applied. */
  #inferRows(ensemble: Ensemble, infer: Infer, request: Request): void {
    const tensor = rowTensor(infer, ensemble);
    const rows = tensor.shape[0] as number;
    ensemble.checkInferBytes(rows * ensemble.signals.length * FLOAT_BYTES);
    const stream = this.#streamFor(ensemble);
    const batch = { matrix: tensor.raw, batch: [], timestamps: [], timeoutMs: infer.timeoutMs };
    const width = ensemble.signals.length;
    const answer: Answer = (predictions, firstRow, latencyMs) => {
      const raw = bytesOf(predictions.subarray(firstRow * width, (firstRow + rows) * width));
      const output = { name: "signals", datatype: DataType.DATA_TYPE_FP32, shape: [rows, width], raw };
      const value = { model: ensemble.name, outputs: [output], latencyMs: this.#latency(latencyMs) };
      this.#answer(request, { $case: "inferResult", value });
    };
    stream.predictBatch(request, batch, [], answer, ensemble.maxBatchRows);
    this.#session.begin(request);
  }

  /** The connection's own stream where it is of this ensemble, else one with the ensemble's own boosts and no history. */
  #streamFor(ensemble: Ensemble): Stream {
    if (this.#stream?.ensemble === ensemble) return this.#stream;
    const options = { boosts: ensemble.boostsWith({}), includeMetadata: true, batchSize: ensemble.maxBatchRows };
    return new Stream(ensemble, options, this, undefined, this.counts, this.#metersOf(ensemble));
  }

  #metersOf(ensemble: Ensemble): StreamMeters {
    return { all: this.#services.meter, own: ensemble.meterOf(this.#transport) };
  }

  get #transport(): Transport {
    return this.#session.encoding === "json" ? "ws_json" : "ws_proto";
  }

  async #inferTensors(ensemble: Ensemble, infer: Infer, request: Request): Promise<void> {
    this.#session.begin(request);
    try {
      const outputs = (await ensemble.infer(infer, request.receivedMs, ensemble.meterOf(this.#transport))).map(
        toWireTensor,
      );
      const latencyMs = this.#latency(performance.now() - request.receivedMs);
      this.#session.reply(request.id, { $case: "inferResult", value: { model: ensemble.name, outputs, latencyMs } });
    } catch (error) {
      this.#session.refuse(request.id, error);
    } finally {
      this.#session.answered(request.credit);
    }
  }

  /** What infer tells of its latency: nothing on a connection without metadata. */
  #latency(latencyMs: number): number | undefined {
    return this.#stream?.options.includeMetadata === false ? undefined : latencyMs;
  }

  // ---- answers ----

  #answer(request: Request, body: Parameters<Session["reply"]>[1]): void {
    this.#session.reply(request.id, body);
    this.#session.answered(request.credit);
  }

  predicted(stream: Stream, run: PositionalRun): void {
    const hot = this.#session.codec.hot;
    if (!hot) throw new Error("positional runs come from an encoding that has a short way");
    const rows = {
      ids: run.ids.subarray(run.from, run.to),
      outputs: run.outputs,
      firstRow: run.firstRow,
      count: run.to - run.from,
      signals: stream.ensemble.signals.length,
      latency: stream.options.includeMetadata ? run.latenciesMs : undefined,
      boostSuffix: stream === this.#stream ? this.#boostSuffix : suffixOf(stream, hot),
    };
    this.#session.push(hot.predictionRun(rows));
    this.#session.answered(run.to - run.from);
  }

  failed(id: number, error: TidewireError, credit: number): void {
    this.#session.refuse(id, error);
    this.#session.answered(credit);
  }

  broke(error: unknown): void {
    this.#session.crash(error);
  }

  note(id: number, message: string, cause: unknown): void {
    const nowMs = performance.now();
    this.#unnoted += 1;
    if (nowMs < this.#notedMs + NOTE_INTERVAL_MS) return;
    const request_id = this.#session.requestId(id);
    this.#services.log.warn({ err: cause, session: this.#session.id, request_id, failures: this.#unnoted }, message);
    this.#notedMs = nowMs;
    this.#unnoted = 0;
  }
}

type Hot = NonNullable<Session["codec"]["hot"]>;

function suffixOf(stream: Stream, hot: Hot): Uint8Array {
  return stream.options.includeMetadata ? hot.boostSuffix(stream.boostedSignals) : NO_BYTES;
}

function batchSize(wanted: number | undefined, limit: number): number {
  if (wanted === undefined || wanted <= limit) return wanted ?? limit;
  const message = `data.batch_size: ${wanted} exceeds the server's limit of ${limit}`;
  throw new TidewireError("BATCH_TOO_LARGE", message, { batch_size: wanted, limit });
}

function metadata(
  stream: Stream,
  latencyMs: number,
): { latencyMs: number | undefined; signalsUsedBoost: { names: string[] } | undefined } {
  if (!stream.options.includeMetadata) return { latencyMs: undefined, signalsUsedBoost: undefined };
  return { latencyMs, signalsUsedBoost: { names: [...stream.boostedSignals] } };
}

function rowOf(predictions: Float32Array, row: number, stream: Stream): Float32Array {
  const width = stream.ensemble.signals.length;
  return predictions.subarray(row * width, (row + 1) * width);
}

function named(row: Float32Array, stream: Stream): Record<string, number> {
  return Object.fromEntries(stream.ensemble.signals.map((name, i) => [name, row[i] as number]));
}

const bytesOf = (floats: Float32Array): Uint8Array =>
  new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);

/** The one tensor of an ensemble's infer. @throws TidewireError INVALID_TENSOR, EMPTY_BATCH */
function rowTensor(infer: Infer, ensemble: Ensemble): Tensor {
  const width = ensemble.boundarySignals.length;
  const [tensor] = infer.inputs;
  const refuse = (message: string): TidewireError =>
    new TidewireError("INVALID_TENSOR", `${ensemble.name} is an ensemble: ${message}`, { model: ensemble.name });
  if (!tensor || infer.inputs.length > 1 || tensor.name !== "boundary_signals") {
    throw refuse(`it takes one tensor "boundary_signals", FP32 [n, ${width}]`);
  }
  if (infer.outputs.some((name) => name !== "signals")) throw refuse('it gives one tensor "signals"');
  const [rows, columns] = tensor.shape;
  const isRows = tensor.datatype === DataType.DATA_TYPE_FP32 && tensor.shape.length === 2 && columns === width;
  if (!isRows || tensor.raw.byteLength !== (rows as number) * width * FLOAT_BYTES) {
    throw refuse(
      `expected FP32 [n, ${width}] and ${width * FLOAT_BYTES} raw bytes a row, came [${tensor.shape.join(", ")}] and ${tensor.raw.byteLength} bytes`,
    );
  }
  return tensor;
}
