// Tensors between the wire and onnxruntime: names of the Open Inference Protocol ⇄ element types of ONNX.
import { TextDecoder } from "node:util";
import * as ort from "onnxruntime-node";
import type { TensorSpec } from "../../generated/ts/tidewire/v1/http.js";
import { DataType, type Tensor as WireTensor } from "../../generated/ts/tidewire/v1/inference.js";
import { TidewireError } from "../errors.js";

/** Largest size of one dimension: an empty tensor may claim any, and a graph may make room for it. */
const MAX_SIZE = 2 ** 31 - 1;

/** Bytes before each element of a string tensor: its length as uint32, little-endian. */
const STRING_LENGTH_BYTES = 4;

/** Element types by their onnxruntime name: number in the schema, name in the Open Inference Protocol, bytes an element. */
const TYPES = {
  bool: { datatype: DataType.DATA_TYPE_BOOL, oip: "BOOL", bytes: 1 },
  uint8: { datatype: DataType.DATA_TYPE_UINT8, oip: "UINT8", bytes: 1 },
  uint16: { datatype: DataType.DATA_TYPE_UINT16, oip: "UINT16", bytes: 2 },
  uint32: { datatype: DataType.DATA_TYPE_UINT32, oip: "UINT32", bytes: 4 },
  uint64: { datatype: DataType.DATA_TYPE_UINT64, oip: "UINT64", bytes: 8 },
  int8: { datatype: DataType.DATA_TYPE_INT8, oip: "INT8", bytes: 1 },
  int16: { datatype: DataType.DATA_TYPE_INT16, oip: "INT16", bytes: 2 },
  int32: { datatype: DataType.DATA_TYPE_INT32, oip: "INT32", bytes: 4 },
  int64: { datatype: DataType.DATA_TYPE_INT64, oip: "INT64", bytes: 8 },
  float16: { datatype: DataType.DATA_TYPE_FP16, oip: "FP16", bytes: 2 },
  float32: { datatype: DataType.DATA_TYPE_FP32, oip: "FP32", bytes: 4 },
  float64: { datatype: DataType.DATA_TYPE_FP64, oip: "FP64", bytes: 8 },
  string: { datatype: DataType.DATA_TYPE_BYTES, oip: "BYTES", bytes: 0 },
} as const;

type TypeName = keyof typeof TYPES;

/** A tensor that may cross a thread: plain values only, no class of onnxruntime's. */
export interface PlainTensor {
  readonly name: string;
  readonly type: TypeName;
  readonly dims: readonly number[];
  /** Raw little-endian bytes, row-major; for strings the elements themselves. */
  readonly data: Uint8Array | readonly string[];
}

const typeNames = Object.keys(TYPES) as TypeName[];
const nameOfDatatype = new Map<DataType, TypeName>(typeNames.map((name) => [TYPES[name].datatype, name]));

/** The schema's description of a graph's inputs or outputs. @throws Error on a type that onnxruntime-node cannot carry */
export function toTensorSpecs(metadata: readonly ort.InferenceSession.ValueMetadata[]): TensorSpec[] {
  return metadata.map((value) => {
    if (!value.isTensor) throw new Error(`${value.name} is no tensor`);
    if (!Object.hasOwn(TYPES, value.type)) throw new Error(`${value.name} has the unsupported type ${value.type}`);
    const shape = value.shape.map((size) => (typeof size === "number" ? size : -1));
    return { name: value.name, datatype: TYPES[value.type as TypeName].datatype, shape };
  });
}

/**
 * Checks tensors of a request against the graph's inputs.
 *
 * @throws TidewireError INVALID_TENSOR naming the tensor, what is expected and what came
 */
export function fromWireTensors(tensors: readonly WireTensor[], specs: readonly TensorSpec[]): PlainTensor[] {
  const known = new Map(specs.map((spec) => [spec.name, spec]));
  const plain = tensors.map((tensor) => {
    const spec = known.get(tensor.name);
    if (!spec) throw unknownName("input", tensor.name, specs);
    return fromWireTensor(tensor, spec);
  });
  const given = new Set(plain.map((tensor) => tensor.name));
  if (given.size < plain.length) throw new TidewireError("INVALID_TENSOR", "an input is given twice");
  const missing = specs.filter((spec) => !given.has(spec.name)).map((spec) => spec.name);
  if (missing.length > 0)
    throw new TidewireError("INVALID_TENSOR", `missing inputs: ${missing.join(", ")}`, { missing });
  return plain;
}

function unknownName(what: string, name: string, specs: readonly TensorSpec[]): TidewireError {
  const known = specs.map((spec) => spec.name);
  return new TidewireError("INVALID_TENSOR", `no ${what} is named "${name}"; there are: ${known.join(", ")}`, {
    name,
    known,
  });
}

/** Checks the names of wanted outputs; none asks for all. @throws TidewireError INVALID_TENSOR */
export function checkOutputs(wanted: readonly string[], specs: readonly TensorSpec[]): readonly string[] {
  for (const name of wanted) {
    if (!specs.some((spec) => spec.name === name)) throw unknownName("output", name, specs);
  }
  return wanted.length > 0 ? [...new Set(wanted)] : specs.map((spec) => spec.name);
}

function fromWireTensor(tensor: WireTensor, spec: TensorSpec): PlainTensor {
  const type = nameOfDatatype.get(tensor.datatype);
  const expected = nameOfDatatype.get(spec.datatype) as TypeName;
  if (type !== expected) {
    const came = type ? TYPES[type].oip : "none";
    throw new TidewireError(
      "INVALID_TENSOR",
      `${tensor.name}: expected datatype ${TYPES[expected].oip}, came ${came}`,
      {
        name: tensor.name,
        expected: TYPES[expected].oip,
      },
    );
  }
  checkShape(tensor, spec);
  const elements = tensor.shape.reduce((product, size) => product * size, 1);
  const data = type === "string" ? readStrings(tensor, elements) : readRaw(tensor, elements * TYPES[type].bytes);
  if (tensor.shape.some((size) => size > MAX_SIZE)) throw tooWide(tensor);
  return { name: tensor.name, type, dims: tensor.shape, data };
}

function tooWide({ name, shape }: WireTensor): TidewireError {
  const message = `${name}: no size of a shape may exceed ${MAX_SIZE}, came [${shape.join(", ")}]`;
  return new TidewireError("INVALID_TENSOR", message, { name, limit: MAX_SIZE });
}

function checkShape(tensor: WireTensor, spec: TensorSpec): void {
  const fits =
    tensor.shape.length === spec.shape.length &&
    tensor.shape.every((size, i) => size >= 0 && (spec.shape[i] === -1 || spec.shape[i] === size));
  if (fits) return;
  const expected = `[${spec.shape.map((size) => (size === -1 ? "any" : size)).join(", ")}]`;
  const came = `[${tensor.shape.join(", ")}]`;
  throw new TidewireError("INVALID_TENSOR", `${tensor.name}: expected shape ${expected}, came ${came}`, {
    name: tensor.name,
    expected: spec.shape,
    shape: tensor.shape,
  });
}

function readRaw(tensor: WireTensor, bytes: number): Uint8Array {
  if (tensor.raw.byteLength === bytes) return tensor.raw;
  const message = `${tensor.name}: its shape asks for ${bytes} raw bytes, came ${tensor.raw.byteLength}`;
  throw new TidewireError("INVALID_TENSOR", message, {
    name: tensor.name,
    expected_bytes: bytes,
    bytes: tensor.raw.byteLength,
  });
}

function readStrings(tensor: WireTensor, elements: number): string[] {
  const { raw } = tensor;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const strings: string[] = [];
  let at = 0;
  while (at < raw.byteLength) {
    if (strings.length === elements || at + STRING_LENGTH_BYTES > raw.byteLength) throw badStrings(tensor, elements);
    const end = at + STRING_LENGTH_BYTES + view.getUint32(at, true);
    if (end > raw.byteLength) throw badStrings(tensor, elements);
    strings.push(readString(decoder, raw.subarray(at + STRING_LENGTH_BYTES, end), tensor));
    at = end;
  }
  if (strings.length !== elements) throw badStrings(tensor, elements);
  return strings;
}

/** onnxruntime-node hands strings on as C strings: one with U+0000 would be cut there without a word. */
function readString(decoder: TextDecoder, bytes: Uint8Array, tensor: WireTensor): string {
  const refuse = (what: string, cause?: unknown): TidewireError =>
    new TidewireError("INVALID_TENSOR", `${tensor.name}: an element ${what}`, { name: tensor.name }, { cause });
  if (bytes.includes(0)) throw refuse("holds U+0000, which onnxruntime cannot carry");
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw refuse("is no UTF-8", cause);
  }
}

function badStrings(tensor: WireTensor, elements: number): TidewireError {
  const message = `${tensor.name}: expected ${elements} elements, each a uint32 length and that many bytes of UTF-8`;
  return new TidewireError("INVALID_TENSOR", message, { name: tensor.name, elements });
}

/** A tensor of zeros, or of empty strings. */
export function zeroTensor(spec: TensorSpec, dims: readonly number[]): PlainTensor {
  const type = nameOfDatatype.get(spec.datatype) as TypeName;
  const elements = dims.reduce((product, size) => product * size, 1);
  const data = type === "string" ? new Array<string>(elements).fill("") : new Uint8Array(elements * TYPES[type].bytes);
  return { name: spec.name, type, dims, data };
}

/** A tensor for onnxruntime; its memory is the plain one's where the alignment allows. */
export function toOrtTensor(plain: PlainTensor): ort.Tensor {
  if (plain.type === "string") return new ort.Tensor("string", plain.data as string[], plain.dims);
  return numericTensor(plain.type, plain.data as Uint8Array, plain.dims);
}

function numericTensor(type: Exclude<TypeName, "string">, raw: Uint8Array, dims: readonly number[]): ort.Tensor {
  const { bytes } = TYPES[type];
  // Not `raw.slice()`: a Buffer's is a view of the same memory.
  const aligned = raw.byteOffset % bytes === 0 ? raw : new Uint8Array(raw);
  const { buffer, byteOffset } = aligned;
  const length = raw.byteLength / bytes;
  switch (type) {
    case "bool":
      // Any byte but 0 is true to a graph only once it is 1.
      return new ort.Tensor(
        "bool",
        Uint8Array.from(raw, (byte) => (byte === 0 ? 0 : 1)),
        dims,
      );
    case "uint8":
      return new ort.Tensor("uint8", new Uint8Array(buffer, byteOffset, length), dims);
    case "uint16":
      return new ort.Tensor("uint16", new Uint16Array(buffer, byteOffset, length), dims);
    case "uint32":
      return new ort.Tensor("uint32", new Uint32Array(buffer, byteOffset, length), dims);
    case "uint64":
      return new ort.Tensor("uint64", new BigUint64Array(buffer, byteOffset, length), dims);
    case "int8":
      return new ort.Tensor("int8", new Int8Array(buffer, byteOffset, length), dims);
    case "int16":
      return new ort.Tensor("int16", new Int16Array(buffer, byteOffset, length), dims);
    case "int32":
      return new ort.Tensor("int32", new Int32Array(buffer, byteOffset, length), dims);
    case "int64":
      return new ort.Tensor("int64", new BigInt64Array(buffer, byteOffset, length), dims);
    case "float16":
      return float16Tensor(new Uint16Array(buffer, byteOffset, length), dims);
    case "float32":
      return new ort.Tensor("float32", new Float32Array(buffer, byteOffset, length), dims);
    case "float64":
      return new ort.Tensor("float64", new Float64Array(buffer, byteOffset, length), dims);
  }
}

/**
 * A tensor of half floats, given as their bits. Where the runtime has a Float16Array (Node 24) onnxruntime-common makes
 * one of them, which the native side of onnxruntime-node 1.30 takes for empty: it is shown the bits instead.
 */
function float16Tensor(bits: Uint16Array, dims: readonly number[]): ort.Tensor {
  const tensor = new ort.Tensor("float16", bits, dims);
  return tensor.data instanceof Uint16Array ? tensor : Object.defineProperty(tensor, "data", { value: bits });
}

/** A tensor of onnxruntime's as plain values. @throws Error on a type the wire does not have */
export function fromOrtTensor(name: string, tensor: ort.Tensor): PlainTensor {
  if (!Object.hasOwn(TYPES, tensor.type)) throw new Error(`${name} has the unsupported type ${tensor.type}`);
  const type = tensor.type as TypeName;
  if (type === "string") return { name, type, dims: tensor.dims, data: tensor.data as string[] };
  const data = tensor.data as Float32Array;
  return { name, type, dims: tensor.dims, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** A plain tensor as the wire carries it. */
export function toWireTensor(plain: PlainTensor): WireTensor {
  const raw = plain.type === "string" ? writeStrings(plain.data as readonly string[]) : (plain.data as Uint8Array);
  return { name: plain.name, datatype: TYPES[plain.type].datatype, shape: [...plain.dims], raw };
}

function writeStrings(strings: readonly string[]): Uint8Array {
  const encoder = new TextEncoder();
  const parts = strings.map((text) => encoder.encode(text));
  const raw = new Uint8Array(parts.reduce((total, part) => total + STRING_LENGTH_BYTES + part.byteLength, 0));
  const view = new DataView(raw.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.byteLength, true);
    raw.set(part, at + STRING_LENGTH_BYTES);
    at += STRING_LENGTH_BYTES + part.byteLength;
  }
  return raw;
}
