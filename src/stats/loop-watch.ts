// How late the event loop is, always: for /metrics and health. loop-delay.ts looks closer, and only while somebody watches.
import { Histogram } from "../meters/histogram.js";

/** Between two looks: ten wake-ups a second are what a quiet server can spare. */
const EVERY_MS = 100;
/** Weight of the newest look in the mean: what lies more than some two seconds back has little. */
const WEIGHT = 0.05;

/** Looks at the loop of this thread until it is disposed of. */
export class LoopWatch implements Disposable {
  /** Delays in seconds, a look each. */
  readonly delays = new Histogram();
  readonly #looked: (delayMs: number) => void;
  readonly #timer: NodeJS.Timeout;
  #lookedMs = performance.now();
  #meanMs = 0;

  /** @param looked  told what each look has found, in ms */
  constructor(looked: (delayMs: number) => void = () => {}) {
    this.#looked = looked;
    this.#timer = setInterval(() => this.#look(), EVERY_MS).unref();
  }

  /** Mean delay of the last looks in ms, the newest ones counting most. */
  get meanDelayMs(): number {
    return this.#meanMs;
  }

  #look(): void {
    const nowMs = performance.now();
    const delayMs = Math.max(0, nowMs - this.#lookedMs - EVERY_MS);
    this.#lookedMs = nowMs;
    this.delays.observe(delayMs / 1000);
    this.#meanMs += (delayMs - this.#meanMs) * WEIGHT;
    this.#looked(delayMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
