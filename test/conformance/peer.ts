// The independent decoder: protobufjs reflects the .proto files themselves and shares no code with ts-proto.
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import type { FieldPlan, Message, MessagePlan } from "../../src/wire/plan.js";

const folder = fileURLToPath(new URL("../../proto/", import.meta.url));
const root = new protobuf.Root();
// Timestamp and Struct are built into protobufjs; descriptor.proto is a file of it.
root.resolvePath = (_, target) => {
  if (target.startsWith("tidewire/")) return folder + target;
  return target.endsWith("descriptor.proto") ? fileURLToPath(import.meta.resolve(`protobufjs/${target}`)) : target;
};
root.loadSync(["tidewire/v1/frame.proto", "tidewire/v1/http.proto"], { keepCase: true });
root.resolveAll();

/** protobufjs's type of a message. */
export function peerType(name: string): protobuf.Type {
  return root.lookupType(`tidewire.v1.${name}`);
}

/** The peer's view of bytes, as plain objects with the schema's own names. */
export function peerDecode(name: string, bytes: Uint8Array): unknown {
  const type = peerType(name);
  return type.toObject(type.decode(bytes), { longs: Number, enums: Number });
}

/** The same view of one of ts-proto's messages, by way of the peer's own message. */
export function peerView(plan: MessagePlan, message: Message): unknown {
  const type = peerType(plan.name);
  return type.toObject(type.fromObject(toPeer(plan, message)), { longs: Number, enums: Number });
}

/** The peer's bytes of one of ts-proto's messages. */
export function peerEncode(plan: MessagePlan, message: Message): Uint8Array {
  const type = peerType(plan.name);
  return new Uint8Array(type.encode(type.fromObject(toPeer(plan, message))).finish());
}

function toPeer(plan: MessagePlan, message: Message): Message {
  const object: Message = {};
  for (const field of plan.plain) {
    const value = message[field.key];
    if (value === undefined) continue;
    if (field.cardinality === "list") object[field.name] = (value as unknown[]).map((element) => one(field, element));
    else if (field.cardinality === "map")
      object[field.name] = mapValues(value as Message, (element) => one(field, element));
    else object[field.name] = one(field, value);
  }
  const chosen = plan.oneof === "" ? undefined : (message[plan.oneof] as { $case: string; value: Message });
  const field = plan.byCase.get(chosen?.$case ?? "");
  if (chosen && field) object[field.name] = toPeer(field.plan, chosen.value);
  return object;
}

function one(field: FieldPlan, value: unknown): unknown {
  if (field.kind === "message") return toPeer(field.plan, value as Message);
  if (field.kind === "struct") return structOf(value as Message);
  return field.kind === "value" ? peerValue(value) : value;
}

function structOf(object: Message): unknown {
  return { fields: mapValues(object, peerValue) };
}

function peerValue(value: unknown): unknown {
  if (value === null) return { nullValue: 0 };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Array.isArray(value)
    ? { listValue: { values: value.map(peerValue) } }
    : { structValue: structOf(value as Message) };
}

function mapValues(map: Message, change: (value: unknown) => unknown): Message {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
