// Mutations of Protobuf at the level of its fields: the tree of a message, changed where the encoding leaves room for harm.
import { type FieldPlan, type MessagePlan, planOf } from "../../../src/wire/plan.js";
import type { Random } from "../lib/random.js";

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED32 = 5;
/** 6 and 7 are no wire types at all. */
const WIRE_TYPES = [VARINT, FIXED64, BYTES, GROUP_START, GROUP_END, FIXED32, 6, 7];

/** Numbers at which decoders stumble: the edges of 31, 32, 53, 63 and 64 bits. */
const EDGES = [
  0n,
  1n,
  127n,
  128n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const FIELD_NUMBERS = [0, 1, 2, 11, 15, 16, 63, 2047, 19_000, 2 ** 29 - 1];
const DEPTHS = [5, 33, 65, 101, 400];
const MOST_EMPTY_MESSAGES = 400;

/** Texts that are none, or that somebody might trust. */
const TEXTS = [
  Buffer.from([0xff]),
  Buffer.from([0xc0, 0x80]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xf4, 0x90, 0x80, 0x80]),
  Buffer.from([0xe2, 0x82]),
  Buffer.from("__proto__"),
  Buffer.from("constructor"),
  Buffer.from("\u0000"),
  Buffer.from("../../../../etc/passwd"),
  Buffer.from("task.p.*"),
  Buffer.from(`training.${"x".repeat(129)}`),
  Buffer.from("training.a..b"),
  Buffer.from("\ufeff\u202e\u2028"),
  Buffer.from("y".repeat(5000)),
];

/** A field as it stands in the bytes. */
interface Field {
  number: number;
  wireType: number;
  value: bigint;
  bytes: Uint8Array;
  /** Of a message: its fields, in the place of `bytes`. */
  children: Field[] | undefined;
  /** What the length says beyond the truth. */
  lie: bigint;
  /** Bytes that a varint takes beyond those it needs. */
  padding: number;
}

type Mutation = (fields: Field[], at: number, random: Random) => void;

/** A valid frame's fields with one to three mutations. */
export function mutateProto(bytes: Uint8Array, donor: Uint8Array, random: Random): Uint8Array {
  const frame = parse(bytes, planOf("ClientFrame"));
  for (let count = random.integer(1, 3); count > 0; count -= 1) {
    const fields = random.pick(listsIn(frame));
    if (fields.length === 0 || random.chance(0.1)) fields.push(random.pick(pickable(donor)));
    else random.pick(MUTATIONS)(fields, random.integer(0, fields.length - 1), random);
  }
  return write(frame);
}

function pickable(donor: Uint8Array): Field[] {
  const lists = listsIn(parse(donor, planOf("ClientFrame"))).flat();
  return lists.length > 0 ? lists : [fieldOf(1, VARINT)];
}

const MUTATIONS: readonly Mutation[] = [
  (fields, at, random) => {
    (fields[at] as Field).wireType = random.pick(WIRE_TYPES);
  },
  (fields, at, random) => {
    (fields[at] as Field).padding = random.pick([1, 4, 8, 9, 10]);
  },
  (fields, at, random) => {
    (fields[at] as Field).value = random.pick(EDGES);
  },
  (fields, at, random) => {
    (fields[at] as Field).lie = random.pick([1n, -1n, 5n, -5n, ...EDGES.slice(3)]);
  },
  (fields, at, random) => {
    (fields[at] as Field).number = random.pick(FIELD_NUMBERS);
  },
  (fields, at, random) => setBytes(fields[at] as Field, random.pick(TEXTS)),
  (fields, at, random) => setBytes(fields[at] as Field, random.bytes(random.integer(0, 40))),
  (fields, at, random) => {
    const bytes = bytesOf(fields[at] as Field);
    setBytes(fields[at] as Field, bytes.subarray(0, random.integer(0, bytes.length)));
  },
  (fields, at) => void fields.splice(at, 1),
  (fields, at, random) => void fields.splice(random.integer(0, fields.length), 0, { ...(fields[at] as Field) }),
  (fields, at, random) => void fields.push(...(fields.splice(at, random.integer(1, 2)) as Field[])),
  (fields, at, random) =>
    void fields.splice(at, 0, fieldOf(random.pick(FIELD_NUMBERS), random.pick(WIRE_TYPES), random)),
  (fields, at) => wrapInGroup(fields, at),
  (fields, at, random) => nest(fields[at] as Field, random.pick(DEPTHS)),
  (fields, at, random) =>
    void fields.push(...Array<Field>(random.integer(1, MOST_EMPTY_MESSAGES)).fill(emptied(fields[at] as Field))),
  (fields, at) => unpack(fields, at),
];

function setBytes(field: Field, bytes: Uint8Array): void {
  field.wireType = BYTES;
  field.bytes = bytes;
  field.children = undefined;
}

function emptied({ number }: Field): Field {
  return fieldOf(number, BYTES);
}

function wrapInGroup(fields: Field[], at: number): void {
  const { number } = fields[at] as Field;
  fields.splice(at, 1, fieldOf(number, GROUP_START), fields[at] as Field, fieldOf(number, GROUP_END));
}

/** Puts a field's content into itself, over and over. */
function nest(field: Field, depth: number): void {
  let bytes = bytesOf(field);
  for (let i = 0; i < depth; i += 1) bytes = write([{ ...fieldOf(field.number, BYTES), bytes }]);
  setBytes(field, bytes);
}

/** Packed numbers one by one, as older encoders write them; what is left over stays packed. */
function unpack(fields: Field[], at: number): void {
  const { number, bytes } = fields[at] as Field;
  const singles: Field[] = [];
  for (let i = 0; i + 4 <= bytes.length && singles.length < 64; i += 4) {
    singles.push({ ...fieldOf(number, FIXED32), value: BigInt(Buffer.from(bytes).readUInt32LE(i)) });
  }
  fields.splice(at + 1, 0, ...singles);
}

function fieldOf(number: number, wireType: number, random?: Random): Field {
  const value = random ? random.pick(EDGES) : 0n;
  const bytes = random ? random.bytes(random.integer(0, 8)) : new Uint8Array(0);
  return { number, wireType, value, bytes, children: undefined, lie: 0n, padding: 0 };
}

/** Every list of fields in the tree. */
function listsIn(fields: Field[]): Field[][] {
  return [fields, ...fields.flatMap(({ children }) => (children ? listsIn(children) : []))];
}

// ---- reading ----

/** Fields of a message that is known to be well-formed. */
function parse(bytes: Uint8Array, plan: MessagePlan | undefined): Field[] {
  const byNumber = new Map(plan ? [...plan.plain, ...plan.byCase.values()].map((each) => [each.number, each]) : []);
  const source = new Source(bytes);
  const fields: Field[] = [];
  while (!source.isAtEnd) fields.push(parseField(source, byNumber));
  return fields;
}

function parseField(source: Source, byNumber: ReadonlyMap<number, FieldPlan>): Field {
  const tag = Number(source.varint());
  const field = fieldOf(tag >>> 3, tag & 7);
  if (field.wireType === VARINT) field.value = source.varint();
  else if (field.wireType === FIXED64) field.value = source.fixed(8);
  else if (field.wireType === FIXED32) field.value = source.fixed(4);
  else {
    field.bytes = source.take(Number(source.varint()));
    const known = byNumber.get(field.number);
    if (known?.kind === "message" && known.cardinality !== "map") field.children = parse(field.bytes, known.plan);
    else if (known?.kind === "timestamp" || known?.cardinality === "map")
      field.children = parse(field.bytes, undefined);
  }
  return field;
}

class Source {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.#at >= this.bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes[this.#at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  fixed(size: 4 | 8): bigint {
    const bytes = Buffer.from(this.take(size));
    return size === 8 ? bytes.readBigUInt64LE() : BigInt(bytes.readUInt32LE());
  }

  take(length: number): Uint8Array {
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }
}

// ---- writing ----

function bytesOf({ children, bytes }: Field): Uint8Array {
  return children ? write(children) : bytes;
}

function write(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(fields.flatMap(writeField));
}

function writeField(field: Field): Uint8Array[] {
  const tag = varintOf((BigInt(field.number) << 3n) | BigInt(field.wireType), field.padding > 8 ? 1 : 0);
  if (field.wireType === VARINT) return [tag, varintOf(field.value, field.padding)];
  if (field.wireType === FIXED64) return [tag, fixedOf(field.value, 8)];
  if (field.wireType === FIXED32) return [tag, fixedOf(field.value, 4)];
  if (field.wireType !== BYTES) return [tag];
  const bytes = bytesOf(field);
  return [tag, varintOf(BigInt.asUintN(64, BigInt(bytes.length) + field.lie), field.padding), bytes];
}

function varintOf(value: bigint, padding: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn));
    rest >>= 7n;
  } while (rest > 0n);
  for (let i = 0; i < padding; i += 1) bytes.push(0);
  return Uint8Array.from(bytes, (byte, i) => (i < bytes.length - 1 ? byte | 0x80 : byte));
}

function fixedOf(value: bigint, size: 4 | 8): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes.subarray(0, size);
}
