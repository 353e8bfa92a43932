// The time of the present turn of the event loop. All messages of a turn were read by one poll of
// the kernel; asking the clock for each of them would cost more than decoding it.

/** Tells one time a turn. */
export class TurnClock {
  #nowMs = 0;
  #isFresh = false;

  /** ms of `performance.now()` when the turn first asked. */
  now(): number {
    if (this.#isFresh) return this.#nowMs;
    this.#isFresh = true;
    this.#nowMs = performance.now();
    setImmediate(() => {
      this.#isFresh = false;
    });
    return this.#nowMs;
  }
}
