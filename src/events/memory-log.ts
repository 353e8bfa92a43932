// The event log of a server that keeps nothing on disk: bounded like the other, gone with the process.
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import type {
  Appended,
  Checkpoint,
  EventLog,
  KeyRecord,
  LogExtent,
  LogGuarantees,
  LoggedEvent,
  NewEntry,
  ReadLimits,
  TopicRecord,
} from "./event-log.js";
import { NO_LOSSES } from "./losses.js";
import { checkEntries } from "./segment-entries.js";
import { countToDrop, extentOf, isFull, type RetentionLimits, type SegmentExtent } from "./segment-limits.js";
import { isJoined, type SegmentWriter, Stage } from "./segment-stage.js";
import { type KeptTopic, TopicIndex } from "./segment-topics.js";

/** A stretch of the log. */
class MemorySegment implements SegmentExtent, SegmentWriter {
  bytes = 0;
  /** By the topic's id. */
  readonly events = new Map<number, LoggedEvent[]>();
  /** Oldest first; with the topic's id, for a removed topic's keys are forgotten. */
  readonly keys: (KeyRecord & { readonly id: number })[] = [];

  constructor(
    readonly number: number,
    readonly createdMs: number,
    readonly checkpoints: Map<number, Checkpoint>,
  ) {}

  get isEmpty(): boolean {
    return this.bytes === 0;
  }

  topic({ id }: KeptTopic): void {
    this.events.set(id, []);
  }

  event({ id, generation }: KeptTopic, offset: number, bytes: Uint8Array): void {
    // A copy: the bytes may be a view of a larger buffer, and what is kept is counted by its length.
    this.events.get(id)?.push({ generation, offset, bytes: new Uint8Array(bytes) });
  }

  key({ id, name, generation }: KeptTopic, offset: number, key: string): void {
    this.keys.push({ id, topic: name, key, generation, offset });
  }

  checkpoint({ id }: KeptTopic, checkpoint: Checkpoint): void {
    this.checkpoints.set(id, checkpoint);
  }

  removed({ id }: KeptTopic): void {
    this.checkpoints.delete(id);
  }
}

/** Keeps events in memory. */
export class MemoryLog implements EventLog {
  readonly guarantees: LogGuarantees = { survivesRestart: false, sharedByProcesses: false };
  readonly losses = NO_LOSSES;
  readonly #limits: RetentionLimits;
  readonly #nowMs: () => number;
  readonly #index: TopicIndex;
  /** By the topic's id; bounded by the number of topics. */
  readonly #checkpoints = new Map<number, Checkpoint>();
  /** Oldest first; never empty. */
  readonly #segments: MemorySegment[];
  #isClosed = false;

  constructor(limits: RetentionLimits, nowMs: () => number = Date.now) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#index = new TopicIndex(Date.now());
    this.#segments = [new MemorySegment(1, nowMs(), this.#checkpoints)];
  }

  get extent(): LogExtent {
    return extentOf(this.#segments);
  }

  get unbornGeneration(): number {
    return this.#index.unborn;
  }

  async load(): Promise<readonly TopicRecord[]> {
    this.#checkOpen();
    return [...this.#index.all()].map((topic) => {
      const { id, name, generation, head, parts } = topic;
      const checkpoint = this.#checkpoints.get(id);
      return {
        topic: name,
        generation,
        oldest: parts[0]?.first ?? head,
        head,
        checkpoint: checkpoint && isJoined(checkpoint, topic) ? checkpoint : undefined,
      };
    });
  }

  async recentKeys(limit: number): Promise<readonly KeyRecord[]> {
    this.#checkOpen();
    return this.#segments
      .flatMap(({ keys }) => keys)
      .filter(({ id, topic }) => this.#index.get(topic)?.id === id)
      .slice(-limit)
      .reverse()
      .map(({ topic, key, generation, offset }) => ({ topic, key, generation, offset }));
  }

  async append(entries: readonly NewEntry[], checkpoints: readonly Checkpoint[]): Promise<Appended> {
    this.#checkOpen();
    const bytes = checkEntries(entries);
    const segment = this.#writable();
    const stage = new Stage(this.#index, segment.number, segment);
    const positions = stage.append(entries, checkpoints);
    segment.bytes += bytes;
    stage.apply();
    return { positions, flushed: Promise.resolve() };
  }

  async readAfter(name: string, after: Position, limits: ReadLimits): Promise<readonly LoggedEvent[]> {
    this.#checkOpen();
    const topic = this.#index.at(name, after);
    const events: LoggedEvent[] = [];
    let bytes = 0;
    for (const { segment, first } of topic?.parts ?? []) {
      const kept = this.#segment(segment)?.events.get(topic?.id ?? 0) ?? [];
      for (let i = Math.max(0, after.offset + 1 - first); i < kept.length; i += 1) {
        const event = kept[i] as LoggedEvent;
        bytes += event.bytes.length;
        if (events.length > 0 && (events.length >= limits.events || bytes > limits.bytes)) return events;
        events.push(event);
      }
    }
    return events;
  }

  oldest(topic: string): number | undefined {
    return this.#index.oldest(topic);
  }

  async remove(topic: string): Promise<void> {
    this.#checkOpen();
    const segment = this.#writable();
    const stage = new Stage(this.#index, segment.number, segment);
    const id = this.#index.get(topic)?.id ?? 0;
    stage.remove(topic);
    stage.apply();
    for (const { events } of this.#segments) events.delete(id);
  }

  async retain(nowMs: number, checkpointOf: (topic: string) => Checkpoint | undefined): Promise<readonly string[]> {
    this.#checkOpen();
    const count = countToDrop(this.#segments, this.#limits, nowMs);
    const newest = this.#newest;
    const firstKept = this.#segments[count]?.number ?? newest.number;
    const stage = new Stage(this.#index, newest.number, newest);
    const forgotten = stage.drop(firstKept, checkpointOf, ({ id }) => this.#checkpoints.get(id));
    stage.apply();
    this.#segments.splice(0, count);
    for (const { id } of forgotten) this.#checkpoints.delete(id);
    return forgotten.map(({ name }) => name);
  }

  failure(): undefined {
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
  }

  get #newest(): MemorySegment {
    return this.#segments.at(-1) as MemorySegment;
  }

  #segment(number: number): MemorySegment | undefined {
    return this.#segments[number - (this.#segments[0]?.number ?? 0)];
  }

  #writable(): MemorySegment {
    const nowMs = this.#nowMs();
    if (!isFull(this.#newest, this.#limits, nowMs)) return this.#newest;
    const next = new MemorySegment(this.#newest.number + 1, nowMs, this.#checkpoints);
    this.#segments.push(next);
    return next;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Error("the event log is closed");
  }
}
