// JSON of the server as messages, by the schema. The server's own reader is strict; this one trusts its peer and skips
// what it does not know: kinds, fields and enum values of a newer server must not break an older client.
import type { Timestamp } from "../../../../generated/ts/google/protobuf/timestamp.js";
import type { MessageName, MessageTypes } from "../../../../generated/ts/schema.js";
import type { ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import { createMessage, type Field, type Message, mapField, type Plan, planOf } from "./plan.js";

/** A server frame from a JSON value; one of unknown type has no body. */
export function readFrame(json: unknown): ServerFrame {
  return readAny(planOf("ServerFrame"), json) as unknown as ServerFrame;
}

/** A message of the named type from a JSON value. */
export function readJson<T extends MessageName>(type: T, json: unknown): MessageTypes[T] {
  return readAny(planOf(type), json) as unknown as MessageTypes[T];
}

function readAny(plan: Plan, json: unknown): Message {
  const message = createMessage(plan);
  const whole = plan.shape === "value";
  for (const field of plan.plain) {
    const value = whole ? json : asObject(json)[field.name];
    if (value !== undefined && value !== null) message[field.key] = mapField(field, value, readOne);
  }
  if (plan.oneof !== "") message[plan.oneof] = readCase(plan, asObject(json));
  return message;
}

/** What a oneof holds: `type` chooses its field, whose own fields stand under `data` or beside it. */
function readCase(plan: Plan, json: Message): Message | undefined {
  const found = plan.cases.get(String(json.type));
  if (found === undefined) return undefined;
  const { field, inlined } = found;
  const beside = inlined || field.plan.shape === "flat";
  return { $case: field.key, value: readAny(field.plan, beside ? json : (json.data ?? {})) };
}

function readOne(field: Field, json: unknown): unknown {
  switch (field.kind) {
    case "message":
      return readAny(field.plan, json);
    case "enum":
      return Math.max(0, field.names.indexOf(json as string));
    case "timestamp":
      return readTimestamp(String(json));
    case "bytes":
      return Uint8Array.from(atob(String(json)), (letter) => letter.charCodeAt(0));
    case "string":
    case "bool":
    case "struct":
    case "value":
      return json;
    case "float":
      return Math.fround(Number(json));
    default:
      // Numbers; 64-bit ones may come as strings, and those that are not finite do.
      return Number(json);
  }
}

function asObject(json: unknown): Message {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new TypeError("no message");
  return json as Message;
}

/** RFC 3339 in UTC, as the server writes it, with up to nine digits behind the second. */
function readTimestamp(text: string): Timestamp {
  const [, digits = ""] = text.split(/[.Z]/);
  return { seconds: Date.parse(`${text.slice(0, 19)}Z`) / 1000, nanos: Number(digits.padEnd(9, "0")) };
}
