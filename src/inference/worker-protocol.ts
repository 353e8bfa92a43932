// What crosses the thread between a worker executor and its worker.
import type { GraphOptions, RowOutput, TensorRequest } from "./executor.js";
import type { PlainTensor } from "./tensors.js";

/** Given to the worker at its start. */
export type WorkerData = GraphOptions;

/** A run asked for; `id` is echoed in the answer. */
export type WorkerRequest =
  | {
      readonly is: "rows";
      readonly id: number;
      readonly input: Float32Array;
      readonly rows: number;
      readonly wantsResidual: boolean;
    }
  | { readonly is: "tensors"; readonly id: number; readonly request: TensorRequest };

/**
 * Ends the worker between two runs: `close` quietly, `crash` as a fault would. `Worker.terminate()` is no way to do it:
 * in the midst of a run it makes onnxruntime-node abort the whole process.
 */
export type WorkerEnd = { readonly is: "close" } | { readonly is: "crash" };

/** What the worker says: once that it is ready, then one answer a run. */
export type WorkerReply =
  | { readonly is: "ready" }
  | { readonly is: "rows"; readonly id: number; readonly output: RowOutput }
  | { readonly is: "tensors"; readonly id: number; readonly tensors: PlainTensor[] }
  | { readonly is: "failed"; readonly id: number; readonly reason: string };
