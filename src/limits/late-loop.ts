// When the event loop is too late for new work. Whoever looks at it is itself late by the delay, and looks before the
// requests that came while the loop was blocked are read: already these are refused.

/** It is no longer late when so many looks in a row, a tenth of a second apart, were below this share of the bound: else it would flutter. */
const CALM_LOOKS = 5;
const CALM_SHARE = 0.5;
/** When refused work may be tried again: a loop that has caught up takes work by then. */
const RETRY_AFTER_MS = 500;

/** Whoever asks whether new work is welcome. */
export interface Lateness {
  /** Whether new work is to be refused. */
  readonly isLate: boolean;
  /** When refused work may be tried again, in ms. */
  readonly retryAfterMs: number;
}

/** Late from the first delay beyond the bound until some delays in a row are well below it. */
export class LateLoop implements Lateness {
  readonly retryAfterMs = RETRY_AFTER_MS;
  readonly #maxDelayMs: number;
  #calm = 0;
  isLate = false;

  /** @param maxDelayMs  0 for no bound */
  constructor(maxDelayMs: number) {
    this.#maxDelayMs = maxDelayMs === 0 ? Number.POSITIVE_INFINITY : maxDelayMs;
  }

  /** Takes the delay that one look has found. @returns whether it has turned */
  look(delayMs: number): boolean {
    const before = this.isLate;
    if (delayMs > this.#maxDelayMs) {
      this.isLate = true;
      this.#calm = 0;
    } else if (this.isLate) {
      this.#calm = delayMs <= this.#maxDelayMs * CALM_SHARE ? this.#calm + 1 : 0;
      this.isLate = this.#calm < CALM_LOOKS;
    }
    return this.isLate !== before;
  }
}
