// The schema's table made ready for the readers and writers: names resolved, bounds and defaults filled in, once at load.
import { ENUMS, type FieldSchema, MESSAGES, type MessageName, type MessageSchema } from "../../generated/ts/schema.js";

/** A message of any type, by ts-proto's field names. */
export type Message = Record<string, unknown>;

/** How a field's value is held: one, a list of them, or a plain object of them by key. */
export type Cardinality = "one" | "list" | "map";

/** A field, ready for use. */
export interface FieldPlan extends FieldSchema {
  /** Name in ts-proto's messages. */
  readonly key: string;
  readonly cardinality: Cardinality;
  /** Bounds of a number: the schema's, else the kind's own. */
  readonly least: number;
  readonly most: number;
  /** Whether the schema itself bounds the number; such a field is never NaN. */
  readonly bounded: boolean;
  /** The bounds in words. */
  readonly range: string;
  /** Of an enum: JSON names by number, and numbers by JSON name. */
  readonly names: readonly string[];
  readonly numbers: ReadonlyMap<string, number>;
  /** Of a message field: its type. */
  readonly plan: MessagePlan;
  /** Whether paths leave the field's name out: the message is written as this field's value. */
  readonly transparent: boolean;
}

/** One case of a oneof, by the name that JSON gives it in `type`. */
export interface CasePlan {
  readonly field: FieldPlan;
  /** The body whose own kind stands in the frame's `type`: an event. */
  readonly inlined?: MessagePlan;
}

/** A message type, ready for use. */
export interface MessagePlan extends MessageSchema {
  readonly name: MessageName;
  /** All fields but the oneof's. */
  readonly plain: readonly FieldPlan[];
  /** The plain fields by both spellings that JSON may use. */
  readonly byName: ReadonlyMap<string, FieldPlan>;
  readonly required: readonly FieldPlan[];
  /** The plain fields that start as a fresh list or map in every message. */
  readonly containers: readonly FieldPlan[];
  /** Name of the oneof in ts-proto's messages; empty without one. */
  readonly oneof: string;
  readonly cases: ReadonlyMap<string, CasePlan>;
  /** The oneof's fields by ts-proto's `$case`. */
  readonly byCase: ReadonlyMap<string, FieldPlan>;
  /** A message with every scalar at its default. */
  readonly template: Readonly<Message>;
}

const ANY: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
const MOST_FLOAT = 2 ** 127 * (2 - 2 ** -23);
/** A number with a bound on one side is finite on the other. */
const FINITE: Readonly<Record<string, readonly [number, number]>> = {
  float: [-MOST_FLOAT, MOST_FLOAT],
  double: [-Number.MAX_VALUE, Number.MAX_VALUE],
};
const WHOLE: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};
const NO_BYTES = new Uint8Array(0);
const NO_NAMES: readonly string[] = [];
const NO_NUMBERS: ReadonlyMap<string, number> = new Map();

const plans = new Map<string, MessagePlan>();
for (const name of Object.keys(MESSAGES)) planOf(name as MessageName);

/** The plan of a message type. */
export function planOf(name: MessageName): MessagePlan {
  const known = plans.get(name);
  if (known) return known;
  // Registered before its fields are: a message may hold others that hold it.
  const plan = { name, ...MESSAGES[name] } as MessagePlan;
  plans.set(name, plan);
  return Object.assign(plan, content(plan));
}

function content(plan: MessagePlan): Partial<MessagePlan> {
  const all = MESSAGES[plan.name].fields.map((field) => fieldPlan(field, plan.shape === "value"));
  const plain = all.filter((field) => field.oneof === undefined);
  const chosen = all.filter((field) => field.oneof !== undefined);
  const oneof = camelCase(chosen[0]?.oneof ?? "");
  const template: Message = Object.fromEntries(plain.map((field) => [field.key, defaultOf(field)]));
  if (oneof !== "") template[oneof] = undefined;
  return {
    plain,
    byName: new Map(plain.flatMap((field) => [[field.name, field] as const, [field.key, field] as const])),
    required: plain.filter((field) => field.required),
    containers: plain.filter((field) => field.cardinality !== "one"),
    oneof,
    cases: new Map(chosen.flatMap(casesOf)),
    byCase: new Map(chosen.map((field) => [field.key, field])),
    template,
  };
}

function casesOf(field: FieldPlan): [string, CasePlan][] {
  if (field.type === undefined || MESSAGES[field.type as MessageName].shape !== "inline")
    return [[field.name, { field }]];
  return [...field.plan.cases.keys()].map((kind) => [kind, { field, inlined: field.plan }]);
}

function fieldPlan(schema: FieldSchema, transparent: boolean): FieldPlan {
  const names = schema.kind === "enum" ? (ENUMS[schema.type ?? ""] ?? NO_NAMES) : NO_NAMES;
  return {
    ...schema,
    ...boundsOf(schema),
    key: camelCase(schema.name),
    cardinality: schema.map ? "map" : schema.repeated ? "list" : "one",
    names,
    numbers: names === NO_NAMES ? NO_NUMBERS : new Map(names.flatMap((name, i) => (name ? [[name, i] as const] : []))),
    plan: (schema.kind === "message" ? planOf(schema.type as MessageName) : undefined) as MessagePlan,
    transparent,
  };
}

function boundsOf(schema: FieldSchema): Pick<FieldPlan, "least" | "most" | "bounded" | "range"> {
  const bounded = schema.min !== undefined || schema.max !== undefined;
  const [lowest, highest] = WHOLE[schema.kind] ?? (bounded ? (FINITE[schema.kind] ?? ANY) : ANY);
  const least = Math.max(schema.min ?? lowest, lowest);
  const most = Math.min(schema.max ?? highest, highest);
  const from = schema.min ?? WHOLE[schema.kind]?.[0];
  const to = schema.max ?? WHOLE[schema.kind]?.[1];
  return { least, most, bounded, range: rangeOf(from, to) };
}

function rangeOf(from: number | undefined, to: number | undefined): string {
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`;
  if (from !== undefined) return ` of at least ${from}`;
  return to === undefined ? "" : ` of at most ${to}`;
}

function defaultOf(field: FieldPlan): unknown {
  if (field.cardinality !== "one" || field.optional) return undefined;
  if (field.kind === "string") return "";
  if (field.kind === "bool") return false;
  if (field.kind === "bytes") return NO_BYTES;
  return ["message", "timestamp", "struct", "value"].includes(field.kind) ? undefined : 0;
}

/** A new message with every field at its default. */
export function createMessage(plan: MessagePlan): Message {
  const message: Message = { ...plan.template };
  for (const field of plan.containers) message[field.key] = field.cardinality === "list" ? [] : {};
  return message;
}

/** ts-proto's name of a field. */
function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
