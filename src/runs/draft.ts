// What publishes come to before anything is appended: the events of one append, and where each publish's position is.
import type { Position, Publish } from "../../generated/ts/tidewire/v1/topics.js";
import type { Change, Lives } from "./lives.js";

/** An event that is kept nowhere, and not told yet. */
export interface Untold {
  readonly untold: Publish;
}

/** Where a publish's position comes from: an event of the append by its index, what is known already, or the telling. */
export type Source = number | Position | Promise<Position> | Untold;

/** One append in the making. Its changes count at once, so that each publish is judged by those before it. */
export class Draft {
  /** To be appended. */
  readonly events: Publish[] = [];
  /** One for each publish. */
  readonly sources: Source[] = [];
  /** Changes of lives, with the index of the event. */
  readonly changes = new Map<Change, number>();
  readonly #lives: Lives;
  readonly #keys = new Map<string, Source>();

  constructor(lives: Lives) {
    this.#lives = lives;
  }

  /** Adds an event that somebody has published. */
  publish(event: Publish, change: Change | undefined): void {
    this.remember(event, this.events.length);
    this.add(event, change);
  }

  /** Adds an event that nobody waits for. */
  add(event: Publish, change: Change | undefined): void {
    if (change) {
      this.changes.set(change, this.events.length);
      this.#lives.enter(change);
    }
    this.events.push(event);
  }

  /** A publish that adds nothing, or an event elsewhere. */
  remember({ topic, idempotencyKey }: Publish, source: Source): void {
    this.sources.push(source);
    if (idempotencyKey !== undefined) this.#keys.set(`${topic}\0${idempotencyKey}`, source);
  }

  /** What a publish of this draft with the same key came to. */
  seen({ topic, idempotencyKey }: Publish): Source | undefined {
    return idempotencyKey === undefined ? undefined : this.#keys.get(`${topic}\0${idempotencyKey}`);
  }

  /** The changes do not happen. */
  withdraw(): void {
    for (const change of this.changes.keys()) this.#lives.withdraw(change);
  }

  /** The events are durable. */
  accepted(positions: readonly Position[]): void {
    for (const [change, index] of this.changes) {
      this.#lives.settle(change);
      change.accepted(positions[index] as Position);
    }
  }

  /** The events could not be kept. */
  refused(error: unknown): void {
    this.withdraw();
    for (const change of this.changes.keys()) change.refused(error);
  }
}
