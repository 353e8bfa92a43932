// What generated decoders do not check: that the bytes nest as Protobuf's encoding says, and how much they unpack to.
import { FrameError } from "./codec.js";
import { type FieldPlan, type MessagePlan, planOf } from "./plan.js";

/** Messages inside one another; Protobuf decoders stop at 100 by convention, ts-proto's too. */
const MAX_DEPTH = 100;
/** Messages and map entries in one frame: two bytes of a frame can cost a hundred of memory once decoded. */
export const MAX_MESSAGES = 1 << 18;

const PROTO = new TextEncoder().encode("__proto__");
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const WIRE_TYPES: Readonly<Record<string, number>> = { double: FIXED64, float: FIXED32, string: BYTES, bytes: BYTES };

/** What may stand at a field number. */
interface WireField {
  readonly wireType: number;
  /** Of a repeated number: how each is encoded when they are packed. */
  readonly packed?: number;
  readonly message?: WireMessage;
  /** Whether it is the key of a map's entry. */
  readonly isKey?: true;
}

/** Fields by number. */
type WireMessage = (WireField | undefined)[];

/** What a frame's outline tells before it is decoded. */
export interface Outline {
  /** The frame's id; 0 without one. */
  readonly id: number;
  /** Whether a known body is there. */
  readonly hasBody: boolean;
  /** Number of a field that the schema does not know; 0 without one. */
  readonly unknown: number;
  /** Whether any field of the frame is known. */
  readonly hasKnown: boolean;
}

const TIMESTAMP: WireMessage = [undefined, { wireType: VARINT }, { wireType: VARINT }];
const VALUE: WireMessage = [undefined, { wireType: VARINT }, { wireType: FIXED64 }, { wireType: BYTES }];
const STRUCT: WireMessage = [undefined, entryOf({ wireType: BYTES, message: VALUE })];
VALUE.push({ wireType: VARINT }, { wireType: BYTES, message: STRUCT });
VALUE.push({ wireType: BYTES, message: [undefined, { wireType: BYTES, message: VALUE }] });

const known = new Map<string, WireMessage>();
const CLIENT_FRAME = wireMessage(planOf("ClientFrame"));
const ID = 1;

/** Walks a ClientFrame's bytes. @throws FrameError INVALID_FRAME where they do not nest, INVALID_MESSAGE beyond a limit */
export function outlineOf(bytes: Uint8Array): Outline {
  return new Walker(bytes).frame();
}

function wireMessage(plan: MessagePlan): WireMessage {
  const found = known.get(plan.name);
  if (found) return found;
  const fields: WireMessage = [];
  known.set(plan.name, fields);
  for (const field of [...plan.plain, ...plan.byCase.values()]) fields[field.number] = wireField(field);
  return fields;
}

function wireField(field: FieldPlan): WireField {
  const single = singleField(field);
  if (field.cardinality === "map") return entryOf(single);
  const packs = field.cardinality === "list" && single.wireType !== BYTES;
  return packs ? { wireType: single.wireType, packed: single.wireType } : single;
}

function singleField(field: FieldPlan): WireField {
  if (field.kind === "message") return { wireType: BYTES, message: wireMessage(field.plan) };
  if (field.kind === "timestamp") return { wireType: BYTES, message: TIMESTAMP };
  if (field.kind === "struct") return { wireType: BYTES, message: STRUCT };
  if (field.kind === "value") return { wireType: BYTES, message: VALUE };
  return { wireType: WIRE_TYPES[field.kind] ?? VARINT };
}

function entryOf(value: WireField): WireField {
  return { wireType: BYTES, message: [undefined, { wireType: BYTES, isKey: true }, value] };
}

class Walker {
  private at = 0;
  private id = 0;
  private messages = 0;

  constructor(private readonly bytes: Uint8Array) {}

  frame(): Outline {
    const end = this.bytes.length;
    let hasBody = false;
    let hasKnown = false;
    let unknown = 0;
    while (this.at < end) {
      const tag = this.varint(end);
      const number = tag >>> 3;
      const field = CLIENT_FRAME[number];
      if (field === undefined) unknown = number;
      else hasKnown = true;
      if (number === ID && (tag & 7) === VARINT) {
        this.id = this.varint(end) | 0;
        continue;
      }
      this.field(field, tag, end, 1);
      if (field !== undefined) hasBody = true;
    }
    return { id: this.id, hasBody, unknown, hasKnown };
  }

  private message(fields: WireMessage, end: number, depth: number): void {
    if (depth > MAX_DEPTH) throw this.tooMuch("nested too deep");
    if (++this.messages > MAX_MESSAGES) throw this.tooMuch(`more than ${MAX_MESSAGES} messages and map entries`);
    while (this.at < end) {
      const tag = this.varint(end);
      this.field(fields[tag >>> 3], tag, end, depth);
    }
  }

  private field(field: WireField | undefined, tag: number, end: number, depth: number): void {
    const wireType = tag & 7;
    if (tag >>> 3 === 0) throw this.broken("a field of number 0");
    if (field === undefined || wireType === field.wireType) {
      this.value(field, wireType, end, depth);
    } else if (wireType === BYTES && field.packed !== undefined) {
      this.packed(field.packed, this.stop(end));
    } else {
      throw this.broken(`field ${tag >>> 3} of wire type ${wireType} instead of ${field.wireType}`);
    }
  }

  private value(field: WireField | undefined, wireType: number, end: number, depth: number): void {
    if (wireType === VARINT) this.varint(end);
    else if (wireType === FIXED64) this.skip(8, end);
    else if (wireType === FIXED32) this.skip(4, end);
    else if (wireType !== BYTES) throw this.broken(`wire type ${wireType}`);
    else if (field?.message) this.message(field.message, this.stop(end), depth + 1);
    else this.text(field, this.stop(end));
  }

  private text(field: WireField | undefined, stop: number): void {
    if (field?.isKey && stop - this.at === PROTO.length && PROTO.every((byte, i) => byte === this.bytes[this.at + i])) {
      // The generated decoder assigns keys: this one would set the map's prototype.
      throw new FrameError(this.id, "INVALID_MESSAGE", "expected names other than __proto__ in a map");
    }
    this.at = stop;
  }

  private packed(wireType: number, stop: number): void {
    if (wireType === VARINT) while (this.at < stop) this.varint(stop);
    else this.skip(stop - this.at, stop, wireType === FIXED64 ? 8 : 4);
  }

  private skip(size: number, end: number, unit = 1): void {
    if (end - this.at < size || size % unit !== 0) throw this.broken("numbers cut short");
    this.at += size;
  }

  /** Reads a length; where what it measures ends. */
  private stop(end: number): number {
    const length = this.varint(end);
    if (length > end - this.at) throw this.broken(`a length of ${length} with ${end - this.at} bytes left`);
    return this.at + length;
  }

  /** The low 32 bits of a varint. */
  private varint(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= end) throw this.broken("a number cut short");
      const byte = this.bytes[this.at++] as number;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw this.broken("a number of more than ten bytes");
  }

  private broken(what: string): FrameError {
    return new FrameError(this.id, "INVALID_FRAME", `no ClientFrame: ${what} at byte ${this.at}`);
  }

  private tooMuch(what: string): FrameError {
    return new FrameError(this.id, "INVALID_MESSAGE", `the frame holds too much: ${what}`);
  }
}
