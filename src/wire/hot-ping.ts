// Pings and pongs by hand: a client that asks without pause costs others no collection of garbage. Tests hold it to the
// generated codec, byte for byte.

import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";
import { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { createWriter } from "./fast-writer.js";
import type { MessageRun } from "./hot.js";
import { frameIdBytes, writeFrameId } from "./varint.js";

const ID_TAG = 0x08; // id = 1, varint
const PING_TAG = 0x52; // ping = 10, length-delimited
const PING_BYTES = 2;
/** A tag, an int32 that is not negative, and an empty ping. */
const LONGEST = 1 + 5 + PING_BYTES;

/**
 * The id of a ClientFrame of nothing but an optional id (not negative) and an empty ping; 0 without an id, negative for any
 * other message, which is the generated decoder's. Allocates and throws nothing.
 */
export function matchPing(message: Uint8Array): number {
  const end = message.length - PING_BYTES;
  if (end < 0 || message.length > LONGEST || message[end] !== PING_TAG || message[end + 1] !== 0) return -1;
  if (end === 0) return 0;
  if (end === 1 || message[0] !== ID_TAG) return -1;
  let id = 0;
  for (let at = 1; at < end; at += 1) {
    const byte = message[at] as number;
    if (byte > 0x7f !== at < end - 1) return -1; // the last byte, and no other, ends the number
    id |= (byte & 0x7f) << (7 * (at - 1));
  }
  // The fifth byte holds bits 28 to 34; an int32 that is not negative has none above 30.
  return end === 1 + 5 && (message[end - 1] as number) > 0x07 ? -1 : id;
}

/** ServerFrames with pongs of one time, to one connection. It grows until it is written. */
export class PongRun implements MessageRun {
  readonly #ids: number[] = [];
  /** A pong without an id, which stands before it. */
  readonly #pong: Uint8Array;

  constructor(timestamp: Timestamp) {
    this.#pong = ServerFrame.encode({ id: 0, body: { $case: "pong", value: { timestamp } } }, createWriter()).finish();
  }

  /** Adds an answer to that request. @returns its bytes */
  add(id: number): number {
    this.#ids.push(id);
    return this.byteLength(this.#ids.length - 1);
  }

  get count(): number {
    return this.#ids.length;
  }

  byteLength(i: number): number {
    return frameIdBytes(this.#ids[i] as number) + this.#pong.length;
  }

  write(i: number, target: Uint8Array, at: number): number {
    const end = writeFrameId(this.#ids[i] as number, target, at);
    const pong = this.#pong;
    for (let k = 0; k < pong.length; k += 1) target[end + k] = pong[k] as number;
    return end + pong.length;
  }
}
