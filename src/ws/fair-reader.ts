// Between a socket and the parser of `ws`: hands over what was read at once where a connection is alone or says little,
// and in slices where it says much beside others.
import type { Socket } from "node:net";
import { QuickFrames } from "./quick-frames.js";
import { Account, type Reader, type Turns } from "./turns.js";

/** Read and handled at once, also beside others: a few requests, as everybody sends them. */
const LITTLE_BYTES = 4 * 1024;

type Feed = (this: Socket, chunk: Buffer) => void;

/** Whom it serves. */
export interface ReaderOwner {
  /** A binary message that needed no parser; a view of what was read. */
  received(message: Uint8Array): void;
  /** `isBehind` has changed. */
  changed(): void;
  /** Whether the parser takes more: it does not after a close or a fault. */
  readonly isParsing: boolean;
}

/** One socket's bytes on their way to its parser. While some wait here the socket is not read. */
export class FairReader implements Reader {
  readonly account = new Account();
  readonly #frames: QuickFrames;
  readonly #turns: Turns;
  readonly #owner: ReaderOwner;
  /** What was read and not handled: a read at most, and what came before the socket had stopped. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isHeld = false;
  #isQueued = false;
  #isAlone = true;
  #isOver = false;

  private constructor(socket: Socket, feed: Feed, turns: Turns, owner: ReaderOwner, maxBytes: number) {
    this.#frames = new QuickFrames(
      (bytes) => {
        feed.call(socket, bytes);
        return owner.isParsing;
      },
      (message) => owner.received(message),
      maxBytes,
    );
    this.#turns = turns;
    this.#owner = owner;
    socket.removeListener("data", feed);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    // Before the parser is told that nothing follows. A socket that is not read tells its end all the same, once nothing is left.
    socket.prependListener("end", () => this.#end());
    socket.prependListener("close", () => this.#end());
  }

  /**
   * Puts itself before the parser; undefined where it cannot be told which listener that is.
   *
   * @param maxBytes the longest message that is taken without the parser
   */
  static before(socket: Socket, turns: Turns, owner: ReaderOwner, maxBytes: number): FairReader | undefined {
    const [feed, ...others] = socket.listeners("data");
    return feed && others.length === 0 ? new FairReader(socket, feed as Feed, turns, owner, maxBytes) : undefined;
  }

  /** Sets the longest message that is taken without the parser. */
  limitMessages(maxBytes: number): void {
    this.#frames.maxBytes = maxBytes;
  }

  get waitingBytes(): number {
    return this.#isHeld ? 0 : this.#waitingBytes;
  }

  /** Whether it was the only one that spoke when it was last heard. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** Whether bytes wait here, so that the socket must not be read. */
  get isBehind(): boolean {
    return this.#waitingBytes > 0;
  }

  /** Nothing is handled until {@link release}. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#queue();
  }

  /** What waits is handled without a rest. */
  hurry(): void {
    this.#turns.hurry(this);
  }

  /** Nothing that follows is handled: it is read and dropped, and the end of the socket is heard. */
  stop(): void {
    this.#isOver = true;
    this.#frames.stop();
    this.#drop();
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#isAlone = this.#turns.heard(this);
    if (!this.isBehind && !this.#isHeld) {
      if (this.#isAlone) return this.#frames.take(chunk);
      if (chunk.length <= LITTLE_BYTES && !this.#turns.isResting(this)) return this.#handleAtOnce(chunk);
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes === chunk.length) this.#owner.changed();
    this.#queue();
  }

  #handleAtOnce(chunk: Buffer): void {
    this.#frames.take(chunk);
    this.#turns.handledAtOnce(this);
  }

  #queue(): void {
    if (this.#isQueued || this.waitingBytes === 0) return;
    this.#isQueued = true;
    this.#turns.add(this);
  }

  handle(bytes: number): void {
    const chunk = this.#waiting[0];
    if (chunk && !this.#isHeld) {
      const slice = chunk.length <= bytes ? chunk : chunk.subarray(0, bytes);
      if (slice === chunk) this.#waiting.shift();
      else this.#waiting[0] = chunk.subarray(bytes);
      this.#waitingBytes -= slice.length;
      this.#frames.take(slice);
    }
    this.#isQueued = this.waitingBytes > 0;
    if (!this.isBehind) this.#owner.changed();
  }

  #end(): void {
    for (const chunk of this.#drop()) this.#frames.take(chunk);
  }

  /** Nothing waits any more. @returns what did */
  #drop(): Buffer[] {
    this.#turns.forget(this);
    this.#waitingBytes = 0;
    return this.#waiting.splice(0);
  }
}
