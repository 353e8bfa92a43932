// Acts at a rate, one timer for all: five hundred clients with a timer each would measure timers.

/** Time between two looks at the clock, in ms. */
const TICK_MS = 20;
/** What was not done within that time is left out: a process that was stopped does not make up for hours. */
const MAX_BEHIND_MS = 1000;

/** Calls `act` so many times a second, in small bursts, until it is stopped. */
export class Metronome {
  readonly #perSecond: number;
  readonly #act: () => void;
  #timer: NodeJS.Timeout | undefined;
  #due = 0;

  constructor(perSecond: number, act: () => void) {
    this.#perSecond = perSecond;
    this.#act = act;
  }

  start(): void {
    let before = performance.now();
    this.#timer ??= setInterval(() => {
      const now = performance.now();
      this.#due += (Math.min(now - before, MAX_BEHIND_MS) / 1000) * this.#perSecond;
      before = now;
      for (; this.#due >= 1; this.#due -= 1) this.#act();
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
