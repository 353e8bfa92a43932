// The short way of a binary message: a whole frame within what was read needs no state, and no parser that has some. It is
// unmasked where it lies and handed over. Every other frame goes to the parser of `ws` byte by byte as it came, which is
// also the only one that answers control frames and finds faults. Decision 0019 has the figures.

/** First byte of a binary message in one frame, without extensions. */
const WHOLE_BINARY = 0x82;
const FINAL = 0x80;
const MASKED = 0x80;
const OPCODE = 0x0f;
/** From here on opcodes are those of control frames, which may stand between the fragments of a message. */
const CONTROL = 8;
/** Of a length in the second byte: the length follows, in two bytes or in eight. */
const [LENGTH_16, LENGTH_64] = [126, 127];
const MASK_BYTES = 4;
const LONGEST_HEAD = 2 + 8 + MASK_BYTES;

/** Tells the frames of one connection apart. */
export class QuickFrames {
  readonly #parse: (bytes: Buffer) => boolean;
  readonly #receive: (message: Uint8Array) => void;
  /** Head of the frame that the parser is being given. */
  readonly #head = new Uint8Array(LONGEST_HEAD);
  #headBytes = 0;
  /** Bytes of its payload that are still to come, once its head is whole. */
  #payloadBytes = 0;
  /** Whether the parser has the beginning of a message whose end is still to come. */
  #isFragmented = false;
  #isOver = false;
  /** Longest message that is handed over; the parser refuses longer ones. */
  maxBytes: number;

  /**
   * @param parse   the parser; what it is given it has handled when it returns, with whether it takes more
   * @param receive takes a message, a view of what was read
   */
  constructor(parse: (bytes: Buffer) => boolean, receive: (message: Uint8Array) => void, maxBytes: number) {
    this.#parse = parse;
    this.#receive = receive;
    this.maxBytes = maxBytes;
  }

  /** Handles what was read. */
  take(bytes: Buffer): void {
    let at = this.#headBytes > 0 ? this.#pass(bytes, 0) : 0;
    while (at < bytes.length && !this.#isOver) {
      const end = this.#isFragmented ? undefined : this.#takeWhole(bytes, at);
      at = end ?? this.#pass(bytes, at);
    }
  }

  /**
   * The parser takes no more: what follows a close or a fault is dropped. The parser would refuse it and stop the socket,
   * whose end nobody heard then.
   */
  stop(): void {
    this.#isOver = true;
  }

  /** @returns where the frame ends; undefined, and nothing has happened, where it must go the long way */
  #takeWhole(bytes: Buffer, at: number): number | undefined {
    const second = bytes[at + 1];
    if (bytes[at] !== WHOLE_BINARY || second === undefined || second < MASKED) return undefined;
    let length = second - MASKED;
    let mask = at + 2;
    if (length === LENGTH_64) return undefined;
    if (length === LENGTH_16) {
      if (mask + 2 > bytes.length) return undefined;
      length = bytes.readUInt16BE(mask);
      mask += 2;
    }
    const start = mask + MASK_BYTES;
    const end = start + length;
    if (end > bytes.length || length > this.maxBytes) return undefined;
    unmask(bytes, mask, start, end);
    this.#receive(new Uint8Array(bytes.buffer, bytes.byteOffset + start, length));
    return end;
  }

  /** Gives the parser what is there of one frame. @returns where that ends */
  #pass(bytes: Buffer, from: number): number {
    const body = this.#readHead(bytes, from);
    let end = body;
    if (this.#headBytes === headBytesOf(this.#head, this.#headBytes)) {
      end = Math.min(bytes.length, body + this.#payloadBytes);
      this.#payloadBytes -= end - body;
      if (this.#payloadBytes === 0) this.#headBytes = 0;
    }
    if (!this.#parse(bytes.subarray(from, end))) this.stop();
    return end;
  }

  /** Adds to the head until it is whole. @returns where that ends */
  #readHead(bytes: Buffer, from: number): number {
    let at = from;
    let needed = headBytesOf(this.#head, this.#headBytes);
    if (this.#headBytes === needed) return at;
    while (this.#headBytes < needed && at < bytes.length) {
      this.#head[this.#headBytes++] = bytes[at++] as number;
      needed = headBytesOf(this.#head, this.#headBytes);
    }
    if (this.#headBytes === needed) this.#begin();
    return at;
  }

  #begin(): void {
    const first = this.#head[0] as number;
    const second = this.#head[1] as number;
    if ((first & OPCODE) < CONTROL) this.#isFragmented = first < FINAL;
    const view = new DataView(this.#head.buffer);
    const length = second & ~MASKED;
    if (length === LENGTH_16) this.#payloadBytes = view.getUint16(2);
    else if (length === LENGTH_64) this.#payloadBytes = Number(view.getBigUint64(2));
    else this.#payloadBytes = length;
  }
}

/** Bytes of a frame's head, as far as those that are there can tell. */
function headBytesOf(head: Uint8Array, known: number): number {
  if (known < 2) return 2;
  const second = head[1] as number;
  const length = second & ~MASKED;
  return 2 + (length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0) + (second >= MASKED ? MASK_BYTES : 0);
}

function unmask(bytes: Uint8Array, mask: number, start: number, end: number): void {
  const a = bytes[mask] as number;
  const b = bytes[mask + 1] as number;
  const c = bytes[mask + 2] as number;
  const d = bytes[mask + 3] as number;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    bytes[at] = (bytes[at] as number) ^ a;
    bytes[at + 1] = (bytes[at + 1] as number) ^ b;
    bytes[at + 2] = (bytes[at + 2] as number) ^ c;
    bytes[at + 3] = (bytes[at + 3] as number) ^ d;
  }
  for (let key = mask; at < end; at += 1, key += 1) bytes[at] = (bytes[at] as number) ^ (bytes[key] as number);
}
