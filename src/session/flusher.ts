// One flush a turn: whatever sessions say within a turn of the event loop leaves in one write each.

/** Something that collects output. */
export interface Flushable {
  flush(): void;
  /** Its flush has thrown: a fault of ours, which must not keep the other outputs back. */
  broke(error: unknown): void;
}

/** Flushes what has collected output, once a turn of the loop, or at once when asked. */
export class Flusher {
  #waiting: Flushable[] = [];
  #isScheduled = false;

  /** Asks for a flush at the end of this turn. Call it once between two flushes. */
  mark(output: Flushable): void {
    this.#waiting.push(output);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Flushes now: after a run everything to say has been said, and a turn more is latency for nothing. */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const output of waiting) {
      try {
        output.flush();
      } catch (error) {
        output.broke(error);
      }
    }
  }
}
