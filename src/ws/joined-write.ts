// WebSocket frames of a whole turn in one buffer: a write costs ~7 µs whatever its size, so many
// messages cost one. Each message stays a frame of its own (RFC 6455, section 5.2), unmasked, whole.

import type { Outgoing } from "../session/transport.js";
import type { MessageRun } from "../wire/hot.js";
import { SharedMessages } from "../wire/shared-messages.js";

const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
/** Payloads up to here have their length in the header's second byte. */
const SMALL = 125;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_LENGTH_16 = 0xffff;
/** A message above this is written as it is, behind its header: copying it costs more than a second piece. */
const LARGE = 64 * 1024;

/** A message that goes to one connection only. */
type OwnMessage = Exclude<Outgoing, SharedMessages>;

/**
 * The messages as WebSocket frames, in order: one buffer for each stretch of small messages of its own, and what is shared or
 * large as it is.
 */
export function frameMessages(messages: readonly Outgoing[]): readonly Uint8Array[] {
  if (!messages.some(isApart)) return [joinFrames(messages as OwnMessage[])];
  const pieces: Uint8Array[] = [];
  let own: OwnMessage[] = [];
  for (const message of messages) {
    if (!isApart(message)) {
      own.push(message as OwnMessage);
      continue;
    }
    if (own.length > 0) pieces.push(joinFrames(own));
    own = [];
    if (message instanceof SharedMessages) {
      message.framed ??= joinFrames(message.messages);
      pieces.push(message.framed);
    } else {
      pieces.push(headerOf(message), message);
    }
  }
  if (own.length > 0) pieces.push(joinFrames(own));
  return pieces;
}

/** Whether a message is no part of a joined buffer. */
function isApart(message: Outgoing): message is SharedMessages | Uint8Array {
  return message instanceof SharedMessages || (message instanceof Uint8Array && message.byteLength > LARGE);
}

function headerOf(message: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(withHeader(message.byteLength) - message.byteLength);
  writeHeader(FINAL_BINARY, message.byteLength, header, 0);
  return header;
}

/** How many messages there are. */
export function countMessages(messages: readonly Outgoing[]): number {
  let count = 0;
  for (const message of messages) {
    if (typeof message === "string" || message instanceof Uint8Array) count += 1;
    else count += message instanceof SharedMessages ? message.messages.length : message.count;
  }
  return count;
}

/** The messages as WebSocket frames, in order, in one buffer. */
export function joinFrames(messages: readonly OwnMessage[]): Buffer {
  const target = Buffer.allocUnsafe(framedBytes(messages));
  let at = 0;
  for (const message of messages) {
    if (typeof message === "string") at = writeText(message, target, at);
    else if (message instanceof Uint8Array) at = writeBytes(message, target, at);
    else at = writeRun(message, target, at);
  }
  return target;
}

function framedBytes(messages: readonly OwnMessage[]): number {
  let bytes = 0;
  for (const message of messages) {
    if (typeof message === "string") bytes += withHeader(Buffer.byteLength(message));
    else if (message instanceof Uint8Array) bytes += withHeader(message.byteLength);
    else for (let i = 0; i < message.count; i += 1) bytes += withHeader(message.byteLength(i));
  }
  return bytes;
}

function withHeader(payload: number): number {
  return payload + (payload <= SMALL ? 2 : payload <= MAX_LENGTH_16 ? 4 : 10);
}

function writeHeader(opcode: number, payload: number, target: Buffer, at: number): number {
  target[at] = opcode;
  if (payload <= SMALL) {
    target[at + 1] = payload;
    return at + 2;
  }
  if (payload <= MAX_LENGTH_16) {
    target[at + 1] = LENGTH_16;
    target[at + 2] = payload >>> 8;
    target[at + 3] = payload & 0xff;
    return at + 4;
  }
  target[at + 1] = LENGTH_64;
  target.writeBigUInt64BE(BigInt(payload), at + 2);
  return at + 10;
}

function writeText(text: string, target: Buffer, at: number): number {
  const start = writeHeader(FINAL_TEXT, Buffer.byteLength(text), target, at);
  return start + target.write(text, start);
}

function writeBytes(bytes: Uint8Array, target: Buffer, at: number): number {
  const start = writeHeader(FINAL_BINARY, bytes.byteLength, target, at);
  target.set(bytes, start);
  return start + bytes.byteLength;
}

function writeRun(run: MessageRun, target: Buffer, at: number): number {
  let end = at;
  for (let i = 0; i < run.count; i += 1) {
    end = run.write(i, target, writeHeader(FINAL_BINARY, run.byteLength(i), target, end));
  }
  return end;
}
