// When the next sample is due. Ticks keep to a grid, so they do not drift; one that comes late, as the loop was held up,
// begins the grid anew, so that the next does not follow at once; and those missed are not made up for.

/** Lateness that the grid takes, as a share of the interval: a timer is some ms late on any busy machine. */
const TOLERANCE = 0.1;

/** When the tick after one that was due at `dueMs` and came at `nowMs` is due. */
export function nextDue(dueMs: number, nowMs: number, intervalMs: number): number {
  return (nowMs - dueMs <= intervalMs * TOLERANCE ? dueMs : nowMs) + intervalMs;
}

/** Calls at equal intervals, never twice at a time. */
export class Ticker {
  readonly #intervalMs: number;
  readonly #tick: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param tick called in a turn of the loop of its own; must not throw */
  constructor(intervalMs: number, tick: () => void) {
    this.#intervalMs = intervalMs;
    this.#tick = tick;
  }

  /** Ticks from a time of `performance.now()` on; from now on, where that has passed. */
  start(firstMs: number): void {
    this.#arm(Math.max(firstMs, performance.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(dueMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#arm(nextDue(dueMs, performance.now(), this.#intervalMs));
      this.#tick();
    }, dueMs - performance.now());
    this.#timer.unref(); // it keeps no process alive
  }
}
