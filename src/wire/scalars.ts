// One JSON value as one value of a field, strictly: nothing is coerced.
import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";
import { fromBase64 } from "./base64.js";
import type { FieldPlan } from "./plan.js";
import { type Key, pathOf, quote, refuse } from "./refuse.js";
import { parseTimestamp } from "./timestamp.js";

const LONE_SURROGATE = /\p{Surrogate}/u;
const MOST_DIGITS = 17;
const WHOLE = /^-?\d+$/;
const NOT_FINITE: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** The field's value that `json` is; `parent` and `key` place it in the error. @throws TidewireError INVALID_MESSAGE */
export function readScalar(field: FieldPlan, json: unknown, parent: string, key: Key): unknown {
  switch (field.kind) {
    case "double":
    case "float":
      return readReal(field, json, parent, key);
    case "string":
      return readString(field, json, parent, key);
    case "bool":
      if (typeof json !== "boolean") throw refuse(pathOf(parent, field, key), "true or false", json);
      return json;
    case "bytes":
      return readBytes(field, json, parent, key);
    case "enum":
      return readEnum(field, json, parent, key);
    case "timestamp":
      return readTimestamp(field, json, parent, key);
    default:
      return readWhole(field, json, parent, key);
  }
}

/** Whether a string can travel as UTF-8. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** Whether the text takes at most so many bytes as UTF-8. */
export function fitsBytes(text: string, most: number): boolean {
  if (text.length * 3 <= most) return true;
  if (text.length > most) return false;
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Each half of a surrogate pair counts two of the pair's four bytes.
    if (code > 0x7f) bytes += code > 0x7ff && (code & 0xf800) !== 0xd800 ? 2 : 1;
  }
  return bytes <= most;
}

function readReal(field: FieldPlan, json: unknown, parent: string, key: Key): number {
  if (typeof json === "number") {
    const value = field.kind === "float" ? Math.fround(json) : json;
    if (field.lenient) return value;
    if (Number.isFinite(value) && value >= field.least && value <= field.most) return value + 0;
  } else if (field.lenient) {
    return Number.NaN;
  } else if (!field.bounded) {
    const value = NOT_FINITE.get(json);
    if (value !== undefined) return value;
  }
  const size = field.kind === "float" ? " that fits 32 bits" : "";
  throw refuse(pathOf(parent, field, key), `a number${field.range}${field.bounded ? "" : size}`, json);
}

function readWhole(field: FieldPlan, json: unknown, parent: string, key: Key): number {
  const long = field.kind === "int64" || field.kind === "uint64";
  const value = long && typeof json === "string" ? wholeOf(json) : json;
  if (typeof value === "number" && Number.isInteger(value) && value >= field.least && value <= field.most) {
    return value + 0;
  }
  throw refuse(pathOf(parent, field, key), `a whole number${field.range}`, json);
}

function wholeOf(text: string): number {
  return text.length <= MOST_DIGITS && WHOLE.test(text) ? Number(text) : Number.NaN;
}

function readString(field: FieldPlan, json: unknown, parent: string, key: Key): string {
  if (typeof json !== "string") throw refuse(pathOf(parent, field, key), "a string", json);
  if (!isWellFormed(json)) throw refuse(pathOf(parent, field, key), "a string of whole Unicode characters", json);
  if (field.maxBytes !== undefined && !fitsBytes(json, field.maxBytes)) {
    throw refuse(pathOf(parent, field, key), `a string of at most ${field.maxBytes} bytes`, json);
  }
  return json;
}

function readBytes(field: FieldPlan, json: unknown, parent: string, key: Key): Uint8Array {
  const bytes = typeof json === "string" ? fromBase64(json) : undefined;
  if (bytes === undefined) throw refuse(pathOf(parent, field, key), "bytes as base64", json);
  return bytes;
}

function readEnum(field: FieldPlan, json: unknown, parent: string, key: Key): number {
  const number = field.numbers.get(json as string);
  if (number === undefined) {
    throw refuse(pathOf(parent, field, key), `one of ${[...field.numbers.keys()].map(quote).join(", ")}`, json);
  }
  return number;
}

function readTimestamp(field: FieldPlan, json: unknown, parent: string, key: Key): Timestamp {
  const timestamp = typeof json === "string" ? parseTimestamp(json) : undefined;
  if (timestamp === undefined) {
    throw refuse(pathOf(parent, field, key), 'a timestamp such as "2025-12-15T10:30:00.123Z"', json);
  }
  return timestamp;
}
