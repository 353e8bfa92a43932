// The hand codec of log lines: of the publishes there are, only these come in floods. A line that is written in the one
// form which every encoder gives it is kept as the bytes that came; nothing of it is decoded before somebody reads it.
// Tests hold it to the generated codec, byte for byte.
import { isUtf8 } from "node:buffer";
import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import { encodeEvent } from "./event-bytes.js";
import type { MessageRun } from "./hot.js";
import { frameIdBytes, varint53Bytes, writeFrameId, writeVarint53 } from "./varint.js";

/** Longer frames are the generated decoder's: they are rare, and cost more credit. */
export const MAX_LINE_FRAME_BYTES = 4 * 1024;
/** As the schema bounds `Log.source`; `Log.message` is bounded by the frame. */
const MAX_SOURCE_BYTES = 256;
const LOOP_BYTES = 48;
const MOST_LEVEL = 5; // LOG_LEVEL_CRITICAL

// Tags of the fields, in the order in which they are written.
const ID_TAG = 0x08; // ClientFrame.id = 1, varint
const PUBLISH_TAG = 0x42; // ClientFrame.publish = 8, length-delimited
const TOPIC_TAG = 0x0a; // Publish.topic = 1
const TIMESTAMP_TAG = 0x12; // Publish.timestamp = 2
const SECONDS_TAG = 0x08; // Timestamp.seconds = 1, varint
const NANOS_TAG = 0x10; // Timestamp.nanos = 2, varint
const LOG_TAG = 0x2a; // Publish.log = 5
const LEVEL_TAG = 0x08; // Log.level = 1, varint
const MESSAGE_TAG = 0x12; // Log.message = 2
const SOURCE_TAG = 0x1a; // Log.source = 3

const PUBLISHED_TAG = 0x42; // ServerFrame.published = 8, length-delimited
const GENERATION_TAG = 0x08; // Published.generation = 1, varint
const OFFSET_TAG = 0x10; // Published.offset = 2, varint

/** Finds the parts of a log line in a message; one object serves all calls. Offsets are in the message. */
export class LogMatch {
  /** The frame's id; 0 without one. */
  id = 0;
  /** Where the Publish begins; it ends with the message. */
  start = 0;
  topicAt = 0;
  topicEnd = 0;
  /** Whether the line says when it happened. */
  hasTimestamp = false;
  /** Where the fields behind topic and timestamp begin. */
  logAt = 0;
  /** Where reading goes on. */
  #at = 0;
  /** The varint read last. */
  #value = 0;

  /**
   * Whether the message is a ClientFrame of nothing but an optional id (not negative) and the publish of a log line without
   * idempotency key, valid by the schema's rules, and written as protobuf's encoders write it: fields in order, lengths as
   * short as can be, nothing unknown. Any other message is the generated decoder's. The topic's text is not looked at.
   */
  read(message: Uint8Array): boolean {
    const end = message.length;
    if (end > MAX_LINE_FRAME_BYTES) return false;
    this.#at = 0;
    this.id = 0;
    if (message[0] === ID_TAG) {
      this.#at = 1;
      if (!this.#varint(message) || this.#value > 0x7fff_ffff) return false;
      this.id = this.#value;
    }
    if (!this.#opens(PUBLISH_TAG, message, end)) return false;
    this.start = this.#at;
    return this.#topic(message) && this.#timestamp(message) && this.#log(message);
  }

  #topic(message: Uint8Array): boolean {
    if (message[this.#at++] !== TOPIC_TAG || !this.#varint(message) || this.#value === 0) return false;
    this.topicAt = this.#at;
    this.#at += this.#value;
    this.topicEnd = this.#at;
    return this.#at <= message.length;
  }

  #timestamp(message: Uint8Array): boolean {
    this.hasTimestamp = message[this.#at] === TIMESTAMP_TAG;
    if (!this.hasTimestamp) return true;
    this.#at += 1;
    if (!this.#varint(message)) return false;
    const end = this.#at + this.#value;
    // Five bytes of seconds last until the year 3058; fields that are 0 are not written.
    if (message[this.#at++] !== SECONDS_TAG || !this.#varint(message) || this.#value === 0) return false;
    if (this.#at === end) return true;
    if (message[this.#at++] !== NANOS_TAG || !this.#varint(message) || this.#value === 0) return false;
    return this.#value < 1e9 && this.#at === end;
  }

  #log(message: Uint8Array): boolean {
    const end = message.length;
    this.logAt = this.#at;
    if (!this.#opens(LOG_TAG, message, end)) return false;
    if (message[this.#at++] !== LEVEL_TAG) return false;
    const level = message[this.#at++] as number;
    if (level === 0 || level > MOST_LEVEL) return false;
    if (message[this.#at++] !== MESSAGE_TAG || !this.#varint(message)) return false;
    const from = this.#at;
    const to = from + this.#value;
    let source = to;
    if (to < end) {
      this.#at = to;
      if (!this.#opens(SOURCE_TAG, message, end) || this.#value > MAX_SOURCE_BYTES) return false;
      source = this.#at;
    }
    if (to > end) return false;
    return isText(message, from, to) && isText(message, source, end);
  }

  /** Reads the head of a field that reaches exactly to `end`. */
  #opens(tag: number, message: Uint8Array, end: number): boolean {
    return message[this.#at++] === tag && this.#varint(message) && this.#at + this.#value === end;
  }

  /** Reads a number of at most 35 bits, written as short as can be. Behind the message there is none. */
  #varint(message: Uint8Array): boolean {
    let value = 0;
    let scale = 1;
    for (let count = 1; count <= 5; count += 1) {
      const byte = message[this.#at++];
      if (byte === undefined) return false;
      if (byte < 0x80) {
        this.#value = value + byte * scale;
        return byte !== 0 || count === 1;
      }
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    }
    return false;
  }
}

/** Whether the bytes are UTF-8. The call takes 39 ns with a view of its own, and 59 with one made by Buffer; a loop 0.65 ns a byte. */
function isText(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from <= LOOP_BYTES) {
    let all = 0;
    for (let i = from; i < to; i += 1) all |= bytes[i] as number;
    if (all < 0x80) return true;
  }
  return isUtf8(viewOf(bytes, from, to));
}

function viewOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
}

/**
 * A log line as it is kept: an event's bytes. Without a timestamp of its own it gets `now`, a timestamp field of Event.
 * It is a copy, some 50 ns: a view would keep all that the socket read with it for as long as the line waits for the disk.
 */
export function lineBytes(message: Uint8Array, match: LogMatch, now: () => Uint8Array): Uint8Array {
  const { start, logAt, hasTimestamp } = match;
  if (hasTimestamp) {
    const bytes = Buffer.allocUnsafe(message.length - start);
    bytes.set(viewOf(message, start, message.length));
    return bytes;
  }
  const stamp = now();
  const bytes = Buffer.allocUnsafe(message.length - start + stamp.length);
  bytes.set(viewOf(message, start, logAt));
  bytes.set(stamp, logAt - start);
  bytes.set(viewOf(message, logAt, message.length), logAt - start + stamp.length);
  return bytes;
}

/** The timestamp field of an event, for {@link lineBytes}. */
export function timestampField(timestamp: Timestamp): Uint8Array {
  return encodeEvent({ topic: "", timestamp, kind: undefined });
}

/** ServerFrames that acknowledge publishes: message i says that request ids[i] stands at positions[i]. */
export class PublishedRun implements MessageRun {
  readonly count: number;
  readonly #ids: readonly number[];
  readonly #positions: readonly Position[];

  constructor(ids: readonly number[], positions: readonly Position[]) {
    this.count = ids.length;
    this.#ids = ids;
    this.#positions = positions;
  }

  byteLength(i: number): number {
    return frameIdBytes(this.#ids[i] as number) + 2 + bodyBytes(this.#positions[i] as Position);
  }

  write(i: number, target: Uint8Array, at: number): number {
    const position = this.#positions[i] as Position;
    const { generation, offset } = position;
    let end = writeFrameId(this.#ids[i] as number, target, at);
    target[end++] = PUBLISHED_TAG;
    target[end++] = bodyBytes(position);
    if (generation > 0) {
      target[end++] = GENERATION_TAG;
      end = writeVarint53(generation, target, end);
    }
    if (offset > 0) {
      target[end++] = OFFSET_TAG;
      end = writeVarint53(offset, target, end);
    }
    return end;
  }
}

/** At most 18: its length is one byte. */
function bodyBytes({ generation, offset }: Position): number {
  return (generation > 0 ? 1 + varint53Bytes(generation) : 0) + (offset > 0 ? 1 + varint53Bytes(offset) : 0);
}
