// Turns at a steady rate, for whatever shares its thread with a server.
import { setTimeout as delay, setImmediate as turnOfLoop } from "node:timers/promises";

/** A pace that has fallen behind by more than this starts anew: turns missed are not made up for. */
const MAX_DEBT_MS = 250;
/** Without a wait the event loop is held no longer than this: a round trip through the server beside it takes several turns. */
const MAX_HOLD_MS = 1;

/** Turns of which each is due a fixed time after the first, so that delays do not add up. */
export class Pace {
  readonly #intervalMs: number;
  #dueMs = performance.now();
  #freeMs = performance.now();

  /** @param rate turns a second; Infinity is as fast as they are taken */
  constructor(rate: number) {
    this.#intervalMs = 1000 / rate;
  }

  /** Resolves when the next turn is due, or at the abort. */
  async turn(signal: AbortSignal): Promise<void> {
    const nowMs = performance.now();
    const earlyMs = this.#dueMs - nowMs;
    if (earlyMs < -MAX_DEBT_MS) this.#dueMs = nowMs;
    this.#dueMs += this.#intervalMs;
    // Timers know whole milliseconds; what is due within this one goes now.
    if (earlyMs >= 1) await delay(earlyMs, undefined, { signal }).catch(() => undefined);
    else if (nowMs - this.#freeMs < MAX_HOLD_MS) return;
    else await turnOfLoop();
    this.#freeMs = performance.now();
  }
}
