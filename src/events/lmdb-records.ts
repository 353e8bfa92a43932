// How a segment lies in its LMDB file. Keys sort as bytes: all records of the log itself come first, under the topic id 0,
// then the events, by topic id and offset. Numbers are big-endian.
//
//   event            id u32 · offset u64 · checksum u32   the event's bytes, as given
//   meta             0 u32 · 1                            checksum u32 · JSON, see SegmentMeta
//   topic            0 u32 · 2 · id u32                   checksum u32 · generation u64 · first offset here u64 · name
//   checkpoint       0 u32 · 3 · id u32                   checksum u32 · offset u64 · state
//   removed topic    0 u32 · 4 · id u32                   checksum u32
//   idempotency key  0 u32 · 5 · count in segment u32     checksum u32 · id u32 · offset u64 · key
//
// An event's checksum is part of its key, for there it costs no copy. It is over the bytes and their place.
import { checksumOf } from "./checksum.js";

/** Version of this layout. A log with another one is refused at the start. */
export const FORMAT = 2;

/** The kinds of records beside events. */
export const RECORD = { meta: 1, topic: 2, checkpoint: 3, removed: 4, key: 5 } as const;
export type RecordKind = (typeof RECORD)[keyof typeof RECORD];

const U32 = 2 ** 32;
/** An event's key without its checksum: what it is looked up by. */
const EVENT_PLACE_BYTES = 12;
export const EVENT_KEY_BYTES = 16;
export const RECORD_KEY_BYTES = 9;
const CHECKSUM_BYTES = 4;
/** How the record of a segment began in the first format. */
const FIRST_FORMAT = '{"format":1,';
const MOST_OFFSET = Number.MAX_SAFE_INTEGER;

/** What a segment says about itself and, while it is the newest, about the log. */
export interface SegmentMeta {
  readonly format: number;
  readonly createdMs: number;
  /** Number of the oldest segment of the log; files before it were being dropped when the process ended. */
  readonly firstSegment: number;
  /** Generation of the topics born next. */
  readonly unborn: number;
  /**
   * Topics whose last event lies in the segment `leastUpTo` or before are at least of this generation: events that followed
   * may be lost, and others take their offsets.
   */
  readonly leastGeneration: number;
  readonly leastUpTo: number;
  /** Numbers of segments between others that are lost. */
  readonly gaps: readonly number[];
  /** Whether a newer segment has followed. */
  readonly isSealed: boolean;
}

/** What an event is kept under. @param key what it is written into, where it is needed only until the call that takes it */
export function eventKey(id: number, offset: number, bytes: Uint8Array, key: Buffer): Buffer {
  key.writeUInt32BE(id, 0);
  writeU64(key, offset, 4);
  key.writeUInt32BE(checksumOf(bytes, id, offset), EVENT_PLACE_BYTES);
  return key;
}

/** Before an event's key, and after those of all events before it. */
export function eventPlace(id: number, offset: number): Buffer {
  const place = Buffer.allocUnsafe(EVENT_PLACE_BYTES);
  place.writeUInt32BE(id, 0);
  writeU64(place, offset, 4);
  return place;
}

/** Whether an event's bytes are those that were kept under the key. */
export function isWhole(key: Buffer, bytes: Uint8Array): boolean {
  return key.readUInt32BE(EVENT_PLACE_BYTES) === checksumOf(bytes, key.readUInt32BE(0), offsetOf(key));
}

/** A key after all events of a topic. */
export function afterEvents(id: number): Buffer {
  return eventPlace(id, MOST_OFFSET);
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

/** A record's value: what it says, behind its checksum. */
export function sealed(kind: RecordKind, id: number, payload: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(CHECKSUM_BYTES + payload.length);
  value.writeUInt32BE(checksumOf(payload, kind, id), 0);
  value.set(payload, CHECKSUM_BYTES);
  return value;
}

/** What a record says. @throws Error when it is not what was written */
export function unsealed(kind: RecordKind, id: number, value: Buffer): Buffer {
  const payload = value.subarray(CHECKSUM_BYTES);
  if (value.length < CHECKSUM_BYTES || value.readUInt32BE(0) !== checksumOf(payload, kind, id))
    throw new Error("a record is damaged");
  return payload;
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

/** @param value sealed @throws UnknownFormatError; Error when it is damaged or missing */
export function readMeta(value: Buffer | undefined): SegmentMeta {
  if (!value) throw new Error("it has no record of what it is");
  // The first format had no checksums.
  const payload = value.toString("latin1").startsWith(FIRST_FORMAT) ? value : unsealed(RECORD.meta, 0, value);
  const meta = JSON.parse(payload.toString()) as Partial<SegmentMeta>;
  if (meta.format !== FORMAT)
    throw new UnknownFormatError(`it has format ${meta.format}, this version of Tidewire knows format ${FORMAT}`);
  for (const name of ["createdMs", "firstSegment", "unborn", "leastGeneration", "leastUpTo"] as const)
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
