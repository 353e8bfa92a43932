// How a segment lies in its LMDB file. Keys sort as bytes: all records of the log itself come first, under the topic id 0,
// then the events, by topic id and offset. Numbers are big-endian.
//
//   event            id u32 · offset u64                  the event's bytes, as given
//   meta             0 u32 · 1                            JSON, see SegmentMeta
//   topic            0 u32 · 2 · id u32                   generation u64 · first offset here u64 · name
//   checkpoint       0 u32 · 3 · id u32                   offset u64 · state
//   removed topic    0 u32 · 4 · id u32                   1
//   idempotency key  0 u32 · 5 · count in segment u32     id u32 · offset u64 · key

/** Version of this layout. A log with another one is refused at the start. */
export const FORMAT = 1;

/** The kinds of records beside events. */
export const RECORD = { meta: 1, topic: 2, checkpoint: 3, removed: 4, key: 5 } as const;
export type RecordKind = (typeof RECORD)[keyof typeof RECORD];

const U32 = 2 ** 32;
const EVENT_KEY_BYTES = 12;
const RECORD_KEY_BYTES = 9;
const MOST_OFFSET = Number.MAX_SAFE_INTEGER;

/** What a segment says about itself and, while it is the newest, about the log. */
export interface SegmentMeta {
  readonly format: number;
  readonly createdMs: number;
  /** Number of the oldest segment of the log; files before it were being dropped when the process ended. */
  readonly firstSegment: number;
  /** Generation of the topics born next. */
  readonly unborn: number;
  /** Topics born before the log lost events are of this generation, for their positions are no longer true. */
  readonly leastGeneration: number;
  /** Whether a newer segment has followed. */
  readonly isSealed: boolean;
}

/** Key of an event. @param key what it is written into, where it is needed only until the call that takes it */
export function eventKey(id: number, offset: number, key: Buffer = Buffer.allocUnsafe(EVENT_KEY_BYTES)): Buffer {
  key.writeUInt32BE(id, 0);
  writeU64(key, offset, 4);
  return key;
}

/** A key after all events of a topic. */
export function afterEvents(id: number): Buffer {
  return eventKey(id, MOST_OFFSET);
}

/** Offset in an event's key. */
export function offsetOf(key: Buffer): number {
  return readU64(key, 4);
}

/** Key of a record; with `id` 2^32 - 1 the last of its kind. */
export function recordKey(kind: RecordKind, id = 0): Buffer {
  const key = Buffer.allocUnsafe(RECORD_KEY_BYTES);
  key.writeUInt32BE(0, 0);
  key.writeUInt8(kind, 4);
  key.writeUInt32BE(id, 5);
  return key;
}

/** Id, or count, in a record's key. */
export function idOf(key: Buffer): number {
  return key.readUInt32BE(5);
}

/** A topic's record. */
export interface TopicEntry {
  readonly generation: number;
  /** Offset of its first event in the segment. */
  readonly first: number;
  readonly name: string;
}

export function writeTopic({ generation, first, name }: TopicEntry): Buffer {
  const value = Buffer.allocUnsafe(16 + Buffer.byteLength(name));
  writeU64(value, generation, 0);
  writeU64(value, first, 8);
  value.write(name, 16);
  return value;
}

export function readTopic(value: Buffer): TopicEntry {
  return { generation: readU64(value, 0), first: readU64(value, 8), name: value.toString("utf8", 16) };
}

export function writeCheckpoint(offset: number, state: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(8 + state.length);
  writeU64(value, offset, 0);
  value.set(state, 8);
  return value;
}

export function readCheckpoint(value: Buffer): { readonly offset: number; readonly state: Uint8Array } {
  return { offset: readU64(value, 0), state: value.subarray(8) };
}

/** An idempotency key's record. */
export interface KeyEntry {
  /** The topic's id. */
  readonly id: number;
  readonly offset: number;
  readonly key: string;
}

export function writeKey({ id, offset, key }: KeyEntry): Buffer {
  const value = Buffer.allocUnsafe(12 + Buffer.byteLength(key));
  value.writeUInt32BE(id, 0);
  writeU64(value, offset, 4);
  value.write(key, 12);
  return value;
}

export function readKey(value: Buffer): KeyEntry {
  return { id: value.readUInt32BE(0), offset: readU64(value, 4), key: value.toString("utf8", 12) };
}

export function writeMeta(meta: SegmentMeta): Buffer {
  return Buffer.from(JSON.stringify(meta));
}

/** @throws Error when it is no record of this format */
export function readMeta(value: Buffer | undefined): SegmentMeta {
  if (!value) throw new Error("it has no record of what it is");
  const meta = JSON.parse(value.toString()) as Partial<SegmentMeta>;
  if (meta.format !== FORMAT)
    throw new UnknownFormatError(`it has format ${meta.format}, this version of Tidewire knows format ${FORMAT}`);
  for (const name of ["createdMs", "firstSegment", "unborn", "leastGeneration"] as const)
    if (!Number.isSafeInteger(meta[name])) throw new Error(`its record of what it is has no ${name}`);
  return meta as SegmentMeta;
}

/** The log was written by another version. */
export class UnknownFormatError extends Error {
  override readonly name = "UnknownFormatError";
}

function writeU64(target: Buffer, value: number, at: number): void {
  target.writeUInt32BE(Math.floor(value / U32), at);
  target.writeUInt32BE(value % U32, at + 4);
}

function readU64(source: Buffer, at: number): number {
  return source.readUInt32BE(at) * U32 + source.readUInt32BE(at + 4);
}
