// Idempotency keys: a publish that is said again gets the first one's position.
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import type { KeyRecord } from "./event-log.js";

/** The newest keys, oldest forgotten first. */
export class IdempotencyKeys {
  readonly #limit: number;
  readonly #positions = new Map<string, Position | Promise<Position>>();

  /** @param limit most keys that are remembered */
  constructor(limit: number, newestFirst: readonly KeyRecord[]) {
    this.#limit = limit;
    for (const { topic, key, generation, offset } of newestFirst.toReversed())
      this.#positions.set(nameOf(topic, key), { generation, offset });
  }

  /** Position of the publish that first had the key: a promise until it is durable. */
  get(topic: string, key: string): Position | Promise<Position> | undefined {
    return this.#positions.get(nameOf(topic, key));
  }

  /** Remembers a key; one whose publish fails is forgotten. */
  add(topic: string, key: string, position: Promise<Position>): void {
    const name = nameOf(topic, key);
    this.#positions.set(name, position);
    for (const oldest of this.#positions.keys()) {
      if (this.#positions.size <= this.#limit) break;
      this.#positions.delete(oldest);
    }
    position.then(
      (known) => this.#settle(name, position, known),
      () => this.#settle(name, position, undefined),
    );
  }

  /** Forgets the keys of a topic that is gone. */
  removeTopic(topic: string): void {
    for (const name of this.#positions.keys()) if (name.startsWith(`${topic}\0`)) this.#positions.delete(name);
  }

  #settle(name: string, pending: Promise<Position>, position: Position | undefined): void {
    if (this.#positions.get(name) !== pending) return;
    if (position) this.#positions.set(name, position);
    else this.#positions.delete(name);
  }
}

function nameOf(topic: string, key: string): string {
  return `${topic}\0${key}`;
}
