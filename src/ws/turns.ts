// Whose turn it is to be read. A read of a socket may hold thousands of frames; handled as they come, they would keep
// everybody else waiting for milliseconds. So where more than one connection speaks, what was read is handled in slices: of
// all together no more in one turn of the event loop than it can spare, and nothing while somebody is served who says little.
// What cannot be cut is paid for: its connection rests. Decision 0015 has the figures.

/**
 * How long a turn of the loop may take because of connections that have more to say than a slice. A request that comes
 * meanwhile waits for so long at most, and once more for its answer.
 */
const TURN_MS = 0.1;
/** Of a turn, what goes to handling slices: what they cause (runs, replies, writes) takes time, too. */
const LEAST_BUDGET_MS = 0.05;
/** First size of a slice: some hundred pings, or ten readings of 20 signals. */
const FIRST_SLICE_BYTES = 1024;
const [LEAST_SLICE_BYTES, MOST_SLICE_BYTES] = [256, 64 * 1024];
/** A slice that took less is doubled, one that took more is halved: small enough to stop in time, large enough to cost little. */
const [SHORT_SLICE_MS, LONG_SLICE_MS] = [0.01, 0.03];
/** Nobody else has been heard for so long: a connection that is alone is read whole. */
const ALONE_AFTER_MS = 1_000;

/** How long slices wait after a little was handled at once: a reading is answered by then, and a line is durable in memory. */
const SERVED_MS = 0.3;
/** The longest that slices wait for those who say little: however many these are, who says much is read again and again. */
const PATIENCE_MS = 1;

/**
 * Turns in which a message has its consequences: it is taken into a run, the run is made, the answers are written. After a
 * slice that took longer than a turn may, slices wait until they are over.
 */
const TURNS_OF_A_HOLD = 3;
/** A piece of work that took the loop for so long, with its consequences, is followed by a rest. */
const HOLD_MS = 0.5;
/** A hold that took less than this of what was handled in slices since the one before may be a collection of garbage: no rest follows. */
const EXCUSED = 0.5;
/** Who has had bytes waiting for so long, without a gap, floods: who waits for answers has gaps. */
const FLOODS_AFTER_MS = 250;
/** What everybody notices. Below it are batches of thousands of rows, and commits: who floods with them keeps half of the loop. */
const LONG_HOLD_MS = 10;
/** Nothing waits for so long: a gap. */
const GAP_MS = 1;
/**
 * Of the loop's time, what a connection may hold it for while others say little: half; where it floods with long holds, less
 * than what a request in a hundred meets, for that is what a p99 notices.
 */
const [FAIR_SHARE, FLOOD_SHARE] = [0.5, 0.008];
/** A rest is looked at again after so long: those whom it was for may have gone. */
const REST_CHECK_MS = 1_000;
/** The longest rest after one message. */
const LONGEST_REST_MS = 5_000;

/** A connection with bytes that wait. */
export interface Reader {
  /** Bytes that wait. */
  readonly waitingBytes: number;
  /** What {@link Turns} keeps of it. */
  readonly account: Account;
  /** Handles the next bytes. */
  handle(bytes: number): void;
}

/** What is kept of a connection: how much of it is handled at once, and when it is read again after it has held the loop. */
export class Account {
  sliceBytes = FIRST_SLICE_BYTES;
  restUntilMs = Number.NEGATIVE_INFINITY;
  /** What its slices took since it last held the loop. */
  #slicedMs = 0;
  #behindSinceMs = 0;
  #behindAtMs = Number.NEGATIVE_INFINITY;

  /** Bytes of it begin to wait. */
  waits(nowMs: number): void {
    if (nowMs - this.#behindAtMs > GAP_MS) this.#behindSinceMs = nowMs;
  }

  /** A slice has been handled. */
  sliced(tookMs: number, nowMs: number): void {
    this.#behindAtMs = nowMs;
    this.#slicedMs += tookMs;
    if (tookMs < SHORT_SLICE_MS) this.sliceBytes = Math.min(MOST_SLICE_BYTES, this.sliceBytes * 2);
    else if (tookMs > LONG_SLICE_MS) this.sliceBytes = Math.max(LEAST_SLICE_BYTES, this.sliceBytes >> 1);
  }

  /** It has held the loop for so long, in one piece: it rests, so that this stays its share. */
  held(tookMs: number, nowMs: number): void {
    const isExcused = tookMs < EXCUSED * (this.#slicedMs - tookMs);
    this.#slicedMs = 0;
    if (isExcused) return;
    this.waits(nowMs - tookMs);
    const behindMs = this.#behindAtMs - this.#behindSinceMs;
    const share = behindMs > FLOODS_AFTER_MS && tookMs >= LONG_HOLD_MS ? FLOOD_SHARE : FAIR_SHARE;
    this.restUntilMs = nowMs + Math.min(LONGEST_REST_MS, tookMs * (1 / share - 1));
    this.#behindAtMs = this.restUntilMs; // a rest is no gap
  }
}

/** A piece of work that could not be cut, until what it causes is over. */
interface Hold {
  readonly account: Account;
  readonly startMs: number;
  /** Processor time of the process when it began, or shortly before. */
  readonly startCpuMs: number;
  turns: number;
}

/** Calls later. @returns what takes that back */
type Later = (wake: () => void, ms: number) => () => void;

/** How often the processor's time is asked for: a call costs some microseconds, a tenth of a slice. */
const CPU_EVERY_MS = 1;

/** The turns of all connections of a server. */
export class Turns {
  readonly #queue: Reader[] = [];
  /** Who rests, and what ends that. */
  readonly #resting = new Map<Reader, () => void>();
  readonly #now: () => number;
  readonly #later: Later;
  readonly #cpu: () => number;
  #heard: Reader | undefined;
  #heardMs = 0;
  /** When another one was heard than the time before. */
  #changedMs = Number.NEGATIVE_INFINITY;
  /** When a little was last handled at once. */
  #servedMs = Number.NEGATIVE_INFINITY;
  /** When slices were last handled. */
  #slicedMs = Number.NEGATIVE_INFINITY;
  /** Processor time of the process, and when it was asked for. */
  #cpuMs = 0;
  #cpuAtMs = Number.NEGATIVE_INFINITY;
  #isTimed = false;
  #budgetMs = TURN_MS / 2;
  #hold: Hold | undefined;
  #isScheduled = false;

  /**
   * @param now  of a clock that never goes back, in ms
   * @param cpu  processor time of this process, in ms: while another one has the core, nobody holds the loop
   */
  constructor(now: () => number = () => performance.now(), later: Later = afterTimeout, cpu = cpuMs) {
    this.#now = now;
    this.#later = later;
    this.#cpu = cpu;
  }

  /** Notes that a connection was heard. @returns whether it is the only one that speaks */
  heard(reader: Reader): boolean {
    const nowMs = this.#now();
    // A first connection, or one after another has gone, has nobody beside it.
    if (this.#heard !== undefined && this.#heard !== reader) this.#changedMs = nowMs;
    this.#heard = reader;
    this.#heardMs = nowMs;
    return nowMs - this.#changedMs > ALONE_AFTER_MS;
  }

  /** Whether a connection has held the loop, and is to be read later. */
  isResting({ account }: Reader): boolean {
    return account.restUntilMs > this.#heardMs && this.#isServing(this.#heardMs);
  }

  /** Whether anybody is there who says little: without them nobody need rest. */
  #isServing(nowMs: number): boolean {
    return nowMs - this.#servedMs <= ALONE_AFTER_MS;
  }

  /** What was {@link heard} has been handled at once, beside others. */
  handledAtOnce({ account }: Reader): void {
    const nowMs = this.#now();
    if (nowMs - this.#heardMs > TURN_MS) this.#holds(account, this.#heardMs, Number.NEGATIVE_INFINITY);
    else this.#servedMs = nowMs;
  }

  /** A connection that goes. */
  forget(reader: Reader): void {
    if (this.#heard === reader) this.#heard = undefined;
    this.#resting.get(reader)?.();
    this.#resting.delete(reader);
    const at = this.#queue.indexOf(reader);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** Has a reader's bytes handled, in its turn. Call it once until nothing of it waits. */
  add(reader: Reader): void {
    reader.account.waits(this.#heardMs);
    this.#queue.push(reader);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.run();
      if (this.#queue.length > 0 || this.#hold) this.#schedule();
      else this.#isTimed = false;
    });
  }

  /** One turn: a slice of each who waits, again and again while there is time. */
  run(): void {
    const nowMs = this.#now();
    this.#adjust(nowMs);
    if (this.#hold && !this.#isOver(this.#hold, nowMs)) return;
    const isServing = nowMs - this.#servedMs < SERVED_MS && nowMs - this.#slicedMs < PATIENCE_MS;
    if (!isServing) this.#runSlices(nowMs);
  }

  /** The loop does not sleep while anybody waits, so from one turn to the next is what slices and their consequences took. */
  #adjust(nowMs: number): void {
    if (!this.#isTimed) return;
    const isLong = nowMs - this.#slicedMs > TURN_MS;
    this.#isTimed = false;
    this.#budgetMs = isLong ? Math.max(LEAST_BUDGET_MS, this.#budgetMs / 2) : Math.min(TURN_MS, this.#budgetMs * 1.25);
  }

  #runSlices(startMs: number): void {
    let nowMs = startMs;
    if (startMs - this.#cpuAtMs >= CPU_EVERY_MS) {
      this.#cpuAtMs = startMs;
      this.#cpuMs = this.#cpu();
    }
    this.#slicedMs = startMs;
    this.#isTimed = true;
    for (let reader = this.#queue.shift(); reader; reader = this.#queue.shift()) {
      const { account } = reader;
      if (account.restUntilMs > nowMs && this.#isServing(nowMs)) {
        this.#rest(reader, nowMs);
        continue;
      }
      const begunMs = nowMs;
      reader.handle(account.sliceBytes);
      nowMs = this.#now();
      account.sliced(nowMs - begunMs, nowMs);
      if (reader.waitingBytes > 0) this.#queue.push(reader);
      if (nowMs - begunMs > TURN_MS) return this.#holds(account, begunMs, this.#cpuMs);
      if (nowMs - startMs >= this.#budgetMs) return;
    }
  }

  // ---- what cannot be cut ----

  #holds(account: Account, startMs: number, startCpuMs: number): void {
    // While one has its consequences, another's are its as well: it may only be one that was handled at once.
    this.#hold ??= { account, startMs, startCpuMs, turns: TURNS_OF_A_HOLD };
    this.#isTimed = false;
    this.#schedule();
  }

  #isOver(hold: Hold, nowMs: number): boolean {
    hold.turns -= 1;
    if (hold.turns > 0) return false;
    const tookMs = Math.min(nowMs - hold.startMs, this.#cpu() - hold.startCpuMs);
    if (tookMs > HOLD_MS) hold.account.held(tookMs, nowMs);
    this.#hold = undefined;
    return true;
  }

  #rest(reader: Reader, nowMs: number): void {
    const ms = Math.min(REST_CHECK_MS, reader.account.restUntilMs - nowMs);
    this.#resting.set(
      reader,
      this.#later(() => this.#wake(reader), ms),
    );
  }

  /** Ends a connection's rest: its end is to be heard. */
  hurry(reader: Reader): void {
    reader.account.restUntilMs = Number.NEGATIVE_INFINITY;
    this.#resting.get(reader)?.();
    if (this.#resting.has(reader)) this.#wake(reader);
  }

  #wake(reader: Reader): void {
    this.#resting.delete(reader);
    this.#queue.push(reader);
    this.#schedule();
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function afterTimeout(wake: () => void, ms: number): () => void {
  const timeout = setTimeout(wake, ms).unref();
  return () => clearTimeout(timeout);
}
