// WebSocket frames as bytes (RFC 6455, section 5.2): any frame can be made, also one that the RFC forbids.

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

const FINAL = 0x80;
const MASKED = 0x80;
const SHORT = 125;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MOST_16 = 0xffff;
const MASK_BYTES = 4;

/** How a frame differs from a whole, masked one with the shortest length. */
export interface FrameTwist {
  /** Default: true. */
  readonly fin?: boolean;
  /** The three reserved bits, 0 to 7. Default: 0. */
  readonly reserved?: number;
  /** Four bytes, or none for a frame that is not masked. Default: {@link MASK}. */
  readonly mask?: Uint8Array | undefined;
  /** The length that the header tells, whatever the payload has. */
  readonly declared?: bigint;
  /** Bytes of the length field. Default: as few as hold it. */
  readonly lengthBytes?: 0 | 2 | 8;
}

/** Not zero, which would be no masking. */
export const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** One frame of a client. */
export function frameOf(opcode: number, payload: Uint8Array | string = "", twist: FrameTwist = {}): Buffer {
  const body = Buffer.from(payload as Uint8Array);
  const { fin = true, reserved = 0 } = twist;
  const mask = "mask" in twist ? twist.mask : MASK;
  const declared = twist.declared ?? BigInt(body.length);
  const head = lengthOf(declared, twist.lengthBytes ?? shortest(declared), mask !== undefined);
  head[0] = (fin ? FINAL : 0) | (reserved << 4) | opcode;
  if (mask) maskInPlace(body, 0, body.length, mask);
  return Buffer.concat([head, mask ?? new Uint8Array(0), body]);
}

function shortest(length: bigint): 0 | 2 | 8 {
  if (length <= BigInt(SHORT)) return 0;
  return length <= BigInt(MOST_16) ? 2 : 8;
}

/** A header whose first byte is still to be set. */
function lengthOf(length: bigint, bytes: 0 | 2 | 8, isMasked: boolean): Buffer {
  const head = Buffer.alloc(2 + bytes);
  head[1] = (isMasked ? MASKED : 0) | (bytes === 0 ? Number(length) : bytes === 2 ? LENGTH_16 : LENGTH_64);
  if (bytes === 2) head.writeUInt16BE(Number(length), 2);
  if (bytes === 8) head.writeBigUInt64BE(length, 2);
  return head;
}

/** Bytes of a masked frame's header. */
export function maskedHeaderBytes(payload: number): number {
  return 2 + MASK_BYTES + (payload <= SHORT ? 0 : payload <= MOST_16 ? 2 : 8);
}

/** Writes the header of a whole masked frame; where its payload begins. */
export function writeMaskedHeader(
  target: Buffer,
  at: number,
  opcode: number,
  payload: number,
  mask: Uint8Array,
): number {
  target[at] = FINAL | opcode;
  let next = at + 2;
  if (payload <= SHORT) target[at + 1] = MASKED | payload;
  else if (payload <= MOST_16) {
    target[at + 1] = MASKED | LENGTH_16;
    next = target.writeUInt16BE(payload, next);
  } else {
    target[at + 1] = MASKED | LENGTH_64;
    next = target.writeBigUInt64BE(BigInt(payload), next);
  }
  target.set(mask, next);
  return next + MASK_BYTES;
}

/** Masks, or unmasks, the bytes of one payload. */
export function maskInPlace(bytes: Buffer, from: number, end: number, mask: Uint8Array): void {
  const [a = 0, b = 0, c = 0, d = 0] = mask;
  if ((a | b | c | d) === 0) return;
  for (let i = from; i < end; i += 1) bytes[i] = (bytes[i] as number) ^ (mask[(i - from) & 3] as number);
}

/** Takes each frame of a server; the payload lies from `start` to `end` and is borrowed during the call. */
export type FrameListener = (bytes: Buffer, start: number, end: number, opcode: number, fin: boolean) => void;

/** A server broke RFC 6455. */
export class FrameFault extends Error {}

/** Finds a server's frames in a stream of bytes, of any length, and looks at what a client must refuse. */
export class FrameReader {
  readonly #listener: FrameListener;
  #cut: Buffer | undefined;
  #cutBytes = 0;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Takes the bytes of one read, which it does not keep. @throws FrameFault */
  take(read: Buffer): void {
    const bytes = this.#withCut(read);
    let at = 0;
    for (;;) {
      const length = frameBytes(bytes, at);
      if (length === 0 || at + length > bytes.length) break;
      const payload = at + unmaskedHeaderBytes(bytes[at + 1] as number);
      const end = at + length;
      this.#listener(bytes, payload, end, (bytes[at] as number) & 0x0f, ((bytes[at] as number) & FINAL) !== 0);
      at = end;
    }
    this.#keep(bytes, at);
  }

  #withCut(read: Buffer): Buffer {
    if (this.#cutBytes === 0) return read;
    const kept = (this.#cut as Buffer).subarray(0, this.#cutBytes);
    return Buffer.concat([kept, read]);
  }

  #keep(bytes: Buffer, from: number): void {
    this.#cutBytes = bytes.length - from;
    if (this.#cutBytes > 0) this.#cut = Buffer.from(bytes.subarray(from));
    else this.#cut = undefined;
  }
}

function unmaskedHeaderBytes(second: number): number {
  return second <= SHORT ? 2 : second === LENGTH_16 ? 4 : 10;
}

/** Length of the frame at `at`, header included; 0 where too little of it is there to tell. */
function frameBytes(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) return 0;
  const [first, second] = [bytes[at] as number, bytes[at + 1] as number];
  if ((second & MASKED) !== 0) throw new FrameFault("a masked frame from a server");
  if ((first & 0x70) !== 0) throw new FrameFault("reserved bits without an extension");
  const header = unmaskedHeaderBytes(second);
  if (at + header > bytes.length) return 0;
  if (header === 2) return 2 + second;
  return header === 4 ? 4 + bytes.readUInt16BE(at + 2) : 10 + Number(bytes.readBigUInt64BE(at + 2));
}
