// The time by which the log counts ages. The clock of the day may be set wrong for an hour, by years; what is kept must not go
// for that.
import type { Logger } from "pino";

/** Differences that are followed at once: corrections, and drift between two looks. */
const TOLERANCE_MS = 60_000;
/** How long the clock of the day must show the same before a jump is believed: long enough for somebody to see it. */
const BELIEVE_AFTER_MS = 24 * 60 * 60 * 1000;

/** Where the time comes from. */
export interface TimeSources {
  /** ms since 1970, as the machine has it. */
  wallMs(): number;
  /** ms of a clock that never goes back and is never set. */
  elapsedMs(): number;
}

/** A jump that is not believed yet. */
interface Jump {
  /** What the clock of the day is ahead of the elapsed time. */
  readonly aheadMs: number;
  /** Elapsed time when it was first seen. */
  readonly sinceMs: number;
}

/**
 * ms since 1970 that go on evenly. A jump of the machine's clock, forth or back, counts once it has stood for a day; one that
 * is taken back by then never did. A machine that slept looks the same, and its day is counted from when it woke.
 */
export class SteadyClock {
  readonly #sources: TimeSources;
  readonly #log: Logger;
  #aheadMs: number;
  #jump: Jump | undefined;

  constructor(sources: TimeSources, log: Logger) {
    this.#sources = sources;
    this.#log = log;
    this.#aheadMs = sources.wallMs() - sources.elapsedMs();
  }

  /** Goes on from an earlier time, as if the clock had been read then: what it shows now is a jump that is not believed yet. */
  continueFrom(lastMs: number): void {
    this.#aheadMs = lastMs - this.#sources.elapsedMs();
    this.now();
  }

  readonly now = (): number => {
    const elapsedMs = this.#sources.elapsedMs();
    const aheadMs = this.#sources.wallMs() - elapsedMs;
    if (Math.abs(aheadMs - this.#aheadMs) <= TOLERANCE_MS) this.#follow(aheadMs);
    else if (this.#jump && Math.abs(aheadMs - this.#jump.aheadMs) <= TOLERANCE_MS) this.#believe(this.#jump, elapsedMs);
    else this.#see({ aheadMs, sinceMs: elapsedMs });
    return elapsedMs + this.#aheadMs;
  };

  #follow(aheadMs: number): void {
    this.#aheadMs = aheadMs;
    if (this.#jump) this.#log.info("the clock is back where it was; events go by age as before");
    this.#jump = undefined;
  }

  #see(jump: Jump): void {
    this.#jump = jump;
    const byMs = Math.round(jump.aheadMs - this.#aheadMs);
    const message = `the clock has jumped by ${byMs / 1000} s: events go by age as if it had not for ${BELIEVE_AFTER_MS / 3_600_000} h`;
    this.#log.warn({ by_ms: byMs }, message);
  }

  #believe({ aheadMs, sinceMs }: Jump, elapsedMs: number): void {
    if (elapsedMs - sinceMs < BELIEVE_AFTER_MS) return;
    this.#aheadMs = aheadMs;
    this.#jump = undefined;
    this.#log.info("the clock has stood since its jump, which counts from now on");
  }
}
