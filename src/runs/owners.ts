// Jobs of this server that own a topic: they hear of a cancellation at once, and never fall silent.

/** Somebody asks for a stop, for the reason given. Called once that is durable; must not throw. */
export type CancelListener = (reason?: string) => void;

/** A topic that a job owns. */
export interface Claim {
  /** Gives it back; the job hears nothing more. Idempotent. */
  release(): void;
}

/** Who runs what. */
export class Owners {
  readonly #listeners = new Map<string, CancelListener>();

  /**
   * Claims a topic for a job of this server, before its first event.
   *
   * @throws Error when another job has claimed it
   */
  claim(topic: string, onCancel: CancelListener): Claim {
    if (this.#listeners.has(topic)) throw new Error(`${topic} has an owner already`);
    this.#listeners.set(topic, onCancel);
    let isOwner = true;
    const release = (): void => {
      if (isOwner) this.#listeners.delete(topic);
      isOwner = false;
    };
    return { release };
  }

  /** Whether a job of this server owns the topic. */
  has(topic: string): boolean {
    return this.#listeners.has(topic);
  }

  /** Tells the owner, if there is one, to stop. */
  cancel(topic: string, reason?: string): void {
    this.#listeners.get(topic)?.(reason);
  }
}
