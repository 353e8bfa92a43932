// The newest events of a topic in a list that React may hold.
import type { TidewireEvent } from "@tidewire/client";
import type { Recorder } from "./history.js";

/** Events that are kept: a life has a few dozen, and a page shows no more. */
export const MAX_EVENTS = 1000;

/** Events in order. At the bound, the newest push out the oldest. */
export class EventBuffer implements Recorder {
  readonly told: () => void;
  #events: TidewireEvent[] = [];

  /** @param told is called whenever there is something new */
  constructor(told: () => void) {
    this.told = told;
  }

  /** A copy that stays as it is. */
  list(): readonly TidewireEvent[] {
    return [...this.#events];
  }

  append(event: TidewireEvent): void {
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    this.told();
  }

  prepend(event: TidewireEvent): boolean {
    if (this.#events.length >= MAX_EVENTS) return false;
    this.#events.unshift(event);
    this.told();
    return true;
  }

  clear(): void {
    this.#events = [];
    this.told();
  }
}
