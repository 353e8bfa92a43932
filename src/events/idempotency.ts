// Idempotency keys: a publish that is said again gets the first one's position.
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import type { KeyRecord, NewEntry } from "./event-log.js";
import type { AppendAsker } from "./turn.js";

/** A remembered key, between its neighbours in age. */
interface Entry {
  readonly topic: string;
  readonly name: string;
  position: Position | Promise<Position>;
  older: Entry | undefined;
  newer: Entry | undefined;
}

/**
 * The newest keys, oldest forgotten first. Ages are a list of their own: a Map that loses its oldest entry again and
 * again is walked past all that it lost, some 40 µs a key with 131,072 of them.
 */
export class IdempotencyKeys {
  readonly #limit: number;
  readonly #entries = new Map<string, Entry>();
  /** By topic, so that a topic goes without a look at the keys of all others. */
  readonly #byTopic = new Map<string, Set<Entry>>();
  #oldest: Entry | undefined;
  #newest: Entry | undefined;

  /** @param limit most keys that are remembered */
  constructor(limit: number, newestFirst: readonly KeyRecord[]) {
    this.#limit = limit;
    for (const { topic, key, generation, offset } of newestFirst.toReversed())
      this.#remember(topic, key, { generation, offset });
  }

  /** Position of the publish that first had the key: a promise until it is durable. */
  get(topic: string, key: string): Position | Promise<Position> | undefined {
    return this.#entries.get(nameOf(topic, key))?.position;
  }

  /** Remembers a key; one whose publish fails is forgotten. */
  add(topic: string, key: string, position: Promise<Position>): void {
    const entry = this.#remember(topic, key, position);
    position.then(
      (known) => {
        entry.position = known;
      },
      () => this.#forget(entry),
    );
  }

  /**
   * Remembers the keys of entries that are published together.
   *
   * @param asker who is to be told of them
   * @returns     who is to be told instead: the keys' positions hang on it, and the asker
   */
  remember(entries: readonly NewEntry[], asker: AppendAsker): AppendAsker {
    if (entries.every(({ key }) => key === undefined)) return asker;
    const keyed: AppendAsker[] = [];
    const promise = new Promise<readonly Position[]>((accepted, refused) => keyed.push({ accepted, refused }));
    entries.forEach(({ topic, key }, i) => {
      if (key === undefined) return;
      this.add(
        topic,
        key,
        promise.then((positions) => positions[i] as Position),
      );
    });
    return {
      accepted: (positions) => {
        for (const one of [...keyed, asker]) one.accepted(positions);
      },
      refused: (error, count) => {
        for (const one of [...keyed, asker]) one.refused(error, count);
      },
    };
  }

  /** Forgets the keys of a topic that is gone. */
  removeTopic(topic: string): void {
    for (const entry of this.#byTopic.get(topic) ?? []) this.#forget(entry);
  }

  /** A key that is known already becomes the newest. */
  #remember(topic: string, key: string, position: Position | Promise<Position>): Entry {
    const name = nameOf(topic, key);
    const known = this.#entries.get(name);
    if (known) this.#forget(known);
    const entry: Entry = { topic, name, position, older: this.#newest, newer: undefined };
    this.#entries.set(name, entry);
    if (this.#newest) this.#newest.newer = entry;
    else this.#oldest = entry;
    this.#newest = entry;
    const ofTopic = this.#byTopic.get(topic);
    if (ofTopic) ofTopic.add(entry);
    else this.#byTopic.set(topic, new Set([entry]));
    if (this.#entries.size > this.#limit && this.#oldest) this.#forget(this.#oldest);
    return entry;
  }

  /** Does nothing to an entry that is forgotten already. */
  #forget(entry: Entry): void {
    const { topic, name, older, newer } = entry;
    if (this.#entries.get(name) !== entry) return;
    this.#entries.delete(name);
    if (older) older.newer = newer;
    else this.#oldest = newer;
    if (newer) newer.older = older;
    else this.#newest = older;
    const ofTopic = this.#byTopic.get(topic);
    ofTopic?.delete(entry);
    if (ofTopic?.size === 0) this.#byTopic.delete(topic);
  }
}

function nameOf(topic: string, key: string): string {
  return `${topic}\0${key}`;
}
