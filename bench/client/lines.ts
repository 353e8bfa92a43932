// Log lines as a training run says them: as publishes for the server, and as the very same events for its peers.
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Event, LogLevel, RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import { ClientFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { Position, Publish, Subscribe } from "../../generated/ts/tidewire/v1/topics.js";

/** Different lines; line i says what line i % LINES says. */
export const LINES = 4096;

const FIRST_SECOND = 1_790_000_000;
const LINES_A_SECOND = 20;
const EVENT_TAG = 0x5a; // ServerFrame.event = 11
const GENERATION_TAG = 0x18; // Event.generation = 3
const OFFSET_TAG = 0x20; // Event.offset = 4

/** Text of a line; some 90 bytes. */
export function textOf(index: number): string {
  const step = index % LINES;
  const loss = (2.3 / (1 + step / 500)).toFixed(6);
  const rate = (0.001 / (1 + step / 1000)).toExponential(4);
  return `epoch ${1 + (step >> 9)} step ${step}: loss ${loss}, learning rate ${rate}, ${900 + (step % 97)} samples/s`;
}

function lineOf(topic: string, index: number): Publish {
  const step = index % LINES;
  const nanos = (step % LINES_A_SECOND) * (1e9 / LINES_A_SECOND);
  const value = { level: LogLevel.LOG_LEVEL_INFO, message: textOf(index), source: "trainer" };
  const seconds = FIRST_SECOND + Math.floor(step / LINES_A_SECOND);
  return { topic, timestamp: { seconds, nanos }, kind: { $case: "log", value } };
}

/** The request that publishes a line. */
export function encodePublish(id: number, topic: string, index: number): Uint8Array {
  return ClientFrame.encode({ id, body: { $case: "publish", value: lineOf(topic, index) } }).finish();
}

/** The request that begins a run: a topic takes lines from then on. */
export function encodeBirth(id: number, topic: string): Uint8Array {
  const status = { status: RunStatus.RUN_STATUS_QUEUED, config: undefined };
  const value: Publish = { topic, timestamp: undefined, kind: { $case: "statusChanged", value: status } };
  return ClientFrame.encode({ id, body: { $case: "publish", value } }).finish();
}

/** A line as a log keeps it: without a position. */
export function encodeStored(topic: string, index: number): Uint8Array {
  return Event.encode({ ...lineOf(topic, index), generation: 0, offset: 0 }).finish();
}

/** A line as its subscribers get it: the position first, then what the log keeps, as the server writes it. */
export function encodePushed(topic: string, index: number, { generation, offset }: Position): Uint8Array {
  const place = new BinaryWriter().uint32(GENERATION_TAG).uint64(generation).uint32(OFFSET_TAG).uint64(offset);
  const event = place.raw(encodeStored(topic, index)).finish();
  return new BinaryWriter().uint32(EVENT_TAG).bytes(event).finish();
}

/** The request for a topic's events. */
export function encodeSubscribe(id: number, asked: Pick<Subscribe, "topic"> & Partial<Subscribe>): Uint8Array {
  const value: Subscribe = {
    after: undefined,
    snapshot: false,
    minLevel: LogLevel.LOG_LEVEL_UNSPECIFIED,
    types: [],
    positions: {},
    topicPositions: [],
    ...asked,
  };
  return ClientFrame.encode({ id, body: { $case: "subscribe", value } }).finish();
}

/** Offset of a pushed event; −1 where the message is none, or does not begin with its position. */
export function offsetOf(bytes: Buffer, start: number): number {
  if (bytes[start] !== EVENT_TAG) return -1;
  let at = afterVarint(bytes, start + 1); // the length
  if (bytes[at] !== GENERATION_TAG) return -1;
  at = afterVarint(bytes, at + 1);
  return bytes[at] === OFFSET_TAG ? varintAt(bytes, at + 1) : -1;
}

/** The number at `at`, below 2^53. */
export function varintAt(bytes: Buffer, at: number): number {
  let value = 0;
  let scale = 1;
  for (let i = at; ; i += 1) {
    const byte = bytes[i] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
}

/** Where the number at `at` ends. */
export function afterVarint(bytes: Buffer, at: number): number {
  let end = at;
  while ((bytes[end] as number) >= 0x80) end += 1;
  return end + 1;
}
