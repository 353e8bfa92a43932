// Any message of the schema from Protobuf's binary form; unknown fields are skipped.
import {
  type Chosen,
  createMessage,
  DELIMITED,
  FIXED32,
  FIXED64,
  type Field,
  type Message,
  type Plan,
  VARINT,
} from "./plan.js";

/** Four bytes of a varint are kept apart from the others: what JavaScript's bit operations can do. */
const LOW_BITS = 28;
const HIGH = 2 ** (64 - LOW_BITS);
/** Texts up to this many bytes are read by hand: cheaper than a call of TextDecoder. */
const SHORT_TEXT = 24;
const utf8 = new TextDecoder();

/** The message; its `bytes` fields are views into the given ones. @throws RangeError on bytes that are no such message, TypeError on no bytes */
export function decodeProto(plan: Plan, bytes: ArrayBuffer): Message {
  return new Reader(bytes).message(plan, bytes.byteLength);
}

class Reader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: ArrayBuffer) {
    this.#view = new DataView(bytes);
    this.#bytes = new Uint8Array(bytes);
  }

  message(plan: Plan, end: number): Message {
    const message = createMessage(plan);
    const { byNumber } = plan;
    this.#each(end, (number, wire) => {
      const field = byNumber[number];
      if (field === undefined) return false;
      if (field.oneof) {
        if (wire === field.wire) message[plan.oneof] = { $case: field.key, value: this.#one(field) };
      } else if (field.repeated) return this.#list(field, wire, message[field.key] as unknown[]);
      else if (wire !== (field.entry ? DELIMITED : field.wire)) return false;
      else if (field.entry) this.#entry(field, field.entry, message[field.key] as Message);
      else message[field.key] = this.#one(field);
      return true;
    });
    return message;
  }

  /** Hands each field's number and wire type to `read`, which reads it, or says false to have it skipped. */
  #each(end: number, read: (number: number, wire: number) => boolean): void {
    while (this.#at < end) {
      const tag = this.#varint();
      if (!read(Math.floor(tag / 8), tag % 8)) this.#skip(tag % 8);
    }
    if (this.#at > end) throw broken();
  }

  #list(field: Field, wire: number, list: unknown[]): boolean {
    const own = field.wire;
    if (wire === own) list.push(this.#one(field));
    else if (wire !== DELIMITED) return false;
    else for (const end = this.#end(); this.#at < end; ) list.push(this.#one(field));
    return true;
  }

  #one(field: Field): unknown {
    switch (field.kind as string) {
      case "float":
        return this.#view.getFloat32(this.#forward(4), true);
      case "double":
        return this.#view.getFloat64(this.#forward(8), true);
      case "bool":
        return this.#varint() !== 0;
      case "int32":
      case "enum":
        return this.#varint() | 0;
      case "string":
        return this.#text();
      case "bytes":
        return this.#raw();
      case "message":
      case "timestamp":
        return this.message(field.plan, this.#end());
      case "struct":
      case "list":
        return this.message(field.plan, this.#end()).values;
      case "value": {
        const { kind } = this.message(field.plan, this.#end()) as { kind?: Chosen };
        return kind?.$case === "null" ? null : (kind?.value ?? null);
      }
      default:
        return this.#varint();
    }
  }

  #entry({ kind, plan }: Field, entry: Plan, map: Message): void {
    const { key, value } = this.message(entry, this.#end());
    // No ordinary key in JavaScript: assigning it would set the prototype.
    if (key !== "__proto__") map[key as string] = value ?? (kind === "message" ? createMessage(plan) : null);
  }

  #text(): string {
    const bytes = this.#raw();
    if (bytes.length > SHORT_TEXT) return utf8.decode(bytes);
    let text = "";
    for (const byte of bytes) {
      if (byte > 0x7f) return utf8.decode(bytes);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #raw(): Uint8Array {
    const end = this.#end();
    return this.#bytes.subarray(this.#forward(end - this.#at), end);
  }

  /** Where the length-delimited value that begins here ends. */
  #end(): number {
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw broken();
    return end;
  }

  /** Where this was, before going on by so many bytes. */
  #forward(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    return at;
  }

  /** Up to 64 bits; a number of more than 53 is the nearest one. */
  #varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < LOW_BITS) low |= (byte & 0x7f) << shift;
      else high += (byte & 0x7f) * 2 ** (shift - LOW_BITS);
      if (byte < 0x80) return low + signed(high) * 2 ** LOW_BITS;
    }
    throw broken();
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw broken();
    return byte;
  }

  #skip(wire: number): void {
    if (wire === VARINT) this.#varint();
    else if (wire === DELIMITED) this.#at = this.#end();
    else if (wire === FIXED64) this.#at += 8;
    else if (wire === FIXED32) this.#at += 4;
    else throw broken();
  }
}

/** Bits above the low ones, as of a number in two's complement. */
function signed(high: number): number {
  const bits = high % HIGH;
  return bits < HIGH / 2 ? bits : bits - HIGH;
}

function broken(): RangeError {
  return new RangeError("bytes that are cut, or no message");
}
