// Which topics a log has, read from its segments.
import type { LmdbSegment } from "./lmdb-segment.js";
import { type KeptTopic, TopicIndex, type TopicPart } from "./segment-topics.js";

/** A topic as the segments tell of it, oldest first. */
interface FoundTopic {
  readonly name: string;
  readonly generation: number;
  readonly parts: TopicPart[];
  checkpointIn: number | undefined;
}

/** The index of a log's segments. Reads a topic's place in each of them, and no event but the key of its last. */
export function readTopics(segments: readonly LmdbSegment[]): TopicIndex {
  const newest = segments.at(-1) as LmdbSegment;
  const { unborn, leastGeneration } = newest.meta;
  const index = new TopicIndex(unborn);
  const found = new Map<number, FoundTopic>();
  for (const segment of segments) readSegment(segment, found, index);
  const byNumber = new Map(segments.map((segment) => [segment.number, segment]));
  for (const [id, topic] of found) {
    const kept = toKept(id, topic, leastGeneration, byNumber);
    if (kept) index.set(kept);
  }
  return index;
}

function readSegment(segment: LmdbSegment, found: Map<number, FoundTopic>, index: TopicIndex): void {
  for (const [id, { name, generation, first }] of segment.topics()) {
    index.nextId = Math.max(index.nextId, id + 1);
    const part = { segment: segment.number, first };
    const topic = found.get(id);
    if (topic) topic.parts.push(part);
    else found.set(id, { name, generation, parts: [part], checkpointIn: undefined });
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

function toKept(
  id: number,
  { name, generation, parts, checkpointIn }: FoundTopic,
  leastGeneration: number,
  segments: ReadonlyMap<number, LmdbSegment>,
): KeptTopic | undefined {
  const headIn = (part: TopicPart | undefined): number | undefined => part && segments.get(part.segment)?.head(id);
  const head = headIn(parts.at(-1));
  if (head === undefined) return undefined;
  // A segment that was never sealed may have lost its end with the machine's power: what is before the hole is cut off.
  const hole = parts.findLastIndex((part, i) => {
    const next = parts[i + 1];
    return next && segments.get(part.segment)?.meta.isSealed === false && headIn(part) !== next.first - 1;
  });
  return {
    name,
    id,
    generation: Math.max(generation, leastGeneration),
    head,
    parts: parts.slice(hole + 1),
    checkpointIn,
  };
}
