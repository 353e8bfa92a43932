// The newest events of a topic in a list that React may hold.
import type { TidewireEvent } from "@tidewire/client";

/** Events that are kept: a life has a few dozen, and a page shows no more. */
export const MAX_EVENTS = 1000;

/** Events in order. At the bound, the newest push out the oldest. */
export class EventBuffer {
  #events: TidewireEvent[] = [];

  /** A copy that stays as it is. */
  list(): readonly TidewireEvent[] {
    return [...this.#events];
  }

  append(event: TidewireEvent): void {
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  /** @returns whether there was room */
  prepend(event: TidewireEvent): boolean {
    if (this.#events.length >= MAX_EVENTS) return false;
    this.#events.unshift(event);
    return true;
  }

  clear(): void {
    this.#events = [];
  }
}
