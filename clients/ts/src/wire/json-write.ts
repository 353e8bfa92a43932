// Messages to JSON, by the schema's rule. The server reads its own spelling of numbers and times.
import type { Timestamp } from "../../../../generated/ts/google/protobuf/timestamp.js";
import { type Chosen, type Field, type Message, mapField, type Plan } from "./plan.js";

/** The number of bytes that one call of String.fromCharCode may take as arguments. */
const LETTERS_AT_ONCE = 0x8000;

/** Any message as JSON; a message of shape "value" as its only field's value. */
export function writeJson({ shape, plain, oneof, byCase }: Plan, message: Message): unknown {
  const [only] = plain;
  if (shape === "value" && only) return mapField(only, message[only.key], writeOne);
  const chosen = message[oneof] as Chosen | undefined;
  const field = byCase.get(chosen?.$case ?? "");
  const json: Message = field ? { type: field.name } : {};
  for (const each of plain) {
    const value = message[each.key];
    if (value !== undefined && !isLeftOut(each, value)) json[each.name] = mapField(each, value, writeOne);
  }
  // A message that may have nothing to say, such as a ping, says no `data`.
  if (chosen && field?.plan.byNumber.length) json.data = writeJson(field.plan, chosen.value);
  return json;
}

function isLeftOut({ kind, map, repeated, keepEmpty, optional, names }: Field, value: unknown): boolean {
  if (kind === "enum") return !names[value as number];
  if (keepEmpty || optional) return false;
  if (map) return Object.keys(value as object).length === 0;
  return !!(repeated || kind === "bytes") && (value as ArrayLike<unknown>).length === 0;
}

function writeOne({ kind, plan, names }: Field, value: unknown): unknown {
  switch (kind) {
    case "double":
      return Number.isFinite(value) ? value : String(value);
    case "float":
      return Number.isFinite(value) ? shortest(value as number) : String(value);
    case "message":
      return writeJson(plan, value as Message);
    case "enum":
      return names[value as number] || null;
    case "timestamp":
      return writeTimestamp(value as Timestamp);
    case "bytes":
      return writeBytes(value as Uint8Array);
    default:
      // Strings, booleans and whole numbers are what they are; so are Struct and Value, which ts-proto holds as JSON.
      return value;
  }
}

/** The number with the fewest digits, from six on, that is the same 32-bit float: 1081.4 and not 1081.4000244140625. */
function shortest(value: number): number {
  for (let digits = 6; ; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
}

/** RFC 3339 in UTC, with as many of 0, 3, 6 or 9 digits after the second as it takes. */
function writeTimestamp({ seconds, nanos }: Timestamp): string {
  const digits =
    nanos &&
    `.${String(nanos)
      .padStart(9, "0")
      .replace(/(000)+$/, "")}`;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${digits || ""}Z`;
}

/** Standard base64. */
function writeBytes(bytes: Uint8Array): string {
  let letters = "";
  for (let at = 0; at < bytes.length; at += LETTERS_AT_ONCE)
    letters += String.fromCharCode(...bytes.subarray(at, at + LETTERS_AT_ONCE));
  return btoa(letters);
}
