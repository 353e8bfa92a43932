// The strictness of JSON for frames that came as bytes: the decoder knows types, this knows the schema's rules.
import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";
import { TidewireError } from "../errors.js";
import type { Chosen } from "./json-write.js";
import type { FieldPlan, Message, MessagePlan } from "./plan.js";
import { join, type Key, pathOf, refuse, refuseMissing } from "./refuse.js";
import { fitsBytes } from "./scalars.js";
import { readStruct } from "./struct.js";
import { isTimestamp } from "./timestamp.js";

/** For each message type, the fields that have a rule to keep. */
const ruled = new Map<MessagePlan, readonly FieldPlan[]>();

/**
 * Checks a decoded message against the schema's rules, the messages in it too.
 *
 * @param path where the message stands, for errors
 * @throws TidewireError INVALID_MESSAGE naming the field's path and the bound
 */
export function validate(plan: MessagePlan, message: Message, path: string): void {
  for (const field of ruledFields(plan)) {
    const value = message[field.key];
    if (value === undefined) {
      if (field.required) throw refuseMissing(pathOf(path, field));
    } else if (field.cardinality === "one") message[field.key] = checked(field, value, path, undefined);
    else if (field.cardinality === "list") checkList(field, value as unknown[], path);
    else checkMap(field, value as Message, path);
  }
  if (plan.oneof === "") return;
  const chosen = message[plan.oneof] as Chosen | undefined;
  const field = plan.byCase.get(chosen?.$case ?? "");
  if (chosen === undefined || field === undefined) throw refuseMissing(join(path, plan.oneof));
  validate(field.plan, chosen.value, join(path, field.name));
}

function ruledFields(plan: MessagePlan): readonly FieldPlan[] {
  let fields = ruled.get(plan);
  if (fields === undefined) {
    fields = plan.plain.filter(hasRule);
    ruled.set(plan, fields);
  }
  return fields;
}

function hasRule(field: FieldPlan): boolean {
  if (field.required || field.bounded || field.maxBytes !== undefined) return true;
  if (field.kind === "message") return hasRules(field.plan);
  return ["enum", "timestamp", "struct", "value"].includes(field.kind);
}

function hasRules(plan: MessagePlan): boolean {
  return plan.oneof !== "" || ruledFields(plan).length > 0;
}

function checkList(field: FieldPlan, list: unknown[], path: string): void {
  for (let i = 0; i < list.length; i++) list[i] = checked(field, list[i], path, i);
}

function checkMap(field: FieldPlan, map: Message, path: string): void {
  for (const key of Object.keys(map)) map[key] = checked(field, map[key], path, key);
}

/** The value, or of a Struct or Value a clean copy. */
function checked(field: FieldPlan, value: unknown, path: string, key: Key): unknown {
  switch (field.kind) {
    case "message":
      validate(field.plan, value as Message, pathOf(path, field, key));
      return value;
    case "struct":
    case "value":
      return readStruct(value, pathOf(path, field, key));
    case "enum":
      if (field.names[value as number] || (value === 0 && !field.required)) return value;
      throw refuse(pathOf(path, field, key), `one of ${[...field.numbers.keys()].join(", ")}`, value);
    case "timestamp":
      if (isTimestamp(value as Timestamp)) return value;
      throw new TidewireError(
        "INVALID_MESSAGE",
        `${pathOf(path, field, key)}: expected a time in the years 1 to 9999`,
        {
          field: pathOf(path, field, key),
        },
      );
    case "string":
      if (field.maxBytes === undefined || fitsBytes(value as string, field.maxBytes)) return value;
      throw refuse(pathOf(path, field, key), `a string of at most ${field.maxBytes} bytes`, value);
    default:
      if (!field.bounded || ((value as number) >= field.least && (value as number) <= field.most)) return value;
      throw refuse(pathOf(path, field, key), `${isReal(field) ? "a" : "a whole"} number${field.range}`, value);
  }
}

function isReal(field: FieldPlan): boolean {
  return field.kind === "double" || field.kind === "float";
}
