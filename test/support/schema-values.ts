// Random JSON made from JSON Schemas: values that fit, and values that nearly do. Knows the keywords that our documents use.
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/wire/json.js";

/** Objects and lists inside one another, beyond which only what is required is there. */
const MAX_DEPTH = 6;
/** Values that break a rule somewhere, whatever the schema says. */
const ODD: readonly JsonValue[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e15,
  -1e300,
  "",
  "x",
  "-1",
  "1.5",
  "NaN",
  "Infinity",
  "2025-13-01T00:00:00Z",
  "2025-12-15T10:30:00",
  "../../etc/passwd",
  "\u0000",
  "ü".repeat(40),
  [],
  [null],
  [1, "a"],
  {},
  { a: 1 },
];

/** Longer texts of digits may be read, and may not: the documents promise those of 15. */
const DIGITS = /^-?\d+$/;

/** Values that fit the schema; references are looked up in `root`. */
export function fitting(schema: JsonObject, root: JsonObject): fc.Arbitrary<JsonValue> {
  return new Generator(root).value(schema, 0);
}

/** Values that fit but for one place, or none. */
export function nearlyFitting(schema: JsonObject, root: JsonObject): fc.Arbitrary<JsonValue> {
  const changes = fc.record({
    at: fc.nat({ max: 1000 }),
    how: fc.constantFrom("replace", "remove", "add", "lengthen", "repeat"),
    odd: fc.constantFrom(...ODD),
  });
  return fc
    .tuple(fitting(schema, root), changes)
    .map(([value, { at, how, odd }]) => changed(structuredClone(value), at, how, odd));
}

/** The schema that a reference names, or the schema itself. */
export function resolve(schema: JsonObject, root: JsonObject): JsonObject {
  if (typeof schema.$ref !== "string") return schema;
  const steps = schema.$ref.replace("#/", "").split("/");
  let found: JsonValue = root;
  for (const step of steps) found = (found as JsonObject)[step] ?? null;
  return resolve(found as JsonObject, root);
}

class Generator {
  readonly #root: JsonObject;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  value(schema: JsonObject, depth: number): fc.Arbitrary<JsonValue> {
    const found = resolve(schema, this.#root);
    const choices = (found.anyOf ?? found.oneOf) as JsonObject[] | undefined;
    if (choices) return fc.oneof(...choices.map((choice) => this.value(choice, depth)));
    if ("const" in found) return fc.constant(found.const as JsonValue);
    if (Array.isArray(found.enum)) return fc.constantFrom(...found.enum);
    const types = [found.type ?? ["string", "object", "number", "null"]].flat() as string[];
    return fc.oneof(...types.map((type) => this.#typed(type, found, depth)));
  }

  #typed(type: string, schema: JsonObject, depth: number): fc.Arbitrary<JsonValue> {
    switch (type) {
      case "null":
        return fc.constant(null);
      case "boolean":
        return fc.boolean();
      case "integer":
        return integers(schema);
      case "number":
        return reals(schema);
      case "string":
        return strings(schema);
      case "array":
        return fc.array(this.value((schema.items ?? {}) as JsonObject, depth + 1), {
          maxLength: depth > MAX_DEPTH ? 0 : 3,
        });
      default:
        return this.#object(schema, depth);
    }
  }

  #object(schema: JsonObject, depth: number): fc.Arbitrary<JsonValue> {
    const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonObject>);
    const required = (schema.required ?? []) as string[];
    const wanted = properties.filter(([name]) => depth <= MAX_DEPTH || required.includes(name));
    const own = fc.record(Object.fromEntries(wanted.map(([name, each]) => [name, this.value(each, depth + 1)])), {
      requiredKeys: required,
      noNullPrototype: true,
    });
    const { additionalProperties: rest } = schema;
    if (typeof rest !== "object" || rest === null) return own as fc.Arbitrary<JsonValue>;
    const name = fc.string({ minLength: 1, maxLength: 6 }).filter((key) => key !== "__proto__");
    const more = fc.dictionary(name, this.value(rest as JsonObject, depth + 1), { maxKeys: 3, noNullPrototype: true });
    return fc.tuple(more, own).map(([some, others]) => ({ ...some, ...others }) as JsonObject);
  }
}

function integers({ minimum, maximum }: JsonObject): fc.Arbitrary<number> {
  const [min, max] = [Number(minimum ?? -(2 ** 31)), Number(maximum ?? 2 ** 31)];
  return fc.oneof(fc.integer({ min, max }), fc.integer({ min: Math.max(min, 0), max: Math.min(max, 20) }));
}

function reals({ minimum, maximum }: JsonObject): fc.Arbitrary<number> {
  const bounds = {
    ...(typeof minimum === "number" && { min: minimum }),
    ...(typeof maximum === "number" && { max: maximum }),
  };
  return fc.double({ ...bounds, noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
}

function strings({ format, pattern, maxLength, contentEncoding }: JsonObject): fc.Arbitrary<string> {
  if (format === "date-time") {
    const [min, max] = [new Date("0001-01-02T00:00:00Z"), new Date("9999-12-30T00:00:00Z")];
    return fc.date({ min, max, noInvalidDate: true }).map((date) => date.toISOString());
  }
  if (contentEncoding === "base64")
    return fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("base64"));
  if (typeof pattern === "string") return fc.stringMatching(new RegExp(pattern));
  // Of long texts only those whose length in bytes is that in characters: the bound counts bytes.
  const short = fc.string({ unit: "binary", maxLength: Math.min(12, Math.floor(Number(maxLength ?? 60) / 4)) });
  if (typeof maxLength !== "number") return short;
  return fc.oneof({ weight: 9, arbitrary: short }, { weight: 1, arbitrary: fc.constant("m".repeat(maxLength)) });
}

/** A place in a value: what holds it, and its key or index. */
type Place = readonly [JsonObject | JsonValue[], string | number];

function placesIn(value: JsonValue): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const keys: (string | number)[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => [[value, key] as const, ...placesIn(Reflect.get(value, key))]);
}

/** The value with one place changed; a value without places is replaced. */
function changed(value: JsonValue, at: number, how: string, odd: JsonValue): JsonValue {
  const places = placesIn(value);
  const place = places[at % Math.max(1, places.length)];
  if (!place) return how === "add" ? value : structuredClone(odd);
  const [holder, key] = place;
  const old: unknown = Reflect.get(holder, key);
  if (how === "replace") Reflect.set(holder, key, structuredClone(odd));
  else if (how === "remove")
    Array.isArray(holder) ? holder.splice(Number(key), 1) : Reflect.deleteProperty(holder, key);
  else if (how === "add") Array.isArray(holder) ? holder.push(structuredClone(odd)) : Reflect.set(holder, "extra", odd);
  else if (typeof old === "string" && !DIGITS.test(old))
    Reflect.set(holder, key, how === "lengthen" ? `${old}${"z".repeat(70_000)}` : old + old);
  else if (typeof old === "number")
    Reflect.set(holder, key, how === "lengthen" ? Math.max(-1e300, Math.min(old * 1e9, 1e300)) : old + 1);
  return value;
}
