// All topics and what their events add up to, in memory: views, listings and positions ask no disk.
import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";
import type { Event, RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import { type Position, TopicState } from "../../generated/ts/tidewire/v1/topics.js";
import type { Checkpoint } from "./event-log.js";
import { emptyState, fold, foldLines } from "./fold.js";
import type { LogLine } from "./log-line.js";
import { isPattern, matches, parsePattern } from "./topic.js";
import type { TopicView } from "./types.js";

/** One topic: its position is that of the last event anybody may have seen. */
export class Topic implements TopicView {
  readonly topic: string;
  readonly generation: number;
  offset: number;
  readonly #state: TopicState;
  /** Log lines that are not in the state yet; of them only the last leaves more than a count. */
  #lines = 0;
  #lastLine: LogLine | undefined;
  /** Whether its events are in no log: positions count, nothing is replayed. */
  readonly isTransient: boolean;

  constructor(topic: string, { generation, offset }: Position, state = emptyState(), isTransient = false) {
    this.topic = topic;
    this.generation = generation;
    this.offset = offset;
    this.#state = state;
    this.isTransient = isTransient;
  }

  get state(): TopicState {
    if (this.#lastLine) this.#addLines(this.#lastLine);
    return this.#state;
  }

  get status(): RunStatus | undefined {
    return this.#state.status; // whatever the lines say
  }

  /** The next event has become visible. */
  add(offset: number, kind: NonNullable<Event["kind"]>, at: Timestamp | undefined): void {
    fold(this.state, kind, at);
    this.offset = offset;
  }

  /** The next event has become visible, and is a log line. */
  addLine(offset: number, line: LogLine): void {
    this.#lines += 1;
    this.#lastLine = line;
    this.offset = offset;
    if (!this.#state.createdAt) this.#addLines(line);
  }

  #addLines(last: LogLine): void {
    const { log, timestamp } = last.read();
    foldLines(this.#state, this.#lines, log, timestamp);
    this.#lines = 0;
    this.#lastLine = undefined;
  }

  checkpoint(): Checkpoint {
    const { topic, generation, offset } = this;
    return { topic, generation, offset, state: TopicState.encode(this.state).finish() };
  }
}

/** The topics by name. */
export class TopicDirectory {
  readonly #topics = new Map<string, Topic>();
  /** Names in order, from the first listing on: sorting 100,000 names anew after every birth would hold the loop. */
  #sorted: string[] | undefined;

  get size(): number {
    return this.#topics.size;
  }

  get(topic: string): Topic | undefined {
    return this.#topics.get(topic);
  }

  /** Adds a topic; it takes the place of one of the same name. */
  add(topic: Topic): void {
    const isNew = !this.#topics.has(topic.topic);
    this.#topics.set(topic.topic, topic);
    if (isNew && this.#sorted) this.#sorted.splice(firstIndex(this.#sorted, topic.topic, ""), 0, topic.topic);
  }

  remove(topic: string): void {
    const isGone = this.#topics.delete(topic);
    if (isGone && this.#sorted) this.#sorted.splice(firstIndex(this.#sorted, topic, ""), 1);
  }

  values(): Iterable<Topic> {
    return this.#topics.values();
  }

  /** Topics that match, by name after `after`, at most `limit`. @throws TidewireError INVALID_TOPIC */
  list(pattern: string, after: string, limit: number): Topic[] {
    const tokens = parsePattern(pattern);
    if (!isPattern(tokens)) {
      const topic = this.#topics.get(pattern);
      return topic && pattern > after && limit > 0 ? [topic] : [];
    }
    const found: Topic[] = [];
    for (const topic of this.#from(literalPrefix(tokens), after)) {
      if (found.length >= limit) break;
      if (matches(tokens, topic.topic.split("."))) found.push(topic);
    }
    return found;
  }

  /** Topics whose names begin with a text, in order, after one of them. */
  *#from(prefix: string, after: string): Generator<Topic> {
    this.#sorted ??= [...this.#topics.keys()].sort();
    const names = this.#sorted;
    for (let i = firstIndex(names, prefix, after); i < names.length; i += 1) {
      const name = names[i] as string;
      if (!name.startsWith(prefix)) return;
      yield this.#topics.get(name) as Topic;
    }
  }
}

/** What all names that match begin with. */
function literalPrefix(tokens: readonly string[]): string {
  const literal = tokens.slice(
    0,
    tokens.findIndex((token) => isPattern([token])),
  );
  return literal.map((token) => `${token}.`).join("");
}

/** Index of the first name that is not before `prefix` and comes after `after`. */
function firstIndex(names: readonly string[], prefix: string, after: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const name = names[middle] as string;
    if (name < prefix || name <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
