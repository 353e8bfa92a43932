// Which topics are kept, and where: what every adapter knows without reading an event. It holds what is committed.
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";

/** Where a topic's events lie: from `first` on in this segment, up to the next part. */
export interface TopicPart {
  readonly segment: number;
  /** Offset of the topic's first event in the segment. */
  readonly first: number;
}

/** A topic that has events. Never changed: a new one takes its place. */
export interface KeptTopic {
  readonly name: string;
  /** Tells apart a topic and its successor of the same name. */
  readonly id: number;
  readonly generation: number;
  /** Offset of the newest event. */
  readonly head: number;
  /** Oldest first; at least one. */
  readonly parts: readonly TopicPart[];
  /** Segment of the last checkpoint, if there is one. */
  readonly checkpointIn: number | undefined;
}

/** All topics that are kept. */
export class TopicIndex {
  readonly #byName = new Map<string, KeptTopic>();
  /** Generation of the topics born next. */
  unborn: number;
  /** Id of the topic born next. */
  nextId = 1;

  constructor(unborn: number) {
    this.unborn = unborn;
  }

  get(name: string): KeptTopic | undefined {
    return this.#byName.get(name);
  }

  all(): IterableIterator<KeptTopic> {
    return this.#byName.values();
  }

  set(topic: KeptTopic): void {
    this.#byName.set(topic.name, topic);
  }

  delete(name: string): void {
    this.#byName.delete(name);
  }

  /** Offset of the topic's oldest event. */
  oldest(name: string): number | undefined {
    return this.#byName.get(name)?.parts[0]?.first;
  }

  /**
   * The topic, when the events after a position are all there; undefined for one that is not born.
   *
   * @throws TidewireError POSITION_LOST
   */
  at(name: string, { generation, offset }: Position): KeptTopic | undefined {
    const topic = this.#byName.get(name);
    const head = topic?.head ?? 0;
    const oldest = this.oldest(name) ?? 1;
    const present = topic?.generation ?? this.unborn;
    if (generation === present && offset <= head && offset >= oldest - 1) return topic;
    throw new TidewireError(
      "POSITION_LOST",
      `topic "${name}" is at generation ${present} with the events ${oldest} to ${head}: ` +
        `what follows offset ${offset} of generation ${generation} is not to be had`,
      { topic: name, generation: present, oldest, head },
    );
  }
}
