// What one session has to say and has not said yet.
import type { Flushable, Flusher } from "./flusher.js";
import type { Outgoing, Transport } from "./transport.js";

/** Collects messages of a turn; they leave together. */
export class Outbox implements Flushable {
  readonly #transport: Transport;
  readonly #flusher: Flusher;
  readonly #afterFlush: () => void;
  #messages: Outgoing[] = [];

  constructor(transport: Transport, flusher: Flusher, afterFlush: () => void) {
    this.#transport = transport;
    this.#flusher = flusher;
    this.#afterFlush = afterFlush;
  }

  /** Adds to what leaves at the end of this turn. */
  push(message: Outgoing): void {
    this.#messages.push(message);
    if (this.#messages.length === 1) this.#flusher.mark(this);
  }

  flush(): void {
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.#messages = [];
    this.#transport.send(messages);
    this.#afterFlush();
  }
}
