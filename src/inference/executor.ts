// The seam between scheduling and running: where a model's graphs run, and what a run takes and gives.
import type { TensorSpec } from "../../generated/ts/tidewire/v1/http.js";
import type { PlainTensor } from "./tensors.js";

/** Rows for one run. */
export interface RowBatch {
  /** float32 [rows, boundary signals], row-major; borrowed until the run settles. */
  readonly input: Float32Array;
  readonly rows: number;
  /** Whether any row wants the boost's residual. */
  readonly wantsResidual: boolean;
}

/** Whether a run's rows have just begun to arrive, or have waited for an earlier run. */
export type RowsAre = "this turn" | "waiting";

/** What a run gives; the receiver owns it. Row i belongs to row i of the input. */
export interface RowOutput {
  /** float32 [rows, signals]. */
  readonly base: Float32Array;
  /** float32 [rows, signals], where it was wanted and the ensemble has a boost. */
  readonly residual: Float32Array | undefined;
}

/** A run on named tensors. */
export interface TensorRequest {
  readonly inputs: readonly PlainTensor[];
  /** Names of the outputs wanted, at least one. */
  readonly outputs: readonly string[];
}

/**
 * Runs one model's graphs. Runs are serial: the caller starts one row run at a time; tensor runs
 * may be started at any time and take their turn.
 */
export interface Executor extends AsyncDisposable {
  readonly kind: "inline" | "worker";
  /** Whether runs wait for a thread that has died and is not back yet. */
  readonly isDown: boolean;
  /**
   * Starts a run. `seal` is called exactly once and says what is to be run: rows of "this turn" may
   * still grow until its end (the default), rows that are "waiting" may be taken at once.
   *
   * @throws Error with the runtime's own message when a graph fails or the worker dies
   */
  runRows(seal: () => RowBatch, rowsAre?: RowsAre): Promise<RowOutput>;
  /** Runs the base graph on named tensors. @throws Error as runRows */
  runTensors(request: TensorRequest): Promise<PlainTensor[]>;
}

/** What a model's graphs look like, read from the graphs themselves. */
export interface GraphSpecs {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Inputs and outputs of the boost; undefined without one. */
  readonly boost: Pick<GraphSpecs, "inputs" | "outputs"> | undefined;
}

/** Where the graphs are and how the runtime is set up; crosses the thread to the worker as it is. */
export interface GraphOptions {
  readonly basePath: string;
  readonly boostPath: string | undefined;
  /** Of base and boost one after the other: nothing else is loaded from there. Without it, whatever lies there is. */
  readonly sha256?: string;
  /** Name of onnxruntime's execution provider. */
  readonly executionProvider: string;
  /** Threads within one operator, at least 1. */
  readonly intraOpThreads: number;
}
