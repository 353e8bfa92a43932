// One connection that publishes lines and keeps account of what the server says of them.
import { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import { CLOSE, type FrameBlock, toFrame, toFrameBlock } from "./frames.js";
import { LeanSocket, TOPICS_PATH } from "./lean-socket.js";
import { afterVarint, encodeBirth, encodePublish, varintAt } from "./lines.js";
import { FIRST_ID } from "./requests.js";

const SUBPROTOCOL = "tidewire.v1.proto";
const ID_TAG = 0x08; // ServerFrame.id = 1
const PUBLISHED_TAG = 0x42; // ServerFrame.published = 8
const GENERATION_TAG = 0x08; // Published.generation = 1
const OFFSET_TAG = 0x10; // Published.offset = 2
/** Least frames, each with an id of its own: twice as many as are ever in flight, for acknowledgements overtake each other. */
const FRAMES = 8192;
/** Births on their way: below the server's window of 1,024. */
const BIRTHS_AT_ONCE = 500;
const PATIENCE_MS = 20_000;

/** A topic with nothing but its beginning. */
export interface BornTopic extends Position {
  readonly topic: string;
}

/**
 * Publishes lines to topics in turn. The server must accept each of them once, at the next offset of its topic: the order
 * of the lines is the order in the log. Acknowledgements may come in any order, as flushes of the log end.
 */
export class Publisher {
  /** Told once after the acknowledgements of a read. */
  onAccepted: () => void = () => {};
  /** An acknowledgement is wrong, or the connection is gone: told once. */
  onFailure: (error: Error) => void = () => {};
  /** The same, for who asks later. */
  failure: Error | undefined;
  /** Lines sent. */
  sent = 0;
  /** Lines acknowledged. */
  accepted = 0;
  /** By frame: the offset that a line on its way must get; 0 where none is. */
  readonly #expected: Float64Array;
  readonly #socket: LeanSocket;
  readonly #block: FrameBlock;
  readonly #topics: readonly BornTopic[];

  private constructor(socket: LeanSocket, topics: readonly BornTopic[]) {
    this.#socket = socket;
    this.#topics = topics;
    const frames = Math.ceil(FRAMES / topics.length) * topics.length;
    this.#expected = new Float64Array(frames);
    this.#block = toFrameBlock(
      Array.from({ length: frames }, (_, i) =>
        encodePublish(FIRST_ID + i, (topics[i % topics.length] as BornTopic).topic, i),
      ),
    );
    socket.onClose = () => this.#fail(`the connection was closed with ${this.inFlight} in flight`);
    socket.onFrame = (bytes, start, end, opcode) => this.#take(bytes, start, end, opcode);
    socket.onRead = () => this.onAccepted();
  }

  /** A connection that has begun these topics. */
  static async open(port: number, names: readonly string[]): Promise<Publisher> {
    const socket = await openTopics(port);
    return new Publisher(socket, await giveBirth(socket, names));
  }

  /** Its topics, with the position of their first event. */
  get topics(): readonly BornTopic[] {
    return this.#topics;
  }

  get inFlight(): number {
    return this.sent - this.accepted;
  }

  /** Publishes the next lines in one write. */
  publish(count: number): void {
    const { bytes, offsets } = this.#block;
    const frames = offsets.length - 1;
    for (let left = count; left > 0; ) {
      const from = this.sent % frames;
      const to = Math.min(frames, from + left);
      for (let frame = from; frame < to; frame += 1) this.#expect(frame);
      this.#socket.write(bytes.subarray(offsets[from], offsets[to]));
      left -= to - from;
    }
  }

  #expect(frame: number): void {
    const { length } = this.#topics;
    if (this.#expected[frame] !== 0) return this.#fail(`a line far before line ${this.sent} is not acknowledged`);
    const { offset: born } = this.#topics[this.sent % length] as BornTopic;
    this.#expected[frame] = born + 1 + Math.floor(this.sent / length);
    this.sent += 1;
  }

  /** Waits until everything sent is acknowledged. @throws Error when it is not, or wrongly */
  async settle(): Promise<void> {
    if (this.failure) throw this.failure;
    if (this.inFlight === 0) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.inFlight} lines not acknowledged`)), PATIENCE_MS);
      this.onFailure = reject;
      this.onAccepted = () => {
        if (this.inFlight > 0) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(bytes: Buffer, start: number, end: number, opcode: number): void {
    const frame = bytes[start] === ID_TAG ? varintAt(bytes, start + 1) - FIRST_ID : -1;
    const expected = this.#expected[frame];
    if (!expected || acceptedOffset(bytes, start) !== expected || opcode === CLOSE)
      return this.#fail(`instead of offset ${expected}: ${describe(bytes.subarray(start, end), opcode)}`);
    this.#expected[frame] = 0;
    this.accepted += 1;
  }

  #fail(why: string): void {
    if (this.failure) return;
    this.failure = new Error(why);
    this.onFailure(this.failure);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A connection to the server for binary frames. */
export function openTopics(port: number, read?: number | Buffer): Promise<LeanSocket> {
  return LeanSocket.open({ port, path: TOPICS_PATH, subprotocol: SUBPROTOCOL }, read);
}

/** Offset in a `published` with an id; −1 where the message is none. */
function acceptedOffset(bytes: Buffer, start: number): number {
  let at = afterVarint(bytes, start + 1);
  if (bytes[at] !== PUBLISHED_TAG || bytes[at + 2] !== GENERATION_TAG) return -1;
  at = afterVarint(bytes, at + 3);
  return bytes[at] === OFFSET_TAG ? varintAt(bytes, at + 1) : -1;
}

function describe(message: Uint8Array, opcode: number): string {
  if (opcode === CLOSE) return `closed with ${message.toString()}`;
  return JSON.stringify(ServerFrame.decode(message));
}

async function giveBirth(socket: LeanSocket, names: readonly string[]): Promise<BornTopic[]> {
  const born: BornTopic[] = [];
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    const send = (): void => {
      const next = names.slice(sent, born.length + BIRTHS_AT_ONCE);
      sent += next.length;
      if (next.length > 0) socket.write(Buffer.concat(next.map((topic) => toFrame(encodeBirth(1, topic)))));
    };
    socket.onClose = () => reject(new Error("the connection was closed"));
    socket.onFrame = (bytes, start, end, opcode) => {
      const { body } = ServerFrame.decode(bytes.subarray(start, end));
      const topic = names[born.length] as string;
      if (opcode === CLOSE || body?.$case !== "published")
        return reject(new Error(`beginning ${topic}: ${describe(bytes.subarray(start, end), opcode)}`));
      born.push({ topic, generation: body.value.generation, offset: body.value.offset });
      if (born.length === names.length) resolve();
    };
    socket.onRead = send;
    send();
  });
  return born;
}
