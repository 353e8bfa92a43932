// Messages as users see them: enums by name, timestamps as Date, names in camelCase.
import type { Timestamp } from "../../../../generated/ts/google/protobuf/timestamp.js";
import type { MessageName, MessageTypes } from "../../../../generated/ts/schema.js";
import { type FieldPlan, type Message, type MessagePlan, planOf } from "../../../../src/wire/plan.js";

/** The message with its enums' short names ("" where none is said) and Dates; absent fields stay absent. */
export function present<T extends MessageName>(type: T, message: MessageTypes[T]): Message {
  return presentMessage(planOf(type), message as unknown as Message);
}

function presentMessage(plan: MessagePlan, message: Message): Message {
  const shown: Message = {};
  for (const field of plan.plain) {
    const value = message[field.key];
    if (value !== undefined) shown[field.key] = presentField(field, value);
  }
  return shown;
}

function presentField(field: FieldPlan, value: unknown): unknown {
  if (field.cardinality === "list") return (value as unknown[]).map((element) => presentOne(field, element));
  if (field.cardinality === "one") return presentOne(field, value);
  return Object.fromEntries(Object.entries(value as Message).map(([key, each]) => [key, presentOne(field, each)]));
}

function presentOne(field: FieldPlan, value: unknown): unknown {
  if (field.kind === "message") return presentMessage(field.plan, value as Message);
  if (field.kind === "enum") return field.names[value as number] ?? "";
  return field.kind === "timestamp" ? toDate(value as Timestamp) : value;
}

/** The instant to the millisecond. */
export function toDate({ seconds, nanos }: Timestamp): Date {
  return new Date(seconds * 1000 + Math.floor(nanos / 1e6));
}
