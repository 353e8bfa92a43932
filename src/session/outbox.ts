// What one session has to say and has not said yet.
import { SharedMessages } from "../wire/shared-messages.js";
import type { Flushable, Flusher } from "./flusher.js";
import type { Outgoing, Transport } from "./transport.js";

/** Whose outbox it is. */
export interface OutboxOwner {
  /** Messages have been handed to the transport. */
  flushed(): void;
  /** They could not be. */
  crash(error: unknown): void;
}

/** Collects messages of a turn; they leave together. */
export class Outbox implements Flushable {
  readonly #transport: Transport;
  readonly #flusher: Flusher;
  readonly #owner: OutboxOwner;
  #messages: Outgoing[] = [];
  #bytes = 0;

  constructor(transport: Transport, flusher: Flusher, owner: OutboxOwner) {
    this.#transport = transport;
    this.#flusher = flusher;
    this.#owner = owner;
  }

  /** Bytes that wait for the end of this turn, replies to readings not counted: their credit bounds them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What was added last and has not left. */
  get last(): Outgoing | undefined {
    return this.#messages.at(-1);
  }

  /** A run that has been added has grown by so many bytes. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Adds to what leaves at the end of this turn. */
  push(message: Outgoing): void {
    this.#messages.push(message);
    if (message instanceof SharedMessages) this.#bytes += message.bytes;
    else if (typeof message === "string" || message instanceof Uint8Array) this.#bytes += message.length;
    if (this.#messages.length === 1) this.#flusher.mark(this);
  }

  flush(): void {
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.#messages = [];
    this.#bytes = 0;
    this.#transport.send(messages);
    this.#owner.flushed();
  }

  broke(error: unknown): void {
    this.#owner.crash(error);
  }
}
