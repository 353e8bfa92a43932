// The schema's table made ready for the client's readers and writers; a message's plan is made when it is first asked for.
import {
  ENUMS,
  type FieldSchema,
  MESSAGES,
  type MessageName,
  type MessageSchema,
} from "../../../../generated/ts/schema.js";

/** A message of any type, by ts-proto's field names. */
export type Message = Record<string, unknown>;

/** What a oneof of ts-proto holds. */
export interface Chosen {
  readonly $case: string;
  readonly value: Message;
}

/** A field, ready for use. */
export interface Field extends FieldSchema {
  /** Name in ts-proto's messages. */
  readonly key: string;
  /** Protobuf's wire type of one value. */
  readonly wire: number;
  /** The value that a new message has, unless the field is a list or a map. */
  readonly initial: unknown;
  /** Of an enum: JSON names by number. */
  readonly names: readonly string[];
  /** Of a field that holds messages, Protobuf's own among them: their type, made when it is first asked for. */
  readonly plan: Plan;
  /** Of a map: the message that each of its entries is. */
  readonly entry?: Plan;
}

/** One case of a oneof, by the name that JSON gives it in `type`. */
export interface Case {
  readonly field: Field;
  /** Whether the body's own kind stands in the frame's `type`: an event. */
  readonly inlined: boolean;
}

/** A message type, ready for use. */
export interface Plan {
  readonly name: MessageName;
  readonly shape: MessageSchema["shape"];
  /** All fields but the oneof's. */
  readonly plain: readonly Field[];
  readonly byNumber: readonly (Field | undefined)[];
  /** Name of the oneof in ts-proto's messages; empty without one. */
  readonly oneof: string;
  readonly cases: ReadonlyMap<string, Case>;
  /** The oneof's fields by ts-proto's `$case`. */
  readonly byCase: ReadonlyMap<string, Field>;
}

export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
export const FIXED32 = 5;

/** Kinds whose values are no varints. */
const WIRE: Readonly<Record<string, number>> = {
  double: FIXED64,
  float: FIXED32,
  string: DELIMITED,
  bytes: DELIMITED,
  message: DELIMITED,
};

/**
 * Protobuf's own messages, by kind. The cases of a Value are named after what JavaScript calls the type; a Struct and a
 * ListValue hold theirs by one name.
 */
const WELL_KNOWN = {
  timestamp: [toSchema("seconds", 1, "int64"), toSchema("nanos", 2, "int32")],
  struct: [{ ...toSchema("values", 1, "value"), map: true }],
  list: [{ ...toSchema("values", 1, "value"), repeated: true }],
  value: ["enum", "double", "string", "bool", "struct", "list"].map((kind, i) => ({
    ...toSchema(["null", "number", "string", "boolean", "object", "list"][i] as string, i + 1, kind),
    oneof: "kind",
  })),
} as unknown as Readonly<Record<string, FieldSchema[]>>;

function toSchema(name: string, number: number, kind: string) {
  return { name, number, kind };
}

const messages: Partial<Record<MessageName, MessageSchema>> = { ...MESSAGES };
const enums: Record<string, readonly string[]> = { ...ENUMS };
const plans = new Map<string, Plan>();

/** Adds messages and enums that are loaded later. */
export function addSchema(moreEnums: typeof ENUMS, moreMessages: typeof messages): void {
  Object.assign(enums, moreEnums);
  Object.assign(messages, moreMessages);
}

/** The plan of a message type. */
export function planOf(name: MessageName): Plan {
  return plans.get(name) ?? makePlan(name, messages[name] as MessageSchema);
}

function makePlan(name: string, { shape, fields }: MessageSchema): Plan {
  const plan = { name, shape, ...contentOf(fields.map(toField)) } as Plan;
  plans.set(name, plan);
  return plan;
}

function contentOf(all: readonly Field[]): Omit<Plan, "name" | "shape"> {
  const chosen = all.filter(({ oneof }) => oneof);
  const byNumber: Field[] = [];
  for (const field of all) byNumber[field.number] = field;
  return {
    plain: all.filter(({ oneof }) => !oneof),
    byNumber,
    oneof: camelCase(chosen[0]?.oneof ?? ""),
    cases: new Map(chosen.flatMap(casesOf)),
    byCase: new Map(chosen.map((field) => [field.key, field])),
  };
}

/** A new message with every field at its default. */
export function createMessage({ plain }: Plan): Message {
  const message: Message = {};
  for (const { key, repeated, map, initial } of plain) message[key] = repeated ? [] : map ? {} : initial;
  return message;
}

/** The field's value with `one` done to it; of a list or map, to each of its elements. */
export function mapField(field: Field, value: unknown, one: (field: Field, value: unknown) => unknown): unknown {
  if (field.repeated) return (value as unknown[]).map((each) => one(field, each));
  if (!field.map) return one(field, value);
  return Object.fromEntries(Object.entries(value as Message).map(([key, each]) => [key, one(field, each)]));
}

/** What a value of the field's kind is when nobody says one: ts-proto's, which leaves messages undefined. */
export function zeroOf(kind: string): unknown {
  if (kind === "string") return "";
  if (kind === "bool") return false;
  if (kind === "bytes") return new Uint8Array(0);
  return wireOf(kind) === DELIMITED ? undefined : 0;
}

function wireOf(kind: string): number {
  return kind in WELL_KNOWN ? DELIMITED : (WIRE[kind] ?? VARINT);
}

function toField(schema: FieldSchema): Field {
  const { kind, type = "", name, optional, map } = schema;
  let plan: Plan | undefined;
  const field: Field = {
    ...schema,
    key: camelCase(name),
    wire: wireOf(kind),
    initial: optional ? undefined : zeroOf(kind),
    names: enums[type] ?? [],
    get plan() {
      plan ??= typeOf(kind, type as MessageName);
      return plan as Plan;
    },
  };
  if (!map) return field;
  const key = toField(toSchema("key", 1, "string") as FieldSchema);
  const value = { ...field, key: "value", number: 2, map: undefined } as unknown as Field;
  return { ...field, entry: contentOf([key, value]) as Plan };
}

function typeOf(kind: string, type: MessageName): Plan | undefined {
  const fields = WELL_KNOWN[kind];
  if (fields) return plans.get(kind) ?? makePlan(kind, { fields });
  return kind === "message" ? planOf(type) : undefined;
}

function casesOf(field: Field): [string, Case][] {
  // Asked of the table: a message that is loaded later has no plan yet, and is no such.
  const inlined = messages[field.type as MessageName]?.shape === "inline";
  return (inlined ? [...field.plan.cases.keys()] : [field.name]).map((name) => [name, { field, inlined }]);
}

/** ts-proto's name of a field. */
export function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
