// The hand codec of the hottest message: a positional reading in, a positional prediction out. Floats go from bytes to
// bytes, none becomes a JavaScript number. Tests hold it to the generated codec, byte for byte.
import { SignalNames } from "../../generated/ts/tidewire/v1/inference.js";
import { createWriter } from "./fast-writer.js";
import { frameIdBytes, varint32Bytes, writeFrameId, writeVarint32 } from "./varint.js";

if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) throw new Error("Tidewire needs a little-endian host");

const ID_TAG = 0x08; // id = 1, varint
const BODY_TAG = 0x1a; // predict = 3 and prediction = 3, length-delimited
const VALUES_TAG = 0x0a; // values = 1, packed
const LATENCY_TAG = 0x25; // latency_ms = 4, 32 bits
const BOOST_TAG = 0x2a; // signals_used_boost = 5, length-delimited
const FLOAT_BYTES = 4;
const LOOP_BYTES = 24;

/** What {@link matchPredict} found; one object serves all calls. */
export interface HotPredict {
  /** The frame's id; 0 without one. */
  id: number;
  /** Offset of the first float in the message. */
  at: number;
}

/** Messages to one connection, in order, that can write themselves into a buffer. Payloads only, no WebSocket headers. */
export interface MessageRun {
  /** How many messages. */
  readonly count: number;
  /** Bytes of message i. */
  byteLength(i: number): number;
  /** Writes message i; the offset behind it. `target` must have room. */
  write(i: number, target: Uint8Array, at: number): number;
}

/**
 * Whether the message is a ClientFrame of nothing but an optional id (not negative) and a predict of nothing but exactly
 * `floats` packed `values`; then fills `found`. Any other message is the generated decoder's. Allocates and throws nothing.
 */
export function matchPredict(message: Uint8Array, floats: number, found: HotPredict): boolean {
  const end = message.length;
  const bytes = floats * FLOAT_BYTES;
  let at = 0;
  let id = 0;
  if (floats < 1 || end < bytes + 4) return false;
  if (message[0] === ID_TAG) {
    let shift = 0;
    let byte: number;
    do {
      byte = message[++at] as number;
      id |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte > 0x7f && shift < 35 && at < end);
    // The fifth byte holds bits 28 to 34; an int32 that is not negative has none above 30.
    if (byte > 0x7f || (shift === 35 && byte > 0x07)) return false;
    at++;
  }
  if (message[at] !== BODY_TAG) return false;
  const start = end - bytes;
  at = matchLength(message, at + 1, end, end);
  if (at < 0 || message[at] !== VALUES_TAG) return false;
  if (matchLength(message, at + 1, end, end) !== start) return false;
  found.id = id;
  found.at = start;
  return true;
}

/** Offset behind a length that reaches exactly to `stop`; negative where there is none. */
function matchLength(message: Uint8Array, from: number, end: number, stop: number): number {
  let at = from;
  let length = 0;
  for (let shift = 0; shift < 28 && at < end; shift += 7) {
    const byte = message[at++] as number;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return at + length === stop ? at : -1;
  }
  return -1;
}

/** The field signals_used_boost as it ends every prediction of one configuration. */
export function encodeBoostSuffix(names: readonly string[]): Uint8Array {
  const writer = createWriter().uint32(BOOST_TAG).fork();
  return SignalNames.encode({ names: [...names] }, writer)
    .join()
    .finish();
}

/** Rows of an output tensor as positional predictions to one connection. */
export interface PredictionRows {
  /** Message i answers request ids[i]; 0 without an id. */
  readonly ids: Int32Array;
  /** float32 [rows, signals], row-major; borrowed until the run is written. */
  readonly outputs: Float32Array;
  /** The row of message 0; message i is row firstRow + i. */
  readonly firstRow: number;
  readonly count: number;
  readonly signals: number;
  /** latency_ms of message i; absent without metadata. */
  readonly latency?: Float32Array | undefined;
  /** From {@link encodeBoostSuffix}; empty without metadata. */
  readonly boostSuffix: Uint8Array;
}

/** ServerFrames of positional predictions, written straight from the output tensor. */
export class PredictionRun implements MessageRun {
  readonly count: number;
  private readonly ids: Int32Array;
  private readonly outputs: Uint8Array;
  private readonly firstByte: number;
  private readonly valuesBytes: number;
  private readonly latency: Uint8Array | undefined;
  private readonly suffix: Uint8Array;
  private readonly bodyBytes: number;
  private readonly tailBytes: number;

  constructor(rows: PredictionRows) {
    this.count = rows.count;
    this.ids = rows.ids;
    this.outputs = bytesOf(rows.outputs);
    this.valuesBytes = rows.signals * FLOAT_BYTES;
    this.firstByte = rows.firstRow * this.valuesBytes;
    this.latency = rows.latency && bytesOf(rows.latency);
    this.suffix = rows.boostSuffix;
    const values = this.valuesBytes === 0 ? 0 : 1 + varint32Bytes(this.valuesBytes) + this.valuesBytes;
    this.bodyBytes = values + (this.latency ? 1 + FLOAT_BYTES : 0) + this.suffix.length;
    this.tailBytes = 1 + varint32Bytes(this.bodyBytes) + this.bodyBytes;
  }

  byteLength(i: number): number {
    return frameIdBytes(this.ids[i] as number) + this.tailBytes;
  }

  write(i: number, target: Uint8Array, at: number): number {
    let end = writeFrameId(this.ids[i] as number, target, at);
    target[end++] = BODY_TAG;
    end = writeVarint32(this.bodyBytes, target, end);
    if (this.valuesBytes > 0) {
      target[end++] = VALUES_TAG;
      end = writeVarint32(this.valuesBytes, target, end);
      end = copy(this.outputs, this.firstByte + i * this.valuesBytes, this.valuesBytes, target, end);
    }
    if (this.latency) {
      target[end++] = LATENCY_TAG;
      end = copy(this.latency, i * FLOAT_BYTES, FLOAT_BYTES, target, end);
    }
    return copy(this.suffix, 0, this.suffix.length, target, end);
  }
}

/**
 * A loop wins below ~24 bytes (6 floats: 10 ns against 28), `set` of a view above it: 29 ns for 20 floats, where a byte
 * loop takes 109, a DataView 30 (73 with its creation) and Buffer.copy 39; 31 ns for 64 floats, a DataView 91.
 */
function copy(source: Uint8Array, from: number, length: number, target: Uint8Array, at: number): number {
  if (length <= LOOP_BYTES) for (let i = 0; i < length; i++) target[at + i] = source[from + i] as number;
  else target.set(source.subarray(from, from + length), at);
  return at + length;
}

function bytesOf(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
}
