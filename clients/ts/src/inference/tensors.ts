// Tensors between typed arrays and the wire's little-endian bytes.
import type {
  DataType,
  InferResult as InferResultMessage,
  Tensor as TensorMessage,
} from "../../../../generated/ts/tidewire/v1/inference.js";
import type { RequestBody } from "../connection/replies.js";
import { TidewireClientError } from "../errors.js";
import { addSeldom } from "../wire/seldom.js";
import { ENUMS } from "../wire/seldom-schema.js";
import type { RequestOptions } from "./requests.js";

/** The array that holds each datatype's elements; FP16 as its 16 bits. */
export interface TensorData {
  BOOL: readonly boolean[];
  UINT8: Uint8Array;
  UINT16: Uint16Array;
  UINT32: Uint32Array;
  UINT64: BigUint64Array;
  INT8: Int8Array;
  INT16: Int16Array;
  INT32: Int32Array;
  INT64: BigInt64Array;
  FP16: Uint16Array;
  FP32: Float32Array;
  FP64: Float64Array;
  BYTES: readonly string[];
}

/** A datatype, named as in the Open Inference Protocol. */
export type Datatype = keyof TensorData;

/** A tensor: what its array holds is told by its datatype. */
export type Tensor = {
  [Type in Datatype]: { readonly datatype: Type; readonly shape: readonly number[]; readonly data: TensorData[Type] };
}[Datatype];

/** A tensor to send; the datatype may be left out where the array tells it (a Uint16Array is UINT16 unless said FP16). */
export interface TensorInput {
  readonly shape: readonly number[];
  readonly data: TensorData[Datatype];
  readonly datatype?: Datatype | undefined;
}

/** What {@link InferenceSession.infer} runs. */
export interface InferRequest extends RequestOptions {
  /** Name of a served model or ensemble. Default: the session's ensemble. */
  readonly model?: string | undefined;
  readonly inputs: Readonly<Record<string, TensorInput>>;
  /** Names of the outputs wanted. Default: all. */
  readonly outputs?: readonly string[] | undefined;
}

/** What {@link InferenceSession.infer} gives. */
export interface InferResult {
  readonly model: string;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly latencyMs?: number | undefined;
}

type NumericArray = Exclude<TensorData[Datatype], readonly unknown[]>;
type ArrayOf<Type extends NumericArray> = new (buffer: ArrayBuffer) => Type;

const ARRAYS: { readonly [Type in Datatype]?: ArrayOf<NumericArray> } = {
  FP32: Float32Array,
  FP64: Float64Array,
  INT64: BigInt64Array,
  UINT8: Uint8Array,
  INT8: Int8Array,
  UINT16: Uint16Array,
  INT16: Int16Array,
  UINT32: Uint32Array,
  INT32: Int32Array,
  UINT64: BigUint64Array,
  FP16: Uint16Array,
};

/** @throws TidewireClientError INVALID_TENSOR */
export function toInfer(
  { model = "", inputs, outputs = [] }: InferRequest,
  timeoutMs: number | undefined,
): RequestBody {
  addSeldom();
  const tensors = Object.entries(inputs).map(([name, input]) => toTensorMessage(name, input));
  return { $case: "infer", value: { model, inputs: tensors, outputs: [...outputs], timeoutMs } };
}

/** @throws TidewireClientError UNEXPECTED_REPLY */
export function fromInferResult({ outputs, ...result }: InferResultMessage): InferResult {
  return { ...result, outputs: Object.fromEntries(outputs.map((output) => [output.name, fromTensorMessage(output)])) };
}

/** @throws TidewireClientError INVALID_TENSOR when the array does not say its datatype, or holds another */
export function toTensorMessage(
  name: string,
  { shape, data, datatype = datatypeOf(name, data) }: TensorInput,
): TensorMessage {
  const number = (ENUMS.DataType ?? []).indexOf(datatype) as DataType;
  return { name, datatype: number, shape: [...shape], raw: toRaw(name, datatype, data) };
}

/** The elements are copied. @throws TidewireClientError UNEXPECTED_REPLY on a datatype that this version does not know */
export function fromTensorMessage({ name, datatype: number, shape, raw }: TensorMessage): Tensor {
  const datatype = ENUMS.DataType?.[number] as Datatype;
  return { datatype, shape, data: fromRaw(name, datatype, raw.slice()) } as Tensor;
}

function datatypeOf(name: string, data: TensorData[Datatype]): Datatype {
  if (Array.isArray(data)) return typeof data[0] === "boolean" ? "BOOL" : "BYTES";
  const [found] = Object.entries(ARRAYS).find(([, Type]) => data instanceof Type) ?? [];
  if (found === undefined) throw invalid(name, "its array says no datatype");
  return found as Datatype;
}

function toRaw(name: string, datatype: Datatype, data: TensorData[Datatype]): Uint8Array {
  const NumbersOf = ARRAYS[datatype];
  if (NumbersOf && data instanceof NumbersOf) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (datatype === "BOOL" && Array.isArray(data)) return Uint8Array.from(data, Number);
  if (datatype === "BYTES" && Array.isArray(data)) return toStrings(data);
  throw invalid(name, `its array does not hold ${datatype}`);
}

function fromRaw(name: string, datatype: Datatype, raw: Uint8Array<ArrayBuffer>): TensorData[Datatype] {
  const NumbersOf = ARRAYS[datatype];
  if (NumbersOf) return new NumbersOf(raw.buffer);
  if (datatype === "BOOL") return Array.from(raw, Boolean);
  if (datatype === "BYTES") return fromStrings(raw);
  throw new TidewireClientError("UNEXPECTED_REPLY", `tensor "${name}" has an unknown datatype`);
}

/** Each string as its length, 32 bits, and its UTF-8. */
function toStrings(texts: readonly unknown[]): Uint8Array {
  const encoded = texts.map((text) => new TextEncoder().encode(String(text)));
  const raw = new Uint8Array(encoded.reduce((size, bytes) => size + 4 + bytes.length, 0));
  const view = new DataView(raw.buffer);
  let at = 0;
  for (const bytes of encoded) {
    view.setUint32(at, bytes.length, true);
    raw.set(bytes, at + 4);
    at += 4 + bytes.length;
  }
  return raw;
}

function fromStrings(raw: Uint8Array<ArrayBuffer>): string[] {
  const view = new DataView(raw.buffer);
  const texts: string[] = [];
  for (let at = 0; at < raw.length; ) {
    const end = at + 4 + view.getUint32(at, true);
    texts.push(new TextDecoder().decode(raw.subarray(at + 4, end)));
    at = end;
  }
  return texts;
}

function invalid(name: string, reason: string): TidewireClientError {
  return new TidewireClientError("INVALID_TENSOR", `tensor "${name}": ${reason}`, { details: { tensor: name } });
}
