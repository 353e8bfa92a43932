// Requests, written shortly.
import type { ClientFrame, ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import {
  type Config,
  DataType,
  OutputFormat,
  type Predict,
  type PredictBatch,
  StreamMode,
  type Tensor,
} from "../../../generated/ts/tidewire/v1/inference.js";
import { ERRORS, type ErrorCode } from "../../../src/errors.js";

export type ClientBody = NonNullable<ClientFrame["body"]>;
export type ServerBody = NonNullable<ServerFrame["body"]>;
type Value<C extends ServerBody["$case"]> = Extract<ServerBody, { $case: C }>["value"];

export function config(ensembleName: string, choices: Partial<Config> = {}): ClientBody {
  const value = {
    manualBoostSignals: {},
    mode: StreamMode.STREAM_MODE_UNSPECIFIED,
    batchSize: undefined,
    includeMetadata: undefined,
    outputFormat: OutputFormat.OUTPUT_FORMAT_UNSPECIFIED,
    ...choices,
  };
  return { $case: "config", value: { ensembleName, ...value } };
}

export function predict(reading: Partial<Predict>): ClientBody {
  const value = { values: [], timestamp: undefined, boundarySignals: {}, timeoutMs: undefined, ...reading };
  return { $case: "predict", value };
}

export function predictBatch(batch: Partial<PredictBatch>): ClientBody {
  return {
    $case: "predictBatch",
    value: { matrix: new Uint8Array(), batch: [], timestamps: [], timeoutMs: undefined, ...batch },
  };
}

export function infer(model: string, inputs: Tensor[], outputs: string[] = [], timeoutMs?: number): ClientBody {
  return { $case: "infer", value: { model, inputs, outputs, timeoutMs } };
}

export const ping: ClientBody = { $case: "ping", value: {} };

/** An FP32 tensor. */
export function floats(name: string, shape: number[], values: ArrayLike<number>): Tensor {
  return { name, datatype: DataType.DATA_TYPE_FP32, shape, raw: bytesOf(Float32Array.from(values)) };
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Floats from bytes wherever these lie in their memory. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** The value of a reply of the kind expected. @throws Error saying what came instead */
export function expect<C extends ServerBody["$case"]>(body: ServerBody, wanted: C): Value<C> {
  if (body.$case === wanted) return body.value as Value<C>;
  const came = body.$case === "error" ? `${codeOf(body)}: ${body.value.message}` : body.$case;
  throw new Error(`expected ${wanted}, came ${came}`);
}

const codes = new Map(Object.entries(ERRORS).map(([code, row]) => [row.wireNumber as number, code as ErrorCode]));

/** The code of an error; undefined for any other reply. */
export function codeOf(body: ServerBody): ErrorCode | undefined {
  return body.$case === "error" ? codes.get(body.value.errorCode) : undefined;
}
