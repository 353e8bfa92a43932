// One served model: its signals, where it runs, and the queue before it.
import {
  type EnsembleDescription,
  ExecutorKind,
  ModelStatus,
  type TensorSpec,
} from "../../generated/ts/tidewire/v1/http.js";
import type { Infer } from "../../generated/ts/tidewire/v1/inference.js";
import { TidewireError } from "../errors.js";
import type { Executor, GraphSpecs } from "./executor.js";
import { rowFormProblem } from "./graphs.js";
import type { Manifest } from "./manifest.js";
import { RequestMeter, type Transport } from "./request-meter.js";
import { Scheduler, type SchedulerLimits } from "./scheduler.js";
import { unknownSignals } from "./signal-errors.js";
import { predictionError } from "./stream.js";
import { checkOutputs, fromWireTensors, type PlainTensor } from "./tensors.js";

/** What a model is made of once it is loaded and warm. */
export interface EnsembleParts {
  readonly manifest: Manifest;
  readonly specs: GraphSpecs;
  readonly executor: Executor;
  readonly executionProvider: string;
  /** Measured cost of a run of one row, in µs; Infinity where it could not be measured. */
  readonly costUs: number;
  readonly limits: SchedulerLimits;
  /** Longest result of an infer, in bytes. */
  readonly maxInferBytes: number;
  /** Called once after the answers of a run have been given out. */
  readonly afterDelivery: () => void;
}

/** A model that answers. */
export class Ensemble implements AsyncDisposable {
  readonly manifest: Manifest;
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
  readonly executionProvider: string;
  readonly scheduler: Scheduler;
  readonly maxBatchRows: number;
  readonly #parts: EnsembleParts;
  readonly #meters = new Map<Transport, RequestMeter>();
  /** Why it takes no rows; undefined when it does. */
  readonly #rowProblem: string | undefined;

  constructor(parts: EnsembleParts) {
    const { manifest, specs } = parts;
    this.#parts = parts;
    this.#rowProblem = rowFormProblem(specs);
    this.manifest = manifest;
    this.boundarySignals = manifest.boundarySignals ?? this.#namesFrom(specs.inputs);
    this.signals = manifest.signals ?? this.#namesFrom(specs.outputs);
    this.executionProvider = parts.executionProvider;
    this.maxBatchRows = parts.limits.maxBatchRows;
    this.scheduler = new Scheduler(parts.executor, this.boundarySignals.length, parts.limits, parts.afterDelivery);
  }

  get name(): string {
    return this.manifest.name;
  }

  /** Counts the requests that come by that way; the same one each time. */
  meterOf(transport: Transport): RequestMeter {
    let meter = this.#meters.get(transport);
    if (!meter) {
      meter = new RequestMeter();
      this.#meters.set(transport, meter);
    }
    return meter;
  }

  /** The meters of the ways by which requests have come. */
  get meters(): ReadonlyMap<Transport, RequestMeter> {
    return this.#meters;
  }

  /** Where its runs take place. */
  get executor(): Executor["kind"] {
    return this.#parts.executor.kind;
  }

  /** Whether its runs wait for a thread that has died and is not back yet. */
  get isDown(): boolean {
    return this.#parts.executor.isDown;
  }

  get isEnsemble(): boolean {
    return this.manifest.signals !== undefined;
  }

  /** A bare graph's signals: its tensor's name, numbered where the tensor is wider than one. */
  #namesFrom(specs: readonly TensorSpec[]): string[] {
    const [spec] = specs;
    if (this.#rowProblem !== undefined || !spec) return [];
    const width = spec.shape[1] as number;
    return width === 1 ? [spec.name] : Array.from({ length: width }, (_, i) => `${spec.name}_${i}`);
  }

  /** @throws TidewireError INVALID_MESSAGE for a model that only takes tensors */
  assertTakesRows(): void {
    if (this.#rowProblem === undefined) return;
    const message = `${this.name} takes no readings (${this.#rowProblem}); use infer`;
    throw new TidewireError("INVALID_MESSAGE", message, { model: this.name });
  }

  /** Boost by signal, in order: the ensemble's own choice with a client's over it. @throws TidewireError UNKNOWN_SIGNALS */
  boostsWith(manual: Readonly<Record<string, boolean>>): boolean[] {
    const unknown = Object.keys(manual).filter((name) => !this.signals.includes(name));
    if (unknown.length > 0) throw unknownSignals(unknown, this.signals);
    if (this.manifest.boostPath === undefined) return this.signals.map(() => false);
    return this.signals.map((name) =>
      Object.hasOwn(manual, name) ? manual[name] === true : this.manifest.boosted.has(name),
    );
  }

  /**
   * Runs the base graph on named tensors.
   *
   * @param meter counts it
   * @throws TidewireError INVALID_TENSOR, PREDICTION_ERROR, DEADLINE_EXCEEDED, FRAME_TOO_LARGE
   */
  async infer(request: Infer, receivedMs: number, meter: RequestMeter): Promise<PlainTensor[]> {
    const inputs = fromWireTensors(request.inputs, this.#parts.specs.inputs);
    const outputs = checkOutputs(request.outputs, this.#parts.specs.outputs);
    const startedMs = performance.now();
    const tensors = await this.#run(inputs, outputs, meter);
    const endedMs = performance.now();
    this.checkInferBytes(tensors.reduce((total, tensor) => total + byteLength(tensor), 0));
    if (request.timeoutMs !== undefined && endedMs > receivedMs + request.timeoutMs) {
      meter.failures.add("DEADLINE_EXCEEDED");
      throw new TidewireError("DEADLINE_EXCEEDED", `the outputs came after the deadline of ${request.timeoutMs} ms`);
    }
    meter.tensorsAnswered(receivedMs, startedMs, endedMs);
    return tensors;
  }

  /** Bounds the outputs of one infer. @throws TidewireError FRAME_TOO_LARGE */
  checkInferBytes(bytes: number): void {
    const limit = this.#parts.maxInferBytes;
    if (bytes <= limit) return;
    const message = `the outputs have ${bytes} bytes, at most ${limit} are sent; ask for fewer outputs or rows`;
    throw new TidewireError("FRAME_TOO_LARGE", message, { bytes, limit });
  }

  async #run(inputs: readonly PlainTensor[], outputs: readonly string[], meter: RequestMeter): Promise<PlainTensor[]> {
    meter.tensorRuns += 1;
    try {
      return await this.#parts.executor.runTensors({ inputs, outputs });
    } catch (cause) {
      meter.failures.add("PREDICTION_ERROR");
      throw predictionError(this.name, cause);
    }
  }

  /** What the list and the info tell. */
  describe(): EnsembleDescription {
    const { manifest, specs, executor, costUs } = this.#parts;
    const boosts =
      manifest.boostPath === undefined ? [] : this.signals.map((name) => [name, manifest.boosted.has(name)]);
    return {
      name: this.name,
      status: ModelStatus.MODEL_STATUS_READY,
      reason: undefined,
      version: manifest.version,
      description: manifest.description,
      modelSha256: manifest.sha256,
      boundarySignals: [...this.boundarySignals],
      signals: [...this.signals],
      boostSignals: Object.fromEntries(boosts),
      quality: { ...manifest.quality },
      executor: executor.kind === "inline" ? ExecutorKind.EXECUTOR_KIND_INLINE : ExecutorKind.EXECUTOR_KIND_WORKER,
      executionProvider: this.executionProvider,
      costUs: Number.isFinite(costUs) ? Math.round(costUs * 10) / 10 : undefined,
      inputs: [...specs.inputs],
      outputs: [...specs.outputs],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.executor[Symbol.asyncDispose]();
  }
}

function byteLength(tensor: PlainTensor): number {
  if (tensor.data instanceof Uint8Array) return tensor.data.byteLength;
  return tensor.data.reduce((total, text) => total + Buffer.byteLength(text), 0);
}
