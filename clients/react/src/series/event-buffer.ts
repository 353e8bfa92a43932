// The newest events of a topic in a list that React may hold.
import type { EventType, TidewireEvent } from "@tidewire/client";
import type { Recorder } from "./history.js";

/** Events that are kept: a life has a few dozen, and a page shows no more. */
export const MAX_EVENTS = 1000;

/** Events in order. At the bound, the newest push out the oldest. */
export class EventBuffer implements Recorder {
  readonly told: () => void;
  readonly #types: readonly EventType[];
  #events: TidewireEvent[] = [];

  /** @param told is called whenever there is something new */
  constructor(types: readonly EventType[], told: () => void) {
    this.#types = types;
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

  prepend(event: TidewireEvent): void {
    if (this.#events.length >= MAX_EVENTS) return;
    this.#events.unshift(event);
    this.told();
  }

  room(): readonly EventType[] | undefined {
    return this.#events.length < MAX_EVENTS ? this.#types : undefined;
  }

  clear(): void {
    this.#events = [];
    this.told();
  }
}
