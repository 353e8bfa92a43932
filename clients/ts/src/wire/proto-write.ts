// Protobuf's binary form of any message of the schema, byte for byte what the generated encoders write: fields in the
// order of their numbers, defaults left out, repeated numbers packed. One table instead of a function a message keeps
// the client small.
import type { Timestamp } from "../../../../generated/ts/google/protobuf/timestamp.js";
import type { Chosen } from "../../../../src/wire/json-write.js";
import type { FieldPlan, Message, MessagePlan } from "../../../../src/wire/plan.js";
import { TidewireClientError } from "../errors.js";
import { DELIMITED, FIXED64, VALUES, VARINT, wireOf } from "./wire-type.js";

const INITIAL_BYTES = 1024;
/** A buffer beyond this is let go after its message, so one large tensor does not stay in memory. */
const MAX_KEPT_BYTES = 1024 * 1024;
/** Longest varint, and more than any tag, fixed number or length takes. */
const MOST_SCALAR_BYTES = 16;
const utf8 = new TextEncoder();

/** Encodes one message after the other into one growing buffer. */
export class ProtoWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** The message's bytes, valid until the next call. @throws TidewireClientError INVALID_MESSAGE on a number out of range */
  encode(plan: MessagePlan, message: Message): Uint8Array<ArrayBuffer> {
    this.#at = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#grow(INITIAL_BYTES);
    this.#message(plan, message);
    return this.#bytes.subarray(0, this.#at);
  }

  #message(plan: MessagePlan, message: Message): void {
    for (const field of plan.plain) {
      const value = message[field.key];
      if (value !== undefined) this.#field(field, value);
    }
    const chosen = message[plan.oneof] as Chosen | undefined;
    const field = plan.byCase.get(chosen?.$case ?? "");
    if (chosen && field) this.#element(field.number, field, chosen.value);
  }

  #field(field: FieldPlan, value: unknown): void {
    if (field.cardinality === "list") this.#list(field, value as ArrayLike<unknown>);
    else if (field.cardinality === "map") this.#map(field, value as Message);
    else if (field.optional || !isDefault(field, value)) this.#element(field.number, field, value);
  }

  #list(field: FieldPlan, values: ArrayLike<unknown>): void {
    const each = (write: (value: unknown) => void) => {
      for (let i = 0; i < values.length; i++) write(values[i]);
    };
    if (wireOf(field) === DELIMITED) each((value) => this.#element(field.number, field, value));
    else if (values.length > 0) {
      this.#tag(field.number, DELIMITED);
      this.#delimited(() => each((value) => this.#scalar(field, value)));
    }
  }

  #map(field: FieldPlan, map: Message): void {
    for (const [key, value] of Object.entries(map)) {
      if (value === undefined) continue;
      this.#tag(field.number, DELIMITED);
      this.#delimited(() => {
        if (key !== "") this.#text(1, key);
        if (!isDefault(field, value)) this.#element(2, field, value);
      });
    }
  }

  #element(number: number, field: FieldPlan, value: unknown): void {
    if (field.kind === "string") return this.#text(number, value as string);
    this.#tag(number, wireOf(field));
    this.#scalar(field, value);
  }

  #scalar(field: FieldPlan, value: unknown): void {
    this.#reserve(MOST_SCALAR_BYTES);
    switch (field.kind) {
      case "float":
        this.#view.setFloat32(this.#at, numberOf(value), true);
        this.#at += 4;
        return;
      case "double":
        return this.#double(numberOf(value));
      case "bytes":
        return this.#raw(value as Uint8Array);
      case "message":
        return this.#delimited(() => this.#message(field.plan, value as Message));
      case "timestamp":
        return this.#delimited(() => this.#timestamp(value as Timestamp));
      case "struct":
        return this.#delimited(() => this.#map(VALUES, value as Message));
      case "value":
        return this.#delimited(() => this.#json(value));
      default:
        this.#whole(field, Number(value));
    }
  }

  #whole({ name, least, most, range }: FieldPlan, value: number): void {
    if (value < least || value > most) throw notWhole(value, name, range);
    this.#varint(value, name);
  }

  #double(value: number): void {
    this.#reserve(MOST_SCALAR_BYTES);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  #timestamp({ seconds, nanos }: Timestamp): void {
    if (seconds !== 0) this.#tagged(1, seconds);
    if (nanos !== 0) this.#tagged(2, nanos);
  }

  /** google.protobuf.Value: any JSON value. */
  #json(value: unknown): void {
    if (value === null) this.#tagged(1, 0);
    else if (typeof value === "number") {
      this.#tag(2, FIXED64);
      this.#double(value);
    } else if (typeof value === "string") this.#text(3, value);
    else if (typeof value === "boolean") this.#tagged(4, Number(value));
    else if (Array.isArray(value)) {
      this.#tag(6, DELIMITED);
      this.#delimited(() => this.#list(VALUES, value));
    } else {
      this.#tag(5, DELIMITED);
      this.#delimited(() => this.#map(VALUES, value as Message));
    }
  }

  #tagged(number: number, value: number): void {
    this.#tag(number, VARINT);
    this.#varint(value);
  }

  #tag(number: number, wire: number): void {
    this.#varint(number * 8 + wire);
  }

  #text(number: number, text: string): void {
    this.#tag(number, DELIMITED);
    this.#delimited(() => {
      this.#reserve(text.length * 3);
      this.#at += utf8.encodeInto(text, this.#bytes.subarray(this.#at)).written;
    });
  }

  #raw(bytes: Uint8Array): void {
    this.#varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** What `write` writes, its length before it; one byte is kept for the length, and more are made when it needs them. */
  #delimited(write: () => void): void {
    this.#reserve(MOST_SCALAR_BYTES);
    const start = ++this.#at;
    write();
    const length = this.#at - start;
    let extra = 0;
    for (let rest = length; rest > 0x7f; rest >>>= 7) extra++;
    if (extra > 0) {
      this.#reserve(extra);
      this.#bytes.copyWithin(start + extra, start, this.#at);
    }
    this.#at = start - 1;
    this.#varint(length);
    this.#at += length;
  }

  #varint(value: number, field = "timestamp"): void {
    if (!Number.isSafeInteger(value)) throw notWhole(value, field);
    this.#reserve(MOST_SCALAR_BYTES);
    let rest = value;
    if (rest < 0) return this.#negative(BigInt.asUintN(64, BigInt(rest)));
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 0x80)) this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#at++] = rest;
  }

  #negative(value: bigint): void {
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const written = this.#bytes;
    this.#grow(Math.max(written.length * 2, this.#at + more));
    this.#bytes.set(written);
  }

  #grow(size: number): void {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }
}

/** What is no number is NaN, which the server refuses by name; setting it would make 0 of null and 23.5 of "23.5". */
export const numberOf = (value: unknown): number => (typeof value === "number" ? value : Number.NaN);

function notWhole(value: number, field: string, range = ""): TidewireClientError {
  const message = `${field}: expected a whole number${range}, came ${value}`;
  return new TidewireClientError("INVALID_MESSAGE", message, { details: { field } });
}

/** What proto3 leaves out of a field without presence. */
function isDefault({ kind }: FieldPlan, value: unknown): boolean {
  if (kind === "bytes") return (value as Uint8Array).length === 0;
  return kind !== "value" && (value === 0 || value === "" || value === false);
}
