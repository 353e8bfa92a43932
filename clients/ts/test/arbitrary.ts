// Random messages of any type of the schema, in ts-proto's form.
import fc from "fast-check";
import type { MessageName, MessageTypes } from "../../../generated/ts/schema.js";
import { type FieldPlan, type Message, type MessagePlan, planOf } from "../../../src/wire/plan.js";

const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 12 }), fc.string({ minLength: 20, maxLength: 60 }));
const key = text.filter((name) => name !== "__proto__");
const numeric = { noNaN: false };
const struct = fc.dictionary(
  key,
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value, noProto))),
  { maxKeys: 4 },
);

/** Any message of the type. */
export function anyMessage<T extends MessageName>(type: T): fc.Arbitrary<MessageTypes[T]> {
  return messageOf(planOf(type)) as unknown as fc.Arbitrary<MessageTypes[T]>;
}

function noProto(name: string, value: unknown): unknown {
  return name === "__proto__" ? undefined : value;
}

function messageOf(plan: MessagePlan): fc.Arbitrary<Message> {
  const plain = Object.fromEntries(plan.plain.map((field) => [field.key, fieldOf(field)]));
  if (plan.oneof === "") return fc.record(plain);
  const cases = [...plan.byCase.values()].map((field) =>
    elementOf(field).map((value) => ({ $case: field.key, value }) as unknown),
  );
  return fc.record({ ...plain, [plan.oneof]: fc.oneof(...cases) });
}

function fieldOf(field: FieldPlan): fc.Arbitrary<unknown> {
  if (field.cardinality === "list") return fc.array(elementOf(field), { maxLength: 5 });
  if (field.cardinality === "map") return fc.dictionary(key, elementOf(field), { maxKeys: 4 });
  const absent = field.optional || ["message", "timestamp", "struct", "value"].includes(field.kind);
  return absent ? fc.option(elementOf(field), { nil: undefined }) : elementOf(field);
}

function elementOf(field: FieldPlan): fc.Arbitrary<unknown> {
  const whole = (least: number, most: number) =>
    fc.oneof(fc.constant(Math.max(0, least)), fc.integer({ min: least, max: most }));
  switch (field.kind) {
    case "message":
      return messageOf(field.plan);
    case "timestamp":
      return fc.record({
        seconds: fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
        nanos: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })),
      });
    case "struct":
      return struct;
    case "value":
      return fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value, noProto)));
    case "string":
      return text;
    case "bytes":
      return fc.uint8Array({ maxLength: 300 });
    case "bool":
      return fc.boolean();
    case "enum":
      return fc.integer({ min: 0, max: field.names.length - 1 });
    case "float":
      return fc.float(numeric);
    case "double":
      return fc.double(numeric);
    default:
      return whole(field.least, field.most);
  }
}
