// The messages of the socket: every body of the two frames, and every kind of event, with examples in both encodings.
import { ClientFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { frameFromJson, type JsonObject } from "../wire/json.js";
import { type CasePlan, type FieldPlan, type MessagePlan, planOf } from "../wire/plan.js";
import { protoCodec } from "../wire/proto-codec.js";
import { commentOf, partComment } from "./comments.js";
import { FRAME_EXAMPLES } from "./frame-examples.js";
import { parseLines, type ShownFrame } from "./recording.js";

/** The frame that a message is a body of. */
export type FrameName = "ClientFrame" | "ServerFrame";

/** A frame as JSON, and the same frame's bytes. */
export interface FrameExample {
  readonly name: string;
  readonly json: JsonObject;
  readonly hex: string;
}

/** What stands in a JSON message beside `type`, and where its author declared it. */
export interface MessageField {
  readonly field: FieldPlan;
  readonly owner: MessagePlan;
  /** Whether it stands in `data`, not beside `type`. */
  readonly isInside: boolean;
}

/** One message of the socket. */
export interface SocketMessage {
  readonly frame: FrameName;
  /** `type` in JSON. */
  readonly type: string;
  /** Number of the body in the frame; of an event, the kind's number in the event is {@link kindNumber}. */
  readonly number: number;
  readonly kindNumber: number | undefined;
  readonly summary: string;
  readonly description: string;
  /** Types of the replies that are no errors. */
  readonly answeredBy: readonly string[];
  readonly body: MessagePlan;
  readonly fields: readonly MessageField[];
  readonly examples: readonly FrameExample[];
}

const EXAMPLES = parseLines<ShownFrame>(FRAME_EXAMPLES);
/** How a request's comment in the schema names its reply. */
const ANSWERED_BY = /\banswered by (\w+)/;

/** All messages of a frame, in the order of their numbers. */
export function messagesOf(frame: FrameName): SocketMessage[] {
  const plan = planOf(frame);
  return [...plan.cases].map(([type, found]) => messageOf(frame, plan, type, found));
}

function messageOf(frame: FrameName, plan: MessagePlan, type: string, { field, inlined }: CasePlan): SocketMessage {
  const kind = inlined?.cases.get(type)?.field;
  const body = (kind ?? field).plan;
  const summary = partComment((inlined ?? plan).name, type);
  const [, reply] = ANSWERED_BY.exec(summary) ?? [];
  const beside = [plan, ...(inlined ? [inlined] : []), ...(body.shape === "flat" ? [body] : [])];
  return {
    frame,
    type,
    number: field.number,
    kindNumber: kind?.number,
    summary,
    description: commentOf(body.name),
    answeredBy: reply === undefined ? [] : [reply],
    body,
    fields: [
      ...beside.flatMap((owner) => fieldsOf(owner, false)),
      ...(body.shape === "flat" ? [] : fieldsOf(body, true)),
    ],
    examples: examplesOf(frame, type),
  };
}

function fieldsOf(owner: MessagePlan, isInside: boolean): MessageField[] {
  return owner.plain.map((field) => ({ field, owner, isInside }));
}

function examplesOf(frame: FrameName, type: string): FrameExample[] {
  const found = EXAMPLES.filter((example) => example.frame === frame && example.json.type === type);
  return found.map(({ name, json }) => ({ name, json, hex: Buffer.from(bytesOf(frame, json)).toString("hex") }));
}

function bytesOf(frame: FrameName, json: JsonObject): Uint8Array | string {
  if (frame === "ServerFrame") return protoCodec.encode(frameFromJson(frame, json));
  return ClientFrame.encode(frameFromJson(frame, json)).finish();
}
