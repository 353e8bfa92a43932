// Topics whose first event is on its way into the log.
import { overloaded } from "./overloaded.js";

/** Births that are asked for, and those that were refused and whose publishers do not know it yet. */
export class Births {
  readonly #awaited = new Set<string>();
  readonly #refused = new Set<string>();

  /** How many are on their way. */
  get size(): number {
    return this.#awaited.size;
  }

  has(topic: string): boolean {
    return this.#awaited.has(topic);
  }

  add(topic: string): void {
    this.#awaited.add(topic);
  }

  /** The topic is there. */
  born(topic: string): void {
    this.#awaited.delete(topic);
  }

  /**
   * Of these topics, those that were to be born are not. Until their publishers have been told nothing may follow, for it
   * would be judged as if the first event stood.
   *
   * @param told settles once the publishers have been told
   */
  refused(topics: Iterable<string>, told: Promise<void>): void {
    const refused = new Set<string>();
    for (const topic of topics) if (this.#awaited.delete(topic)) refused.add(topic);
    for (const topic of refused) this.#refused.add(topic);
    void told.then(() => {
      for (const topic of refused) this.#refused.delete(topic);
    });
  }

  /** @throws TidewireError OVERLOADED for a topic whose first event has just been refused */
  checkFollows(topic: string): void {
    if (this.#refused.size > 0 && this.#refused.has(topic))
      throw overloaded(`the first event of ${topic} could not be kept; try again later`);
  }
}
