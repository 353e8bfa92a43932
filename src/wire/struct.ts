// google.protobuf.Struct and Value: any JSON, bounded in depth. ts-proto holds them as plain values.
import { join, quote, refuse } from "./refuse.js";
import { isWellFormed } from "./scalars.js";

/**
 * Most objects and lists inside one another in a Struct or Value. One more, and a decoder that stops at Protobuf's
 * usual 100 nested messages (each level takes three) could not read the frame.
 */
export const MAX_STRUCT_DEPTH = 32;

/** A copy of the value that holds nothing but JSON. @throws TidewireError INVALID_MESSAGE */
export function readStruct(json: unknown, path: string, depth = 1): unknown {
  if (typeof json !== "object" || json === null) return readLeaf(json, path);
  if (depth > MAX_STRUCT_DEPTH) throw refuse(path, `at most ${MAX_STRUCT_DEPTH} levels of objects and lists`, json);
  if (Array.isArray(json)) return json.map((element, i) => readStruct(element, `${path}[${i}]`, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(json)) {
    // No ordinary key in JavaScript: assigning it would set the prototype.
    if (key === "__proto__") throw refuse(path, "names other than __proto__", key);
    if (!isWellFormed(key)) throw refuse(path, "names of whole Unicode characters", key);
    copy[key] = readStruct((json as Record<string, unknown>)[key], join(path, quote(key).slice(1, -1)), depth + 1);
  }
  return copy;
}

function readLeaf(json: unknown, path: string): unknown {
  if (typeof json === "string") {
    if (!isWellFormed(json)) throw refuse(path, "a string of whole Unicode characters", json);
    return json;
  }
  if (typeof json === "number") {
    if (!Number.isFinite(json)) throw refuse(path, "a finite number", json);
    return json;
  }
  if (typeof json === "boolean" || json === null) return json;
  throw refuse(path, "a JSON value", typeof json);
}
