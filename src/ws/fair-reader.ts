// Between a socket and the parser of `ws`: hands over what was read at once where a connection is alone or says little,
// and in slices where it says much beside others.
import type { Socket } from "node:net";
import { Account, type Reader, type Turns } from "./turns.js";

/** Read and handled at once, also beside others: a few requests, as everybody sends them. */
const LITTLE_BYTES = 4 * 1024;

type Feed = (this: Socket, chunk: Buffer) => void;

/** One socket's bytes on their way to its parser. While some wait here the socket is not read. */
export class FairReader implements Reader {
  readonly account = new Account();
  readonly #socket: Socket;
  readonly #feed: Feed;
  readonly #turns: Turns;
  readonly #changed: () => void;
  /** What was read and not handled: a read at most, and what came before the socket had stopped. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isHeld = false;
  #isQueued = false;
  #isAlone = true;
  #isOver = false;

  /** @param changed  called when `isBehind` has changed */
  private constructor(socket: Socket, feed: Feed, turns: Turns, changed: () => void) {
    this.#socket = socket;
    this.#feed = feed;
    this.#turns = turns;
    this.#changed = changed;
    socket.removeListener("data", feed);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    // Before the parser is told that nothing follows.
    socket.prependListener("close", () => this.#end());
  }

  /** Puts itself before the parser; undefined where it cannot be told which listener that is. */
  static before(socket: Socket, turns: Turns, changed: () => void): FairReader | undefined {
    const [feed, ...others] = socket.listeners("data");
    return feed && others.length === 0 ? new FairReader(socket, feed as Feed, turns, changed) : undefined;
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

  /**
   * The parser takes no more: what follows a close or a fault is read and dropped. The parser would refuse it and stop the
   * socket, whose end nobody heard then.
   */
  stop(): void {
    this.#isOver = true;
    this.#drop();
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#isAlone = this.#turns.heard(this);
    if (!this.isBehind && !this.#isHeld) {
      if (this.#isAlone) return this.#feed.call(this.#socket, chunk);
      if (chunk.length <= LITTLE_BYTES && !this.#turns.isResting(this)) return this.#handleAtOnce(chunk);
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes === chunk.length) this.#changed();
    this.#queue();
  }

  #handleAtOnce(chunk: Buffer): void {
    this.#feed.call(this.#socket, chunk);
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
      this.#feed.call(this.#socket, slice);
    }
    this.#isQueued = this.waitingBytes > 0;
    if (!this.isBehind) this.#changed();
  }

  #end(): void {
    for (const chunk of this.#drop()) {
      if (!this.#isOver) this.#feed.call(this.#socket, chunk);
    }
  }

  /** Nothing waits any more. @returns what did */
  #drop(): Buffer[] {
    this.#turns.forget(this);
    this.#waitingBytes = 0;
    return this.#waiting.splice(0);
  }
}
