// Protobuf's binary form of any message of the schema, byte for byte what the generated encoders write: fields in the
// order of their numbers, defaults left out, repeated numbers packed. One table instead of a function a message keeps
// the client small.
import { TidewireClientError } from "../errors.js";
import { type Chosen, DELIMITED, type Field, type Message, type Plan } from "./plan.js";

const INITIAL_BYTES = 1024;
/** A buffer beyond this is let go after its message, so one large tensor does not stay in memory. */
const MAX_KEPT_BYTES = 1024 * 1024;
/** Longest varint, and more than any tag, fixed number or length takes. */
const MOST_SCALAR_BYTES = 16;
const MAX_UINT32 = 0xffffffff;
const utf8 = new TextEncoder();

/** Encodes one message after the other into one growing buffer. */
export class ProtoWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** The message's bytes, valid until the next call. @throws TidewireClientError INVALID_MESSAGE on a number out of range */
  encode(plan: Plan, message: Message): Uint8Array<ArrayBuffer> {
    this.#at = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#grow(INITIAL_BYTES);
    this.#message(plan, message);
    return this.#bytes.subarray(0, this.#at);
  }

  #message(plan: Plan, message: Message): void {
    for (const field of plan.plain) {
      const value = message[field.key];
      if (value !== undefined) this.#field(field, value);
    }
    const chosen = message[plan.oneof] as Chosen | undefined;
    const field = plan.byCase.get(chosen?.$case ?? "");
    if (chosen && field) this.#element(field, chosen.value);
  }

  #field(field: Field, value: unknown): void {
    const { entry, number } = field;
    if (field.repeated) this.#list(field, value as ArrayLike<unknown>);
    else if (entry) {
      for (const [key, each] of Object.entries(value as Message)) {
        if (each !== undefined) this.#nested(number, () => this.#message(entry, { key, value: each }));
      }
    } else if (field.optional || !isDefault(field, value)) this.#element(field, value);
  }

  #list(field: Field, values: ArrayLike<unknown>): void {
    const each = (write: (value: unknown) => void) => {
      for (let i = 0; i < values.length; i++) write(values[i]);
    };
    if (field.wire === DELIMITED) each((value) => this.#element(field, value));
    else if (values.length > 0) this.#nested(field.number, () => each((value) => this.#scalar(field, value)));
  }

  #element(field: Field, value: unknown): void {
    this.#varint(field.number * 8 + field.wire);
    this.#scalar(field, value);
  }

  #nested(number: number, write: () => void): void {
    this.#varint(number * 8 + DELIMITED);
    this.#delimited(write);
  }

  #scalar(field: Field, value: unknown): void {
    const { kind, plan } = field;
    this.#reserve(MOST_SCALAR_BYTES);
    switch (kind as string) {
      case "float":
        this.#view.setFloat32(this.#at, numberOf(value), true);
        this.#at += 4;
        return;
      case "double":
        this.#view.setFloat64(this.#at, numberOf(value), true);
        this.#at += 8;
        return;
      case "string":
        return this.#delimited(() => this.#text(value as string));
      case "bytes":
        return this.#raw(value as Uint8Array);
      case "message":
      case "timestamp":
        return this.#delimited(() => this.#message(plan, value as Message));
      case "struct":
      case "list":
        return this.#delimited(() => this.#message(plan, { values: value }));
      case "value":
        return this.#delimited(() => this.#message(plan, { kind: { $case: jsonType(value), value } }));
      default:
        this.#whole(field, Number(value));
    }
  }

  #whole({ name, kind }: Field, value: number): void {
    const fits = kind.startsWith("u") ? value >= 0 : kind.endsWith("64") || value === (value | 0);
    if (!fits || (kind === "uint32" && value > MAX_UINT32)) throw notWhole(value, name, kind);
    this.#varint(value, name);
  }

  #text(text: string): void {
    this.#reserve(text.length * 3);
    this.#at += utf8.encodeInto(text, this.#bytes.subarray(this.#at)).written;
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

  #varint(value: number, field = "length"): void {
    if (!Number.isSafeInteger(value)) throw notWhole(value, field);
    this.#reserve(MOST_SCALAR_BYTES);
    let rest = value;
    if (rest < 0) {
      // Two's complement: four bytes of it by themselves, then the other 36 bits are no longer negative.
      for (let i = 0; i < 4; i++, rest = Math.floor(rest / 0x80)) this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest += 2 ** 36;
    }
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 0x80)) this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#at++] = rest;
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

/** The case of google.protobuf.Value that holds the JSON value. */
function jsonType(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
}

/** What is no number is NaN, which the server refuses by name; setting it would make 0 of null and 23.5 of "23.5". */
export const numberOf = (value: unknown): number => (typeof value === "number" ? value : Number.NaN);

function notWhole(value: number, field: string, kind = "safe"): TidewireClientError {
  const message = `${field}: expected a whole number (${kind}), came ${value}`;
  return new TidewireClientError("INVALID_MESSAGE", message, { details: { field } });
}

/** What proto3 leaves out of a field without presence. */
function isDefault({ kind }: Field, value: unknown): boolean {
  if (kind === "bytes") return (value as Uint8Array).length === 0;
  return kind !== "value" && (value === 0 || value === "" || value === false);
}
