// How late the event loop is. Whoever looks wakes it, so a loop that has little to do is looked at seldom: in a busy one
// a look costs next to nothing, and there it matters.
import { type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { rounded } from "./rates.js";

/** Between two looks at a loop that has time, and at one that has little. */
const [SELDOM_MS, OFTEN_MS] = [250, 10];
/** Share of its time that a busy loop is at work. */
const BUSY = 0.1;

interface Watch {
  readonly everyMs: number;
  readonly delays: IntervalHistogram;
}

/** Watches the event loop of this thread. */
export class LoopDelay {
  readonly #seldom: Watch = watchEvery(SELDOM_MS);
  readonly #often: Watch = watchEvery(OFTEN_MS);
  #watch: Watch | undefined;
  #use = performance.eventLoopUtilization();

  /** Watches from now on. */
  start(): void {
    this.#use = performance.eventLoopUtilization();
    this.#switchTo(this.#seldom);
  }

  stop(): void {
    this.#switchTo(undefined);
  }

  /** 99th percentile of the delays since the last call or the start, in ms; undefined if none was looked at. */
  takeP99Ms(): number | undefined {
    if (!this.#watch) return undefined;
    const { everyMs, delays } = this.#watch;
    // A timer that is looked at is late by the loop's delay.
    const p99Ms = delays.count === 0 ? undefined : rounded(Math.max(0, delays.percentile(99) / 1e6 - everyMs));
    delays.reset();
    const use = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(use, this.#use);
    this.#use = use;
    this.#switchTo(utilization >= BUSY ? this.#often : this.#seldom);
    return p99Ms;
  }

  #switchTo(next: Watch | undefined): void {
    if (next === this.#watch) return;
    this.#watch?.delays.disable();
    this.#watch = next;
    next?.delays.reset();
    next?.delays.enable();
  }
}

function watchEvery(everyMs: number): Watch {
  return { everyMs, delays: monitorEventLoopDelay({ resolution: everyMs }) };
}
