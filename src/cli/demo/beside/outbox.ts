// Events on their way: published in order, without a wait for each.
import type { EventInput, Position, ProgressClient } from "@tidewire/client";

/** Publishes to one topic. What is sent between two calls of `settled` is to be fewer than the client keeps, 10,000. */
export class Outbox {
  readonly #progress: Pick<ProgressClient, "publish">;
  readonly #topic: string;
  readonly #underWay = new Set<Promise<unknown>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(progress: Pick<ProgressClient, "publish">, topic: string) {
    this.#progress = progress;
    this.#topic = topic;
  }

  /** Publishes with the present time. */
  send(event: EventInput): void {
    const published: Promise<Position | undefined> = this.#progress
      .publish(this.#topic, event, { timestamp: new Date() })
      .catch((error) => {
        this.#failure ??= { error };
        return undefined;
      });
    this.#underWay.add(published);
    void published.then(() => this.#underWay.delete(published));
  }

  /** Resolves once the server has everything for good. @throws what became of the first event that it refused */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
    this.check();
  }

  /** @throws what became of the first event that was refused so far */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
