// Query strings, read by the schema as bodies are.
import type { MessageTypes } from "../../generated/ts/schema.js";
import { type MessageType, readMessage } from "../wire/json.js";
import { type FieldPlan, planOf } from "../wire/plan.js";

const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

/**
 * A message from a query. A repeated field may stand several times or hold commas; an empty value says nothing; names
 * that the message does not have are ignored.
 *
 * @throws TidewireError INVALID_MESSAGE naming the parameter, what was expected and what came
 */
export function readQuery<T extends MessageType>(type: T, query: unknown): MessageTypes[T] {
  const { byName } = planOf(type);
  const given = Object.entries(query as Readonly<Record<string, unknown>>);
  const fields = given.flatMap(([name, value]) => {
    const field = byName.get(name);
    return field === undefined || value === "" ? [] : [[name, toJson(field, value)] as const];
  });
  return readMessage(type, Object.fromEntries(fields));
}

function toJson(field: FieldPlan, value: unknown): unknown {
  if (field.cardinality === "list") return [value].flat().flatMap(split);
  return field.kind === "bool" ? (BOOLEANS.get(value) ?? value) : value;
}

function split(value: unknown): readonly string[] {
  return String(value)
    .split(",")
    .filter((part) => part !== "");
}
