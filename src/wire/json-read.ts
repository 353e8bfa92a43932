// JSON values to messages, by the schema's rule, strictly: wrong types and values out of range are refused by path.
import { isTagged } from "./json-write.js";
import { type CasePlan, createMessage, type FieldPlan, type Message, type MessagePlan } from "./plan.js";
import { join, type Key, pathOf, refuse, refuseMissing } from "./refuse.js";
import { isWellFormed, readScalar } from "./scalars.js";
import { readStruct } from "./struct.js";

/** Any message from JSON; `path` is where it stands, for errors. @throws TidewireError INVALID_MESSAGE */
export function readAny(plan: MessagePlan, json: unknown, path: string): Message {
  if (plan.shape === "value") {
    const only = plan.plain[0] as FieldPlan;
    return { [only.key]: readField(only, json, path) };
  }
  if (isTagged(plan)) return readTagged(plan, asObject(json, path), path);
  const message = createMessage(plan);
  readPlain(plan, asObject(json, path), path, message);
  return checkRequired(plan, message, path);
}

/** A message with a oneof: `type` chooses its field. */
export function readTagged(plan: MessagePlan, json: Message, path: string): Message {
  const message = createMessage(plan);
  readPlain(plan, json, path, message);
  const found = caseOf(plan, json, path);
  message[plan.oneof] = { $case: found.field.key, value: readCase(found, json, path) };
  return checkRequired(plan, message, path);
}

/** The body of a chosen case: its fields under `data`, or beside `type`. */
export function readCase({ field, inlined }: CasePlan, json: Message, path: string): Message {
  if (inlined) return readTagged(inlined, json, path);
  const inside = join(path, "data");
  const data = own(json, "data");
  if (isTagged(field.plan)) return readTagged(field.plan, asObject(data, inside), inside);
  const body = createMessage(field.plan);
  readPlain(field.plan, json, path, body);
  const nested = data !== undefined && data !== null;
  if (nested) readPlain(field.plan, asObject(data, inside), inside, body);
  return checkRequired(field.plan, body, nested ? inside : path);
}

/** An own property; what objects inherit is no one's message. */
export function own(json: object, name: string): unknown {
  return Object.hasOwn(json, name) ? (json as Message)[name] : undefined;
}

function caseOf(plan: MessagePlan, json: Message, path: string): CasePlan {
  const type = own(json, "type");
  const found = typeof type === "string" ? plan.cases.get(type) : undefined;
  if (!found) throw refuse(join(path, "type"), `one of ${[...plan.cases.keys()].join(", ")}`, type);
  return found;
}

function asObject(json: unknown, path: string): Message {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw refuse(path, "an object", json);
  return json as Message;
}

/** Reads the fields that the object names, in either spelling; unknown names and null say nothing. */
function readPlain(plan: MessagePlan, json: Message, path: string, message: Message): void {
  for (const name of Object.keys(json)) {
    const field = plan.byName.get(name);
    if (field === undefined) continue;
    const value = json[name];
    if (value !== null && value !== undefined) message[field.key] = readField(field, value, path);
  }
}

function checkRequired(plan: MessagePlan, message: Message, path: string): Message {
  for (const field of plan.required) {
    if (message[field.key] === undefined) throw refuseMissing(pathOf(path, field));
  }
  return message;
}

function readField(field: FieldPlan, json: unknown, parent: string): unknown {
  if (field.cardinality === "list") return readList(field, json, parent);
  return field.cardinality === "map" ? readMap(field, json, parent) : readOne(field, json, parent, undefined);
}

function readList(field: FieldPlan, json: unknown, parent: string): unknown[] {
  if (!Array.isArray(json)) throw refuse(pathOf(parent, field), "a list", json);
  return json.map((element, i) => readOne(field, element, parent, i));
}

function readMap(field: FieldPlan, json: unknown, parent: string): Message {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw refuse(pathOf(parent, field), "an object", json);
  }
  const map: Message = {};
  for (const key of Object.keys(json)) {
    // No ordinary key in JavaScript: assigning it would set the prototype.
    if (key === "__proto__") throw refuse(pathOf(parent, field), "names other than __proto__", key);
    if (!isWellFormed(key)) throw refuse(pathOf(parent, field), "names of whole Unicode characters", key);
    map[key] = readOne(field, (json as Message)[key], parent, key);
  }
  return map;
}

function readOne(field: FieldPlan, json: unknown, parent: string, key: Key): unknown {
  switch (field.kind) {
    case "message":
      return readAny(field.plan, json, pathOf(parent, field, key));
    case "struct":
      return readStruct(asObject(json, pathOf(parent, field, key)), pathOf(parent, field, key));
    case "value":
      return readStruct(json, pathOf(parent, field, key));
    default:
      return readScalar(field, json, parent, key);
  }
}
