// Topics of hosts: their load is told and kept in no log, so no retention looks after them.
import type { EventBatch } from "./delivered.js";
import { Topic, type TopicDirectory } from "./directory.js";
import { overloaded } from "./overloaded.js";
import { matches } from "./topic.js";

/** Hosts that may tell their load at the same time. */
const MAX_HOSTS = 1_000;
/** A host that is silent for so long is forgotten. */
const SILENCE_MS = 10 * 60_000;

/** A load that is older is not told to who comes later: hosts are sampled every ten seconds at least. */
const FRESH_MS = 10_000;

/** The hosts that tell their load. */
export class Hosts {
  readonly #topics: TopicDirectory;
  /** When each was heard of, in ms since 1970; the last one at the end. */
  readonly #heardMs = new Map<string, number>();
  /** What each told last. */
  readonly #newest = new Map<string, EventBatch>();

  constructor(topics: TopicDirectory) {
    this.#topics = topics;
  }

  get size(): number {
    return this.#heardMs.size;
  }

  /** A host's topic, which is heard of now. @throws TidewireError OVERLOADED */
  topicOf(name: string): Topic {
    const known = this.#topics.get(name);
    if (!known && this.#heardMs.size >= MAX_HOSTS)
      throw overloaded(`${this.#heardMs.size} hosts tell their load, more may not`);
    this.#heardMs.delete(name);
    this.#heardMs.set(name, Date.now());
    if (known) return known;
    // No log remembers its generation, so it must be one that no earlier process can have told.
    const topic = new Topic(name, { generation: Date.now(), offset: 0 }, undefined, true);
    this.#topics.add(topic);
    return topic;
  }

  /** A host has told that. */
  told(batch: EventBatch): void {
    this.#newest.set(batch.topic, batch);
  }

  /** What the hosts whose topics match a pattern told last, as far as it is of the present. */
  newest(pattern: readonly string[], nowMs: number): EventBatch[] {
    const isPresent = ({ topic }: EventBatch): boolean => nowMs - (this.#heardMs.get(topic) ?? 0) <= FRESH_MS;
    return [...this.#newest.values()].filter((batch) => matches(pattern, batch.topic.split(".")) && isPresent(batch));
  }

  /** Takes off those that have been silent for long. @returns their topics, for the caller to forget */
  silent(nowMs: number): string[] {
    const silent: string[] = [];
    for (const [name, heardMs] of this.#heardMs) {
      if (nowMs - heardMs < SILENCE_MS) break;
      silent.push(name);
    }
    for (const name of silent) {
      this.#heardMs.delete(name);
      this.#newest.delete(name);
    }
    return silent;
  }
}
