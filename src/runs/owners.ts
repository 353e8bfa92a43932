// Jobs of this server that own a topic: they hear of a cancellation at once, and never fall silent.

/** Somebody asks for a stop. Called once it is durable; must not throw. */
export type CancelListener = () => void;

/** Who runs what. */
export class Owners {
  readonly #listeners = new Map<string, CancelListener>();

  /**
   * Claims a topic for a job of this server, before its first event.
   *
   * @returns gives it back; may be called more than once
   * @throws Error when another job has claimed it
   */
  claim(topic: string, onCancel: CancelListener): () => void {
    if (this.#listeners.has(topic)) throw new Error(`${topic} has an owner already`);
    this.#listeners.set(topic, onCancel);
    return () => {
      if (this.#listeners.get(topic) === onCancel) this.#listeners.delete(topic);
    };
  }

  /** Whether a job of this server owns the topic. */
  has(topic: string): boolean {
    return this.#listeners.has(topic);
  }

  /** Tells the owner, if there is one, to stop. */
  cancel(topic: string): void {
    this.#listeners.get(topic)?.();
  }
}
