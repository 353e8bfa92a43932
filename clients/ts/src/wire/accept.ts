// What users give as messages: the other way round of present.ts.
import { createMessage, type Field, type Message, type Plan } from "./plan.js";
import { convert, invalid, toTimestamp } from "./present.js";

/** The message that is presented so; what is absent gets its default. @throws TidewireClientError INVALID_MESSAGE */
export function toMessage(plan: Plan, shown: Message): Message {
  return convert(plan, shown, createMessage(plan), acceptOne);
}

function acceptOne({ kind, plan, names, key }: Field, value: unknown): unknown {
  if (kind === "message") return toMessage(plan, value as Message);
  if (kind === "timestamp") return toTimestamp(value as Date, key);
  if (kind !== "enum") return value;
  const number = names.indexOf(value as string);
  if (number < 1) throw invalid(key, `expected one of ${names.join(" ").trim()}, came ${value}`);
  return number;
}
