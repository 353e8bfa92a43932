// WebSocket frames as a client sends and reads them (RFC 6455, section 5.2).

/** Opcode of a close frame. */
export const CLOSE = 8;
/** Opcode of a ping. */
export const PING = 9;
/** Ending of a connection's headers. */
const FINAL = 0x80;
const MASKED = 0x80;
const TEXT = 1;
const BINARY = 2;

/** Messages as masked frames, back to back. */
export interface FrameBlock {
  readonly bytes: Buffer;
  /** Frame i lies from offsets[i] to offsets[i + 1]. */
  readonly offsets: Int32Array;
}

/** Masks and frames messages, before anything is timed. */
export function toFrameBlock(messages: readonly (Uint8Array | string)[]): FrameBlock {
  const frames = messages.map(toFrame);
  const offsets = new Int32Array(frames.length + 1);
  frames.forEach((frame, i) => {
    offsets[i + 1] = (offsets[i] as number) + frame.length;
  });
  return { bytes: Buffer.concat(frames), offsets };
}

/** One message as one masked frame. The mask is not zero: zeros would save the server its work. */
export function toFrame(message: Uint8Array | string): Buffer {
  const payload = Buffer.from(message as Uint8Array);
  const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  for (let i = 0; i < payload.length; i += 1) payload[i] = (payload[i] as number) ^ (mask[i & 3] as number);
  return Buffer.concat([headerOf(typeof message === "string" ? TEXT : BINARY, payload.length), mask, payload]);
}

function headerOf(opcode: number, length: number): Buffer {
  const short = length < 126 ? length : length <= 0xffff ? 126 : 127;
  const header = Buffer.alloc(headerBytes(short));
  header[0] = FINAL | opcode;
  header[1] = MASKED | short;
  if (short === 126) header.writeUInt16BE(length, 2);
  if (short === 127) header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

/** Takes the frames of one connection; the payload lies from `start` to `end` and is borrowed during the call. */
export type FrameListener = (bytes: Buffer, start: number, end: number, opcode: number) => void;

/** First room for a frame that the end of a read has cut; it grows with the longest. */
const FIRST_CUT_BYTES = 128 * 1024;

/** Finds the server's frames in a stream of bytes: no copy, no object, no check beyond the length. */
export class FrameFinder {
  readonly #listener: FrameListener;
  #cut: Buffer | undefined;
  #cutBytes = 0;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Takes the bytes of one read. */
  take(bytes: Buffer, from: number, end: number): void {
    let at = this.#cutBytes > 0 ? this.#finishCut(bytes, from, end) : from;
    while (at < end) {
      const length = frameBytes(bytes, at, end);
      if (length === 0 || at + length > end) return this.#keepCut(bytes, at, end);
      this.#emit(bytes, at, length);
      at += length;
    }
  }

  #emit(bytes: Buffer, at: number, length: number): void {
    const header = headerBytes(bytes[at + 1] as number);
    this.#listener(bytes, at + header, at + length, (bytes[at] as number) & 0x0f);
  }

  #keepCut(bytes: Buffer, at: number, end: number): void {
    this.#cutBytes = 0;
    this.#makeRoom(end - at);
    this.#cutBytes = bytes.copy(this.#cut as Buffer, 0, at, end);
  }

  #makeRoom(needed: number): void {
    if (this.#cut && this.#cut.length >= needed) return;
    const larger = Buffer.allocUnsafe(Math.max(FIRST_CUT_BYTES, needed));
    this.#cut?.copy(larger, 0, 0, this.#cutBytes);
    this.#cut = larger;
  }

  /** Offset behind what completes the cut frame. */
  #finishCut(bytes: Buffer, from: number, end: number): number {
    let at = from;
    for (;;) {
      const length = frameBytes(this.#cut as Buffer, 0, this.#cutBytes);
      this.#makeRoom(length);
      const cut = this.#cut as Buffer;
      if (length > 0 && length === this.#cutBytes) break;
      if (at === end) return at;
      const wanted = length === 0 ? 1 : length - this.#cutBytes;
      const copied = bytes.copy(cut, this.#cutBytes, at, Math.min(end, at + wanted));
      this.#cutBytes += copied;
      at += copied;
    }
    this.#emit(this.#cut as Buffer, 0, this.#cutBytes);
    this.#cutBytes = 0;
    return at;
  }
}

function headerBytes(second: number): number {
  return second < 126 ? 2 : second === 126 ? 4 : 10;
}

/** Length of the frame at `at`, header included; 0 where too little of it is there to tell. */
function frameBytes(bytes: Buffer, at: number, end: number): number {
  if (at + 2 > end) return 0;
  const second = bytes[at + 1] as number;
  if (second < 126) return 2 + second;
  if (at + headerBytes(second) > end) return 0;
  return second === 126 ? 4 + bytes.readUInt16BE(at + 2) : 10 + Number(bytes.readBigUInt64BE(at + 2));
}
