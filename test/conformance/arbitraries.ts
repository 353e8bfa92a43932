// Random messages that keep the schema's rules, made from its table.
import fc from "fast-check";
import type { MessageName } from "../../generated/ts/schema.js";
import { type FieldPlan, type Message, type MessagePlan, planOf } from "../../src/wire/plan.js";

const name = fc.string({ unit: "binary", maxLength: 8 }).filter((key) => key !== "__proto__");

/** Messages of a type, as ts-proto holds them. */
export function messages(type: MessageName): fc.Arbitrary<Message> {
  return messageOf(planOf(type));
}

function messageOf(plan: MessagePlan): fc.Arbitrary<Message> {
  const plain = Object.fromEntries(plan.plain.map((field) => [field.key, fieldOf(field)]));
  if (plan.oneof === "") return fc.record(plain, { noNullPrototype: true });
  const cases = [...plan.byCase.values()].map((field) =>
    messageOf(field.plan).map((value) => ({ $case: field.key, value })),
  );
  return fc.record({ ...plain, [plan.oneof]: fc.oneof(...cases) }, { noNullPrototype: true });
}

function fieldOf(field: FieldPlan): fc.Arbitrary<unknown> {
  const one = oneOf(field);
  if (field.cardinality === "list") return fc.array(one, { maxLength: 4 });
  if (field.cardinality === "map") return fc.dictionary(name, one, { maxKeys: 4, noNullPrototype: true });
  const hasPresence = field.optional || ["message", "timestamp", "struct", "value"].includes(field.kind);
  return hasPresence && !field.required ? fc.option(one, { nil: undefined }) : one;
}

function oneOf(field: FieldPlan): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case "message":
      return messageOf(field.plan);
    case "double":
    case "float":
      return realOf(field);
    case "bool":
      return fc.boolean();
    case "string":
      return fc.string({ unit: "binary", maxLength: 30 });
    case "bytes":
      return fc.uint8Array({ maxLength: 20 });
    case "enum":
      return fc.constantFrom(...field.names.flatMap((text, i) => (text || (i === 0 && !field.optional) ? [i] : [])));
    case "timestamp":
      return fc.record(
        {
          seconds: fc.oneof(
            fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
            fc.integer({ min: 0, max: 2e9 }),
          ),
          nanos: fc.constantFrom(0, 1, 1000, 120_000_000, 123_456_789, 999_999_999),
        },
        { noNullPrototype: true },
      );
    case "struct":
      return fc.dictionary(name, json(), { maxKeys: 3, noNullPrototype: true });
    case "value":
      // At the top of a field null says "absent".
      return json().filter((value) => value !== null);
    default:
      return fc.integer({ min: field.least, max: field.most });
  }
}

/** Not minus zero, which JSON writes as 0; infinities not where JSON reads all but numbers as NaN. */
function realOf(field: FieldPlan): fc.Arbitrary<number> {
  const bounds = field.bounded ? { min: field.least, max: field.most, noNaN: true, noDefaultInfinity: true } : {};
  const finite = field.lenient ? { noDefaultInfinity: true } : {};
  const real = field.kind === "float" ? fc.float({ ...bounds, ...finite }) : fc.double({ ...bounds, ...finite });
  return real.map((value) => value + 0);
}

/** JSON values without the key `__proto__` and without minus zero. */
function json(): fc.Arbitrary<unknown> {
  const leaf = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  return fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, tie("list"), tie("object")),
    list: fc.array(tie("value"), { maxLength: 3 }),
    object: fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  })).value;
}
