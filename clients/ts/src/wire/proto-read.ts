// Any message of the schema from Protobuf's binary form; unknown fields are skipped.
import { createMessage, type FieldPlan, type Message, type MessagePlan } from "../../../../src/wire/plan.js";
import { DELIMITED, FIXED32, FIXED64, VALUES, VARINT, wireOf } from "./wire-type.js";

/** Texts up to this many bytes are read by hand: cheaper than a call of TextDecoder. */
const SHORT_TEXT = 24;
const utf8 = new TextDecoder();
const fields = new WeakMap<MessagePlan, FieldPlan[]>();

/** The message; its `bytes` fields are views into the given ones. @throws RangeError on bytes that are no such message */
export function decodeProto(plan: MessagePlan, bytes: Uint8Array<ArrayBuffer>): Message {
  return new Reader(bytes).message(plan, bytes.length);
}

class Reader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  message(plan: MessagePlan, end: number): Message {
    const message = createMessage(plan);
    const byNumber = fieldsOf(plan);
    this.#each(end, (number, wire) => {
      const field = byNumber[number];
      if (field === undefined) return false;
      if (field.oneof !== undefined) {
        if (wire === wireOf(field)) message[plan.oneof] = { $case: field.key, value: this.#one(field) };
      } else if (field.cardinality === "list") return this.#list(field, wire, message[field.key] as unknown[]);
      else if (wire !== (field.map ? DELIMITED : wireOf(field))) return false;
      else if (field.map) this.#entry(field, message[field.key] as Message);
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
    if (this.#at > end) throw new RangeError("a field ends behind its message");
  }

  #list(field: FieldPlan, wire: number, list: unknown[]): boolean {
    const own = wireOf(field);
    if (wire === own) list.push(this.#one(field));
    else if (wire !== DELIMITED) return false;
    else for (const end = this.#end(); this.#at < end; ) list.push(this.#one(field));
    return true;
  }

  #entry(field: FieldPlan, map: Message): void {
    let key = "";
    let value: unknown;
    this.#each(this.#end(), (number, wire) => {
      if (number === 1 && wire === DELIMITED) key = this.#text();
      else if (number === 2 && wire === wireOf(field)) value = this.#one(field);
      else return false;
      return true;
    });
    // No ordinary key in JavaScript: assigning it would set the prototype.
    if (key !== "__proto__") map[key] = value ?? this.#absent(field);
  }

  /** The value of a map's entry that says none. */
  #absent({ kind, plan }: FieldPlan): unknown {
    if (kind === "message") return createMessage(plan);
    return kind === "string" ? "" : kind === "bool" ? false : kind === "value" ? null : 0;
  }

  #one(field: FieldPlan): unknown {
    switch (field.kind) {
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
        return this.message(field.plan, this.#end());
      case "timestamp":
        return this.#timestamp();
      case "struct":
        return this.#struct();
      case "value":
        return this.#json();
      default:
        return this.#varint();
    }
  }

  #timestamp(): { seconds: number; nanos: number } {
    const timestamp = { seconds: 0, nanos: 0 };
    this.#each(this.#end(), (number, wire) => {
      if (wire !== VARINT || number > 2) return false;
      timestamp[number === 1 ? "seconds" : "nanos"] = this.#varint();
      return true;
    });
    return timestamp;
  }

  /** google.protobuf.Struct. */
  #struct(): Message {
    const fields: Message = {};
    this.#each(this.#end(), (number, wire) => {
      if (number !== VALUES.number || wire !== DELIMITED) return false;
      this.#entry(VALUES, fields);
      return true;
    });
    return fields;
  }

  /** google.protobuf.Value: any JSON value. */
  #json(): unknown {
    let value: unknown = null;
    this.#each(this.#end(), (number, wire) => {
      if (number === 1 && wire === VARINT) this.#skip(wire);
      else if (number === 2 && wire === FIXED64) value = this.#view.getFloat64(this.#forward(8), true);
      else if (number === 3 && wire === DELIMITED) value = this.#text();
      else if (number === 4 && wire === VARINT) value = this.#varint() !== 0;
      else if (number === 5 && wire === DELIMITED) value = this.#struct();
      else if (number === 6 && wire === DELIMITED) value = this.#jsonList();
      else return false;
      return true;
    });
    return value;
  }

  #jsonList(): unknown[] {
    const list: unknown[] = [];
    this.#each(this.#end(), (number, wire) => number === VALUES.number && this.#list(VALUES, wire, list));
    return list;
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
    if (length < 0 || end > this.#bytes.length) throw new RangeError("a length beyond the message");
    return end;
  }

  /** Where this was, before going on by so many bytes. */
  #forward(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    return at;
  }

  #varint(): number {
    let value = 0;
    const start = this.#at;
    for (let scale = 1; scale < 2 ** 49; scale *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    this.#at = start;
    return this.#long();
  }

  /** Eight bytes and more: large and negative numbers. */
  #long(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new RangeError("a varint of more than ten bytes");
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError("the message ends inside a field");
    return byte;
  }

  #skip(wire: number): void {
    if (wire === VARINT) this.#varint();
    else if (wire === DELIMITED) this.#at = this.#end();
    else if (wire === FIXED64) this.#at += 8;
    else if (wire === FIXED32) this.#at += 4;
    else throw new RangeError(`wire type ${wire}`);
  }
}

function fieldsOf(plan: MessagePlan): FieldPlan[] {
  let found = fields.get(plan);
  if (found === undefined) {
    found = [];
    for (const field of [...plan.plain, ...plan.byCase.values()]) found[field.number] = field;
    fields.set(plan, found);
  }
  return found;
}
