// So many a second, with a burst: a bucket that fills at a steady rate and holds a burst's worth.

/**
 * A bucket of tokens, full at first. Whoever takes needs one whole token and may take more than there are: the rest is
 * owed, so that a single large thing passes and is paid for afterwards. Within any time t no more is taken than
 * burst + rate × t, and once what was taken last beyond that.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledMs: number;

  /**
   * @param perSecond  tokens a second
   * @param burst      most tokens it holds, at least 1
   * @param nowMs      of a clock that never goes back, in ms
   */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = Math.max(1, burst);
    this.#tokens = this.#burst;
    this.#filledMs = nowMs;
  }

  /** Whether something may be taken. */
  hasToken(nowMs: number): boolean {
    if (nowMs > this.#filledMs) {
      this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledMs) * this.#perMs);
      this.#filledMs = nowMs;
    }
    return this.#tokens >= 1;
  }

  /** Takes tokens; call it after {@link hasToken} has said yes. */
  take(count: number): void {
    this.#tokens -= count;
  }

  /** ms from the last {@link hasToken} until it holds so many tokens, or as many as it can; 0 where it does. */
  msUntil(tokens: number): number {
    const missing = Math.min(this.#burst, Math.max(1, tokens)) - this.#tokens;
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs);
  }
}
