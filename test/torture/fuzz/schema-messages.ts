// Messages that keep every rule of the schema, made from its table: values at the edges more often than between them.
import { createMessage, type FieldPlan, type Message, type MessagePlan } from "../../../src/wire/plan.js";
import type { Random } from "../lib/random.js";

/** Elements of a list or map at most. */
const MOST_ELEMENTS = 3;
/** Share of the fields that a message leaves out. */
const ABSENT = 0.4;
/** Levels of JSON in a Struct at most; the server takes 32. */
const STRUCT_DEPTH = 3;
const TEXTS = [
  "",
  "a",
  "AT",
  "x",
  "Grüße",
  "日本語",
  "\u{1f300}",
  "a b",
  "..",
  "../../etc/passwd",
  "constructor",
  "0",
  "\u0000",
];
const REALS = [0, 1, -1, 0.1, 23.5, 1e-45, 3.4e38, -3.4e38, 2 ** 24 + 1, 2 ** -149];
/** 0001-01-01 and the end of 9999. */
const SECONDS = [-62_135_596_800, 0, 1_765_794_600, 253_402_300_799];
const NANOS = [0, 1, 120_000_000, 999_999_999];

/** A message of a type. Its oneof is always set. */
export function messageOf(plan: MessagePlan, random: Random): Message {
  const message = createMessage(plan);
  for (const field of plan.plain)
    if (field.required || !random.chance(ABSENT)) message[field.key] = fieldValueOf(field, random);
  if (plan.oneof !== "") message[plan.oneof] = caseOf([...plan.byCase.values()], random);
  return message;
}

function caseOf(fields: readonly FieldPlan[], random: Random): Message {
  const field = random.pick(fields);
  return { $case: field.key, value: oneOf(field, random) };
}

function fieldValueOf(field: FieldPlan, random: Random): unknown {
  if (field.cardinality === "one") return oneOf(field, random);
  const elements = Array.from({ length: random.integer(0, MOST_ELEMENTS) }, () => oneOf(field, random));
  if (field.cardinality === "list") return elements;
  return Object.fromEntries(elements.map((element) => [random.pick(TEXTS), element]));
}

function oneOf(field: FieldPlan, random: Random): unknown {
  switch (field.kind) {
    case "message":
      return messageOf(field.plan, random);
    case "double":
    case "float":
      return realOf(field, random);
    case "bool":
      return random.chance(0.5);
    case "string":
      return random.pick(TEXTS);
    case "bytes":
      return random.bytes(random.integer(0, 24));
    case "enum":
      return random.pick(field.names.flatMap((text, i) => (text ? [i] : [])));
    case "timestamp":
      return { seconds: random.pick(SECONDS), nanos: random.pick(NANOS) };
    case "struct":
      return structOf(random, STRUCT_DEPTH);
    case "value":
      return jsonOf(random, STRUCT_DEPTH) ?? 0;
    default:
      return wholeOf(field, random);
  }
}

function realOf({ bounded, least, most, kind }: FieldPlan, random: Random): number {
  const real = bounded ? Math.min(most, Math.max(least, random.pick(REALS))) : random.pick(REALS);
  return kind === "float" ? Math.fround(real) : real;
}

function wholeOf({ least, most }: FieldPlan, random: Random): number {
  const small = Math.min(most, Math.max(least, random.integer(0, 1000)));
  return random.pick([least, most, small, Math.max(least, 0), Math.min(most, 1)]);
}

function structOf(random: Random, depth: number): Message {
  const names = Array.from({ length: random.integer(0, MOST_ELEMENTS) }, () => random.pick(TEXTS));
  return Object.fromEntries(names.map((name) => [name, jsonOf(random, depth - 1)]));
}

function jsonOf(random: Random, depth: number): unknown {
  const kind = random.integer(0, depth > 0 ? 5 : 3);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2) return random.pick(REALS);
  if (kind === 3) return random.pick(TEXTS);
  if (kind === 4) return Array.from({ length: random.integer(0, MOST_ELEMENTS) }, () => jsonOf(random, depth - 1));
  return structOf(random, depth);
}
