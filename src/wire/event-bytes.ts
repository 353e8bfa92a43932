// Events as they are kept: the bytes of an `Event` without its position. A frame is those bytes with the position before
// them, so that neither fan-out nor replay encodes anything again.
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Event } from "../../generated/ts/tidewire/v1/events.js";
import type { Publish } from "../../generated/ts/tidewire/v1/topics.js";
import { createWriter } from "./fast-writer.js";
import { planOf } from "./plan.js";
import { varint53Bytes, writeVarint53 } from "./varint.js";

/** An event's bytes at its place. */
export interface PlacedEvent {
  readonly generation: number;
  readonly offset: number;
  /** As {@link encodeEvent} wrote it. */
  readonly bytes: Uint8Array;
}

/** How an event is delivered to a slow reader: all of them, or the newest. */
export type DeliveryClass = "reliable" | "latest";

/** A kind of event: the field of `Event.kind`. */
export interface EventKind {
  /** As JSON's `type` has it: "step_progress". */
  readonly type: string;
  readonly delivery: DeliveryClass;
}

type KindCase = NonNullable<Event["kind"]>["$case"];

const FRAME_EVENT_TAG = 0x5a; // ServerFrame.event = 11, length-delimited
const GENERATION_TAG = 0x18; // Event.generation = 3, varint
const OFFSET_TAG = 0x20; // Event.offset = 4, varint

/** Every kind of event, by the name of its case. */
export const EVENT_KINDS: ReadonlyMap<KindCase, EventKind> = new Map(
  [...planOf("Event").byCase].map(([name, { name: type, plan }]) => [
    name as KindCase,
    { type, delivery: plan.delivery ?? "reliable" },
  ]),
);

/** Bytes of an event that has no place yet. The publish must have a kind; its idempotency key is no part of the event. */
export function encodeEvent({ topic, timestamp, kind }: Publish): Uint8Array {
  return Event.encode({ topic, timestamp, generation: 0, offset: 0, kind }, createWriter()).finish();
}

/** The event at its place. @throws Error on bytes that are no event */
export function decodeEvent({ generation, offset, bytes }: PlacedEvent): Event {
  const event = Event.decode(new BinaryReader(bytes));
  event.generation = generation;
  event.offset = offset;
  return event;
}

/** The event as a binary ServerFrame without id. */
export function encodeEventFrame({ generation, offset, bytes }: PlacedEvent): Uint8Array {
  const length = 2 + varint53Bytes(generation) + varint53Bytes(offset) + bytes.length;
  const frame = Buffer.allocUnsafe(1 + varint53Bytes(length) + length);
  frame[0] = FRAME_EVENT_TAG;
  let at = writeVarint53(length, frame, 1);
  frame[at] = GENERATION_TAG;
  at = writeVarint53(generation, frame, at + 1);
  frame[at] = OFFSET_TAG;
  at = writeVarint53(offset, frame, at + 1);
  frame.set(bytes, at);
  return frame;
}
