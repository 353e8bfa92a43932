// Messages as users see them: enums by name, timestamps as Date, names in camelCase.
import type { Timestamp } from "../../../../generated/ts/google/protobuf/timestamp.js";
import type { MessageName, MessageTypes } from "../../../../generated/ts/schema.js";
import { TidewireClientError } from "../errors.js";
import { type Field, type Message, mapField, type Plan, planOf } from "./plan.js";

/** The message with its enums' short names ("" where none is said) and Dates; absent fields stay absent. */
export function present<T extends MessageName>(type: T, message: MessageTypes[T]): Message {
  return presentMessage(planOf(type), message as unknown as Message);
}

/** As {@link present}, by the message's plan. */
export function presentMessage(plan: Plan, message: Message): Message {
  return convert(plan, message, {}, presentOne);
}

/** Does `one` to each value of a message; what comes of it is put into `to`. */
export function convert(plan: Plan, from: Message, to: Message, one: typeof presentOne): Message {
  for (const field of plan.plain) {
    const value = from[field.key];
    if (value !== undefined) to[field.key] = mapField(field, value, one);
  }
  return to;
}

function presentOne({ kind, plan, names }: Field, value: unknown): unknown {
  if (kind === "message") return presentMessage(plan, value as Message);
  if (kind === "enum") return names[value as number] ?? "";
  return kind === "timestamp" ? toDate(value as Timestamp) : value;
}

/** The instant to the millisecond. */
export function toDate({ seconds, nanos }: Timestamp): Date {
  return new Date(seconds * 1000 + Math.floor(nanos / 1e6));
}

/** @throws TidewireClientError INVALID_MESSAGE on an invalid Date */
export function toTimestamp(date: Date, field = "timestamp"): Timestamp {
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw invalid(field, "an invalid Date");
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - seconds * 1000) * 1e6 };
}

/** What a user gave is none of what the field may hold. */
export function invalid(field: string, reason: string): TidewireClientError {
  return new TidewireClientError("INVALID_MESSAGE", `${field}: ${reason}`, { details: { field } });
}
