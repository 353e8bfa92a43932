// Messages to JSON values, by the schema's rule.
import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";
import { toBase64 } from "./base64.js";
import { shortestDouble } from "./float32.js";
import type { FieldPlan, Message, MessagePlan } from "./plan.js";
import { formatTimestamp } from "./timestamp.js";

/** A value that JSON can write. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** An object that JSON can write. */
export interface JsonObject {
  [name: string]: JsonValue;
}

/** What a oneof of ts-proto holds. */
export interface Chosen {
  readonly $case: string;
  readonly value: Message;
}

/** Any message as JSON; a message of shape "value" as its only field's value. */
export function writeAny(plan: MessagePlan, message: Message): JsonValue {
  if (plan.shape === "value") {
    const only = plan.plain[0] as FieldPlan;
    return writeField(only, message[only.key]);
  }
  return isTagged(plan) ? writeTagged(plan, message) : writePlain(plan, message, {});
}

/** The fields of a message, put into `target`. */
export function writePlain(plan: MessagePlan, message: Message, target: JsonObject): JsonObject {
  for (const field of plan.plain) {
    const value = message[field.key];
    if (value === undefined || isLeftOut(field, value)) continue;
    target[field.name] = writeField(field, value);
  }
  return target;
}

/** `{type, …envelope, data}`: the chosen field's name, all other fields, and the chosen message's own fields. */
export function writeTagged(plan: MessagePlan, message: Message): JsonObject {
  const chosen = message[plan.oneof] as Chosen | undefined;
  const field = plan.byCase.get(chosen?.$case ?? "");
  if (chosen === undefined || field === undefined) throw new TypeError(`${plan.name} without a ${plan.oneof}`);
  const target: JsonObject = { type: field.name };
  writePlain(plan, message, target);
  return writeBody(field.plan, chosen.value, target);
}

/** A body beside its `type`: under `data`, or flat where the schema says so. */
export function writeBody(plan: MessagePlan, body: Message, target: JsonObject): JsonObject {
  if (plan.success) target.status = "success";
  if (plan.shape === "flat") return writePlain(plan, body, target);
  if (plan.plain.length > 0 || plan.cases.size > 0) target.data = writeAny(plan, body);
  return target;
}

/** Whether the message is written by its oneof: `type`, `data`, and the rest beside them. */
export function isTagged({ shape }: MessagePlan): boolean {
  return shape === "tagged" || shape === "inline";
}

function isLeftOut(field: FieldPlan, value: unknown): boolean {
  if (field.cardinality === "list") return !field.keepEmpty && (value as unknown[]).length === 0;
  if (field.cardinality === "map") return !field.keepEmpty && isEmpty(value as Message);
  if (field.kind === "enum") return !field.names[value as number];
  return field.kind === "bytes" && !field.optional && !field.keepEmpty && (value as Uint8Array).length === 0;
}

function isEmpty(map: Message): boolean {
  for (const key in map) if (Object.hasOwn(map, key)) return false;
  return true;
}

function writeField(field: FieldPlan, value: unknown): JsonValue {
  if (field.cardinality === "list") return (value as unknown[]).map((element) => writeOne(field, element));
  return field.cardinality === "map" ? writeMap(field, value as Message) : writeOne(field, value);
}

function writeMap(field: FieldPlan, map: Message): JsonObject {
  const target: JsonObject = {};
  for (const key of Object.keys(map)) {
    // Assigning this one would set the prototype; the readers never let it in.
    if (key !== "__proto__") target[key] = writeOne(field, map[key]);
  }
  return target;
}

function writeOne(field: FieldPlan, value: unknown): JsonValue {
  switch (field.kind) {
    case "double":
      return Number.isFinite(value) ? (value as number) : String(value);
    case "float":
      return Number.isFinite(value) ? shortestDouble(value as number) : String(value);
    case "message":
      return writeAny(field.plan, value as Message);
    case "enum":
      return field.names[value as number] || null;
    case "timestamp":
      return formatTimestamp(value as Timestamp);
    case "bytes":
      return toBase64(value as Uint8Array);
    default:
      // Strings, booleans and whole numbers are what they are; so are Struct and Value, which ts-proto holds as JSON.
      return value as JsonValue;
  }
}
