// Changes on their way into the newest segment: they have positions already, and nobody sees them before they are
// committed. Dropping the stage undoes them.
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import type { Checkpoint, NewEntry } from "./event-log.js";
import type { KeptTopic, TopicIndex } from "./segment-topics.js";

/** Takes the records of the newest segment. */
export interface SegmentWriter {
  /** A topic has its first event in this segment. */
  topic(topic: KeptTopic, first: number): void;
  event(topic: KeptTopic, offset: number, bytes: Uint8Array): void;
  /** The event at the offset came with an idempotency key. */
  key(topic: KeptTopic, offset: number, key: string): void;
  checkpoint(topic: KeptTopic, checkpoint: Checkpoint): void;
  /** The topic and all its events are gone. */
  removed(topic: KeptTopic): void;
}

type StagedTopic = { -readonly [K in keyof KeptTopic]: KeptTopic[K] };

/** A set of changes that are committed together. */
export class Stage {
  readonly #index: TopicIndex;
  readonly #segment: number;
  readonly #writer: SegmentWriter;
  /** Undefined for topics that go. */
  readonly #topics = new Map<string, StagedTopic | undefined>();
  #last: StagedTopic | undefined;
  #unborn: number;
  #nextId: number;

  /** @param segment number of the newest segment, which `writer` writes to */
  constructor(index: TopicIndex, segment: number, writer: SegmentWriter) {
    this.#index = index;
    this.#segment = segment;
    this.#writer = writer;
    this.#unborn = index.unborn;
    this.#nextId = index.nextId;
  }

  /** Generation of the topics born after these changes. */
  get unborn(): number {
    return this.#unborn;
  }

  /**
   * Adds entries and keeps checkpoints; of those whose topic is gone or has another generation by now, nothing.
   *
   * @throws RangeError when a checkpoint is beyond its topic's head; nothing is added then
   */
  append(entries: readonly NewEntry[], checkpoints: readonly Checkpoint[]): Position[] {
    const kept = checkpoints.length > 0 ? this.#current(checkpoints, entries) : checkpoints;
    const positions = entries.map((entry) => this.#add(entry));
    for (const checkpoint of kept) this.#keep(this.#touch(checkpoint.topic), checkpoint);
    return positions;
  }

  /** Forgets a topic; nothing happens to one that is not known. */
  remove(name: string): void {
    const topic = this.#find(name);
    if (!topic) return;
    this.#writer.removed(topic);
    this.#forget(topic);
  }

  /**
   * Forgets what lies in the segments before `firstKept`, and keeps the checkpoints of topics that live on.
   *
   * @param lastKept the checkpoint of a topic that is in a segment which goes
   * @returns        the topics of which nothing is left
   */
  drop(
    firstKept: number,
    checkpointOf: (topic: string) => Checkpoint | undefined,
    lastKept: (topic: KeptTopic) => Checkpoint | undefined,
  ): KeptTopic[] {
    // All is read before anything changes: a segment that cannot be read must not leave half of a drop behind.
    const cuts = [...this.#index.all()].flatMap((topic) => cutOf(topic, firstKept, checkpointOf, lastKept) ?? []);
    const forgotten: KeptTopic[] = [];
    for (const { topic, parts, losesCheckpoint, checkpoint } of cuts) {
      if (parts.length === 0) {
        forgotten.push(topic);
        this.#forget(topic);
        continue;
      }
      const staged = this.#touch(topic.name);
      staged.parts = parts;
      if (losesCheckpoint) staged.checkpointIn = undefined;
      if (checkpoint) this.#keep(staged, checkpoint);
    }
    return forgotten;
  }

  /** The changes are committed: the index has them from now on. */
  apply(): void {
    for (const [name, topic] of this.#topics) {
      if (topic) this.#index.set(topic);
      else this.#index.delete(name);
    }
    this.#index.unborn = this.#unborn;
    this.#index.nextId = this.#nextId;
  }

  #add({ topic: name, bytes, key }: NewEntry): Position {
    const topic = this.#last?.name === name ? this.#last : this.#grow(name);
    topic.head += 1;
    this.#writer.event(topic, topic.head, bytes);
    if (key !== undefined) this.#writer.key(topic, topic.head, key);
    return { generation: topic.generation, offset: topic.head };
  }

  /** A topic that gets an event in this segment. */
  #grow(name: string): StagedTopic {
    const topic = this.#find(name) ? this.#touch(name) : this.#bear(name);
    if (topic.parts.at(-1)?.segment !== this.#segment) {
      const first = topic.head + 1;
      topic.parts = [...topic.parts, { segment: this.#segment, first }];
      this.#writer.topic(topic, first);
    }
    this.#last = topic;
    return topic;
  }

  #bear(name: string): StagedTopic {
    if (this.#nextId > 0xffff_ffff) throw new RangeError("the event log has had 2^32 topics; move its folder away");
    const topic = { name, id: this.#nextId, generation: this.#unborn, head: 0, parts: [], checkpointIn: undefined };
    this.#nextId += 1;
    this.#topics.set(name, topic);
    return topic;
  }

  #keep(topic: StagedTopic, checkpoint: Checkpoint): void {
    topic.checkpointIn = this.#segment;
    this.#writer.checkpoint(topic, checkpoint);
  }

  #forget(topic: KeptTopic): void {
    this.#topics.set(topic.name, undefined);
    this.#unborn = Math.max(this.#unborn, topic.generation + 1);
    this.#last = undefined;
  }

  #find(name: string): KeptTopic | undefined {
    return this.#topics.has(name) ? this.#topics.get(name) : this.#index.get(name);
  }

  /** The stage's own copy of a known topic. */
  #touch(name: string): StagedTopic {
    const staged = this.#topics.get(name);
    if (staged) return staged;
    const topic = { ...(this.#index.get(name) as KeptTopic) };
    this.#topics.set(name, topic);
    return topic;
  }

  /** The checkpoints that still mean something once the entries are there. */
  #current(checkpoints: readonly Checkpoint[], entries: readonly NewEntry[]): Checkpoint[] {
    const added = new Map<string, number>();
    for (const { topic } of entries) added.set(topic, (added.get(topic) ?? 0) + 1);
    return checkpoints.filter(({ topic: name, generation, offset }) => {
      const known = this.#find(name);
      const more = added.get(name) ?? 0;
      if (!known && more === 0) return false;
      if (generation !== (known?.generation ?? this.#unborn)) return false;
      const head = (known?.head ?? 0) + more;
      if (offset > head) throw new RangeError(`a checkpoint of "${name}" at offset ${offset}, its head is ${head}`);
      return true;
    });
  }
}

/** What a drop leaves of a topic. */
interface Cut {
  readonly topic: KeptTopic;
  readonly parts: KeptTopic["parts"];
  readonly losesCheckpoint: boolean;
  /** Its state, where that goes with what is dropped. */
  readonly checkpoint: Checkpoint | undefined;
}

/** What dropping the segments before `firstKept` means for a topic; undefined where it loses nothing. */
function cutOf(
  topic: KeptTopic,
  firstKept: number,
  checkpointOf: (topic: string) => Checkpoint | undefined,
  lastKept: (topic: KeptTopic) => Checkpoint | undefined,
): Cut | undefined {
  const parts = topic.parts.filter(({ segment }) => segment >= firstKept);
  const losesCheckpoint = topic.checkpointIn !== undefined && topic.checkpointIn < firstKept;
  if (parts.length === topic.parts.length && !losesCheckpoint) return undefined;
  if (parts.length === 0) return { topic, parts, losesCheckpoint, checkpoint: undefined };
  const usable = (kept: Checkpoint | undefined): Checkpoint | undefined =>
    kept?.generation === topic.generation && isJoined(kept, { ...topic, parts }) ? kept : undefined;
  const checkpoint = usable(checkpointOf(topic.name)) ?? (losesCheckpoint ? usable(lastKept(topic)) : undefined);
  return { topic, parts, losesCheckpoint, checkpoint };
}

/** Whether a checkpoint and the events that are kept have no gap between them; else it is worth nothing. */
export function isJoined({ offset }: { readonly offset: number }, { parts, head }: KeptTopic): boolean {
  return offset <= head && offset >= (parts[0]?.first ?? 1) - 1;
}
