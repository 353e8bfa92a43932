// Whose turn it is to be read. A read of a socket may hold thousands of frames; handled as they come, they would keep
// everybody else waiting for milliseconds. So where more than one connection speaks, what was read is handled in slices:
// a little of each connection in turn, and of all together no more in one turn of the event loop than it can spare.
// Decision 0015 has the figures.

/**
 * What of a turn of the loop goes to connections that have more to say than a slice. A request that comes meanwhile waits
 * for so long at most, and once more for its answer.
 */
const TURN_MS = 0.1;
/** First size of a slice: some hundred pings, or ten readings of 20 signals. */
const FIRST_SLICE_BYTES = 1024;
const [LEAST_SLICE_BYTES, MOST_SLICE_BYTES] = [512, 64 * 1024];
/** A slice that took less is doubled, one that took more is halved: small enough to stop in time, large enough to cost little. */
const [SHORT_SLICE_MS, LONG_SLICE_MS] = [0.01, 0.03];
/** Nobody else has been heard for so long: a connection that is alone is read whole. */
const ALONE_AFTER_MS = 1_000;

/** A connection with bytes that wait. */
export interface Reader {
  /** Bytes that wait. */
  readonly waitingBytes: number;
  /** Size of its next slice; kept for it by {@link Turns}. */
  sliceBytes: number;
  /** Handles the next bytes. */
  handle(bytes: number): void;
}

/** The turns of all connections of a server. */
export class Turns {
  readonly #queue: Reader[] = [];
  readonly #now: () => number;
  #heard: Reader | undefined;
  /** When another one was heard than the time before. */
  #changedMs = Number.NEGATIVE_INFINITY;
  #isScheduled = false;

  /** @param now  of a clock that never goes back, in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Notes that a connection was heard. @returns whether it is the only one that speaks */
  heard(reader: Reader): boolean {
    const nowMs = this.#now();
    // A first connection, or one after another has gone, has nobody beside it.
    if (this.#heard !== undefined && this.#heard !== reader) this.#changedMs = nowMs;
    this.#heard = reader;
    return nowMs - this.#changedMs > ALONE_AFTER_MS;
  }

  /** A connection that goes. */
  forget(reader: Reader): void {
    if (this.#heard === reader) this.#heard = undefined;
    const at = this.#queue.indexOf(reader);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** Has a reader's bytes handled, in its turn. Call it once until nothing of it waits. */
  add(reader: Reader): void {
    this.#queue.push(reader);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.run();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  /** One turn: a slice of each who waits, again and again while there is time. */
  run(): void {
    const startMs = this.#now();
    let nowMs = startMs;
    for (let reader = this.#queue.shift(); reader; reader = this.#queue.shift()) {
      const begunMs = nowMs;
      reader.handle(reader.sliceBytes);
      nowMs = this.#now();
      reader.sliceBytes = nextSlice(reader.sliceBytes, nowMs - begunMs);
      if (reader.waitingBytes > 0) this.#queue.push(reader);
      if (nowMs - startMs >= TURN_MS) return;
    }
  }
}

/** Size of a connection's first slice. */
export const firstSliceBytes = FIRST_SLICE_BYTES;

function nextSlice(bytes: number, tookMs: number): number {
  if (tookMs < SHORT_SLICE_MS) return Math.min(MOST_SLICE_BYTES, bytes * 2);
  return tookMs > LONG_SLICE_MS ? Math.max(LEAST_SLICE_BYTES, bytes >> 1) : bytes;
}
