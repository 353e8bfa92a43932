// JSON of frames and messages, derived from the schema. The server's: the browser client has smaller code of its own.
import type { MessageName, MessageTypes } from "../../generated/ts/schema.js";
import { TidewireError } from "../errors.js";
import { FrameError } from "./codec.js";
import { own, readAny, readTagged } from "./json-read.js";
import { type Chosen, type JsonObject, type JsonValue, writeAny, writeBody, writeTagged } from "./json-write.js";
import { nearest } from "./nearest.js";
import { type Message, type MessagePlan, planOf } from "./plan.js";
import { clip, quote, refuse } from "./refuse.js";

export type { JsonObject, JsonValue } from "./json-write.js";

/** Name of a message type of the schema. */
export type MessageType = MessageName;

/** The two messages that travel. */
export type FrameType = "ClientFrame" | "ServerFrame";

const FRAMES: Readonly<Record<FrameType, MessagePlan>> = {
  ClientFrame: planOf("ClientFrame"),
  ServerFrame: planOf("ServerFrame"),
};

/** A message as JSON, `"status": "success"` included where the schema asks for it. Struct fields are handed on, not copied. A oneof must be set. */
export function writeMessage<T extends MessageType>(type: T, message: MessageTypes[T]): JsonValue {
  const plan = planOf(type);
  const json = writeAny(plan, message as unknown as Message);
  return plan.success ? { status: "success", ...(json as JsonObject) } : json;
}

/**
 * A message from JSON; it shares nothing with `json`.
 *
 * @param path where the message stands, for errors; empty when it is the whole
 * @throws TidewireError INVALID_MESSAGE naming the field's path, what was expected and what came
 */
export function readMessage<T extends MessageType>(type: T, json: unknown, path = ""): MessageTypes[T] {
  return readAny(planOf(type), json, path) as unknown as MessageTypes[T];
}

/** A frame as a JSON object. The body must be set. */
export function frameToJson<T extends FrameType>(type: T, frame: MessageTypes[T]): JsonObject {
  const plan = FRAMES[type];
  const { id, body } = frame as { readonly id: number; readonly body?: Chosen };
  const field = plan.byCase.get(body?.$case ?? "");
  if (body === undefined || field === undefined) throw new TypeError(`${type} without a body`);
  const inlined = plan.cases.get(field.name)?.field !== field;
  const target = inlined ? writeTagged(field.plan, body.value) : { type: field.name };
  if (id !== 0) target.id = id;
  return inlined ? target : writeBody(field.plan, body.value, target);
}

/**
 * A frame from a JSON value.
 *
 * @throws FrameError INVALID_MESSAGE or UNKNOWN_MESSAGE_TYPE, with the frame's id where it could be read
 */
export function frameFromJson<T extends FrameType>(type: T, json: unknown): MessageTypes[T] {
  const plan = FRAMES[type];
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new FrameError(0, "INVALID_MESSAGE", refuse("", "an object with a `type`", json).message);
  }
  const id = idOf(json);
  const name = own(json, "type");
  if (typeof name !== "string") {
    throw new FrameError(id, "INVALID_MESSAGE", refuse("type", "a string", name).message, { field: "type" });
  }
  if (!plan.cases.has(name)) throw unknownType(id, name, plan);
  try {
    return readTagged(plan, json as Message, "") as unknown as MessageTypes[T];
  } catch (error) {
    throw error instanceof TidewireError ? new FrameError(id, error.code, error.message, error.details) : error;
  }
}

function idOf(json: object): number {
  const id = own(json, "id");
  return typeof id === "number" && (id | 0) === id ? id : 0;
}

function unknownType(id: number, name: string, plan: MessagePlan): FrameError {
  const known = nearest(name, [...plan.cases.keys()]);
  const message = `unknown message type ${quote(name)}; known are ${known.join(", ")}`;
  return new FrameError(id, "UNKNOWN_MESSAGE_TYPE", message, { type: clip(name), known });
}
