// Which topics a log has, read from its segments.
import type { OpenSegments } from "./lmdb-folder.js";
import type { SegmentMeta } from "./lmdb-records.js";
import type { LmdbSegment } from "./lmdb-segment.js";
import type { LostSegment, TopicLoss } from "./losses.js";
import { type KeptTopic, TopicIndex, type TopicPart } from "./segment-topics.js";

/** A topic as the segments tell of it, oldest first. */
interface FoundTopic {
  readonly name: string;
  generation: number;
  readonly parts: TopicPart[];
  checkpointIn: number | undefined;
}

/** Topics, and what is lost of them. */
export interface ReadTopics {
  readonly index: TopicIndex;
  readonly losses: readonly TopicLoss[];
}

/** The index of a log's segments. Reads a topic's place in each of them, and no event but the key of its last. */
export function readTopics({ segments, lost }: OpenSegments): ReadTopics {
  const newest = segments.at(-1) as LmdbSegment;
  const { unborn } = newest.meta;
  const index = new TopicIndex(unborn);
  const found = new Map<number, FoundTopic>();
  for (const segment of segments) readSegment(segment, found, index);
  const reader = new TopicReader(segments, lost);
  for (const [id, topic] of found) {
    const kept = reader.toKept(id, topic);
    if (kept) index.set(kept);
  }
  return { index, losses: reader.losses };
}

function readSegment(segment: LmdbSegment, found: Map<number, FoundTopic>, index: TopicIndex): void {
  for (const [id, { name, generation, first }] of segment.topics()) {
    index.nextId = Math.max(index.nextId, id + 1);
    const part = { segment: segment.number, first };
    const topic = found.get(id);
    if (topic) {
      topic.parts.push(part);
      topic.generation = Math.max(topic.generation, generation);
    } else found.set(id, { name, generation, parts: [part], checkpointIn: undefined });
  }
  for (const id of segment.checkpointIds()) {
    index.nextId = Math.max(index.nextId, id + 1);
    const topic = found.get(id);
    if (topic) topic.checkpointIn = segment.number;
  }
  for (const id of segment.removedIds()) {
    index.nextId = Math.max(index.nextId, id + 1);
    found.delete(id);
  }
}

/** Puts together what the segments tell of a topic. */
class TopicReader {
  readonly losses: TopicLoss[] = [];
  readonly #byNumber: ReadonlyMap<number, LmdbSegment>;
  readonly #meta: SegmentMeta;
  /** Numbers of the segments that are lost just now. */
  readonly #lost: readonly number[];

  constructor(segments: readonly LmdbSegment[], lost: readonly LostSegment[]) {
    this.#byNumber = new Map(segments.map((segment) => [segment.number, segment]));
    this.#meta = (segments.at(-1) as LmdbSegment).meta;
    this.#lost = lost.map(({ number }) => number);
  }

  toKept(id: number, { name, generation, parts, checkpointIn }: FoundTopic): KeptTopic | undefined {
    const last = parts.at(-1);
    const head = this.#headIn(id, last);
    if (last === undefined || head === undefined) return undefined;
    const hole = this.#lastHole(id, name, parts);
    if (this.#lost.some((number) => number > last.segment))
      this.losses.push({ topic: name, from: head + 1, to: undefined });
    const { leastGeneration, leastUpTo } = this.#meta;
    return {
      name,
      id,
      generation: last.segment <= leastUpTo ? Math.max(generation, leastGeneration) : generation,
      head,
      parts: parts.slice(hole + 1),
      checkpointIn,
    };
  }

  /** Index of the last part behind which events are missing: what is before a hole is cut off. -1 without one. */
  #lastHole(id: number, topic: string, parts: readonly TopicPart[]): number {
    return parts.findLastIndex((part, i) => {
      const next = parts[i + 1];
      if (!next || !this.#mayHaveHole(part, next)) return false;
      const from = (this.#headIn(id, part) ?? part.first - 1) + 1;
      if (from === next.first) return false;
      if (liesBetween(this.#lost, part, next)) this.losses.push({ topic, from, to: next.first });
      return true;
    });
  }

  /** A segment that was never sealed may have lost its end with the machine's power, or a whole one may be lost. */
  #mayHaveHole(part: TopicPart, next: TopicPart): boolean {
    return this.#byNumber.get(part.segment)?.meta.isSealed === false || liesBetween(this.#meta.gaps, part, next);
  }

  #headIn(id: number, part: TopicPart | undefined): number | undefined {
    return part && this.#byNumber.get(part.segment)?.head(id);
  }
}

function liesBetween(numbers: readonly number[], part: TopicPart, next: TopicPart): boolean {
  return numbers.some((number) => number > part.segment && number < next.segment);
}
