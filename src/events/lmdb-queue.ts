// Changes of the log that wait for a transaction, in the order of the calls.
import { TidewireError } from "../errors.js";
import type { Stage } from "./segment-stage.js";

/** Bytes that may wait: a disk that does not keep up must not fill the memory. Publishers are bounded before. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024;
/** Bytes of one transaction: beyond about 500 pages LMDB lets no other begin before the flush. */
const MAX_GROUP_BYTES = 1024 * 1024;
/** How long a caller is asked to wait when the disk does not keep up. */
const RETRY_AFTER_MS = 250;

/** A change of the log. Exactly one of `done` and `fail` is called in the end. */
export interface Change {
  /** About what it takes. */
  readonly bytes: number;
  /** Whether it has a transaction of its own, and what waits behind it waits for `done`. */
  readonly isAlone: boolean;
  /** Puts it into the newest segment. It throws before it puts anything, and fails alone then. */
  stage(stage: Stage): void;
  /** It is committed. `flushed` settles once it is flushed. */
  done(flushed: Promise<void>): Promise<void> | void;
  fail(error: unknown): void;
}

/** Waiting changes. */
export class ChangeQueue {
  readonly #changes: Change[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#changes.length === 0;
  }

  /** @throws TidewireError OVERLOADED when too many bytes wait already */
  add(change: Change): void {
    if (!this.isEmpty && this.#bytes + change.bytes > MAX_WAITING_BYTES) {
      const message = `${this.#bytes} bytes wait for the disk, at most ${MAX_WAITING_BYTES} may; try again later`;
      throw new TidewireError("OVERLOADED", message, undefined, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#changes.push(change);
    this.#bytes += change.bytes;
  }

  /** All changes, in order; none waits any more. */
  drain(): Change[] {
    this.#bytes = 0;
    return this.#changes.splice(0);
  }

  /** The changes of the next transaction, in order: at least one. */
  take(): Change[] {
    let count = 0;
    let bytes = 0;
    for (const change of this.#changes) {
      if (count > 0 && (change.isAlone || bytes + change.bytes > MAX_GROUP_BYTES)) break;
      count += 1;
      bytes += change.bytes;
      if (change.isAlone) break;
    }
    this.#bytes -= bytes;
    return this.#changes.splice(0, count);
  }
}
