// Listeners that cannot reach one another.

type Listener<Event> = (event: Event) => void;

/** Events that every emitter has: what a listener of another event threw. */
interface ErrorEvents {
  error: unknown;
}

/** Calls listeners in the order in which they were added. An exception of one is reported and stops no other. */
export class Emitter<Events extends ErrorEvents> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Adds a listener; the same one is called once. */
  on<Type extends keyof Events>(type: Type, listener: Listener<Events[Type]>): void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
  }

  off<Type extends keyof Events>(type: Type, listener: Listener<Events[Type]>): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** Listeners added or removed meanwhile count from the next event on. */
  emit<Type extends keyof Events>(type: Type, event: Events[Type]): void {
    for (const listener of this.#of(type)) {
      try {
        listener(event);
      } catch (error) {
        this.report(error);
      }
    }
  }

  /** Hands an error to the `error` listeners; the console has it when there are none, or when one throws itself. */
  report(error: unknown): void {
    const listeners = this.#of("error");
    if (listeners.length === 0) console.error(error);
    for (const listener of listeners) {
      try {
        listener(error as Events["error"]);
      } catch (thrown) {
        console.error(thrown);
      }
    }
  }

  #of<Type extends keyof Events>(type: Type): Listener<Events[Type]>[] {
    return [...(this.#listeners.get(type) ?? [])] as Listener<Events[Type]>[];
  }
}
