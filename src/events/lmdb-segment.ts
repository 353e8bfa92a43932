// One segment of the log: an LMDB file that needs no other to be understood. The only file that knows lmdb.
import { statSync, truncateSync } from "node:fs";
import { open, type RangeOptions, type RootDatabase } from "lmdb";
import { TidewireError } from "../errors.js";
import type { Checkpoint, LoggedEvent, ReadLimits } from "./event-log.js";
import { checkDescriptors } from "./lmdb-blank.js";
import { type BatchPromise, type Commit, watch } from "./lmdb-commit.js";
import { deleteSegment } from "./lmdb-files.js";
import { checkHeader } from "./lmdb-header.js";
import {
  afterEvents,
  EVENT_KEY_BYTES,
  eventKey,
  eventPlace,
  idOf,
  isWhole,
  type KeyEntry,
  offsetOf,
  RECORD,
  type RecordKind,
  readCheckpoint,
  readKey,
  readMeta,
  readTopic,
  recordKey,
  type SegmentMeta,
  sealed,
  type TopicEntry,
  unsealed,
  writeCheckpoint,
  writeKey,
  writeMeta,
  writeTopic,
} from "./lmdb-records.js";
import type { SegmentExtent } from "./segment-limits.js";
import type { SegmentWriter } from "./segment-stage.js";
import type { KeptTopic } from "./segment-topics.js";

/** After a write that failed lmdb-js waits for a flush that never comes: closing goes on without it. */
const CLOSE_TIMEOUT_MS = 1_000;
/** The part of a file that may be missing at its end: LMDB need not have written pages there that are free. */
const MAX_MISSING = 1 / 64;
const LAST_ID = 0xffff_ffff;

/** What LMDB says about a file. */
interface FileStats {
  readonly lastPageNumber: number;
  readonly pageSize: number;
}

/** An open segment. Reads see what is committed. */
export class LmdbSegment implements SegmentExtent, SegmentWriter {
  readonly number: number;
  readonly path: string;
  readonly #mapBytes: number;
  /** None once it is retired, until it is read again. */
  #handle: RootDatabase<Uint8Array, Buffer> | undefined;
  #meta: SegmentMeta;
  #keys: number;
  /** Of the last event of the transaction that is being written; lmdb-js has a copy once it has been put. */
  readonly #eventKey = Buffer.alloc(EVENT_KEY_BYTES);
  #hasEvent = false;
  readonly #closing = new AbortController();
  bytes: number;
  isEmpty: boolean;
  /** Whether a flush has failed: what follows belongs into another file. */
  isBroken = false;

  /**
   * Opens a segment's file, or begins one.
   *
   * @param mapBytes address space that is set aside for the file
   * @param begin    what a new segment says about itself; without it the file must be there
   * @throws Error when it cannot be read, with the reason as message
   */
  constructor(path: string, number: number, mapBytes: number, begin?: SegmentMeta) {
    this.path = path;
    this.number = number;
    this.#mapBytes = mapBytes;
    if (!begin) checkHeader(path);
    this.#handle = openFile(path, mapBytes, false);
    try {
      this.bytes = begin ? 0 : this.#checkedBytes();
      this.#meta = begin ?? readMeta(asBuffer(this.#db.get(recordKey(RECORD.meta))));
      this.#keys = begin ? 0 : this.#countKeys();
      this.isEmpty = begin !== undefined || !this.#hasEvents();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** @throws Error when it was retired and cannot be opened again */
  get #db(): RootDatabase<Uint8Array, Buffer> {
    this.#handle ??= this.#reopen();
    return this.#handle;
  }

  #reopen(): RootDatabase<Uint8Array, Buffer> {
    checkDescriptors();
    checkHeader(this.path);
    return openFile(this.path, this.#mapBytes, true);
  }

  get meta(): SegmentMeta {
    return this.#meta;
  }

  get createdMs(): number {
    return this.#meta.createdMs;
  }

  // ---- write ----

  /** Writes what `fill` puts as one transaction. Only the newest segment is written to, and one transaction at a time. */
  write(fill: () => void): Commit {
    const before = { meta: this.#meta, keys: this.#keys };
    this.#hasEvent = false;
    const batch = this.#db.batch(fill) as BatchPromise;
    const last = this.#hasEvent ? Buffer.from(this.#eventKey) : undefined;
    const commit = watch(batch, () => last !== undefined && this.#isVisible(last), this.#closing.signal);
    commit.committed.then(
      () => {
        this.bytes = statSync(this.path, { throwIfNoEntry: false })?.size ?? this.bytes;
        if (last) this.isEmpty = false;
      },
      () => {
        this.#meta = before.meta;
        this.#keys = before.keys;
      },
    );
    return commit;
  }

  /** Puts what the segment says about itself. */
  describe(change: Partial<SegmentMeta>): void {
    this.#meta = { ...this.#meta, ...change };
    this.#put(RECORD.meta, 0, writeMeta(this.#meta));
  }

  topic({ id, generation, name }: KeptTopic, first: number): void {
    this.#put(RECORD.topic, id, writeTopic({ generation, first, name }));
  }

  event({ id }: KeptTopic, offset: number, bytes: Uint8Array): void {
    this.#hasEvent = true;
    this.#db.put(eventKey(id, offset, bytes, this.#eventKey), bytes);
  }

  key({ id }: KeptTopic, offset: number, key: string): void {
    this.#put(RECORD.key, this.#keys, writeKey({ id, offset, key }));
    this.#keys += 1;
  }

  checkpoint({ id }: KeptTopic, { offset, state }: Checkpoint): void {
    this.#put(RECORD.checkpoint, id, writeCheckpoint(offset, state));
  }

  removed({ id }: KeptTopic): void {
    this.#put(RECORD.removed, id, new Uint8Array(0));
  }

  #put(kind: RecordKind, id: number, payload: Uint8Array): void {
    this.#db.put(recordKey(kind, id), sealed(kind, id, payload));
  }

  // ---- read ----

  /** The topics with events in this segment, by id. */
  *topics(): Generator<readonly [number, TopicEntry]> {
    for (const { key, value } of this.#db.getRange(allOf(RECORD.topic)))
      yield [idOf(key), readTopic(unsealed(RECORD.topic, idOf(key), asBuffer(value)))];
  }

  /** Ids of the topics whose last checkpoint may be in this segment. */
  *checkpointIds(): Generator<number> {
    for (const key of this.#db.getKeys(allOf(RECORD.checkpoint))) yield idOf(key);
  }

  /** Ids of the topics that were removed while this segment was the newest. */
  *removedIds(): Generator<number> {
    for (const key of this.#db.getKeys(allOf(RECORD.removed))) yield idOf(key);
  }

  /** The idempotency keys, newest first. */
  *recentKeys(): Generator<KeyEntry> {
    for (const { key, value } of this.#db.getRange(newestFirst(RECORD.key)))
      yield readKey(unsealed(RECORD.key, idOf(key), asBuffer(value)));
  }

  /** State of a topic at an offset. */
  checkpointOf(id: number): { readonly offset: number; readonly state: Uint8Array } | undefined {
    const value = this.#get(RECORD.checkpoint, id);
    return value && readCheckpoint(value);
  }

  /** Offset of the topic's last event in this segment. */
  head(id: number): number | undefined {
    const range = { start: afterEvents(id), end: eventPlace(id, 0), reverse: true, limit: 1 };
    for (const key of this.#db.getKeys(range)) return offsetOf(key);
    return undefined;
  }

  /**
   * Reads a topic's events from an offset on.
   *
   * @param head  offset of the last event that is committed
   * @param into  where the events go; at least one is there afterwards, if there is one
   * @returns     the bytes of the events that were read
   * @throws TidewireError POSITION_LOST when the first event is damaged
   */
  read(topic: KeptTopic, from: number, limits: ReadLimits, into: LoggedEvent[]): number {
    this.#db.resetReadTxn(); // the snapshot of this turn may be older than the topic's head
    let bytes = 0;
    const range = { start: eventPlace(topic.id, from), end: eventPlace(topic.id, topic.head + 1) };
    for (const { key, value } of this.#db.getRange({ ...range, limit: limits.events })) {
      if (!isWhole(key, value)) {
        if (into.length > 0) break; // those before it are whole
        throw damaged(topic, offsetOf(key));
      }
      bytes += value.length;
      if (into.length > 0 && bytes > limits.bytes) break;
      into.push({ generation: topic.generation, offset: offsetOf(key), bytes: value });
    }
    return bytes;
  }

  #get(kind: RecordKind, id: number): Buffer | undefined {
    const value = asBuffer(this.#db.get(recordKey(kind, id)));
    return value && unsealed(kind, id, value);
  }

  // ---- end ----

  /**
   * Lets go of the memory that writing took, some MiB; it will be read only, and is opened again when it is. Nothing of it may
   * be read before this is done. Never rejects.
   */
  async retire(): Promise<void> {
    if (!this.isBroken && (await this.#isClosed())) this.#handle = undefined;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#isClosed();
  }

  /** Closes the file, if that can be done in time. */
  async #isClosed(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), CLOSE_TIMEOUT_MS);
    });
    const closed = (this.#handle?.close() ?? Promise.resolve()).then(
      () => true,
      () => false,
    );
    const isClosed = await Promise.race([closed, timeout]);
    clearTimeout(timer);
    return isClosed;
  }

  /** Closes the segment and deletes its file. */
  async delete(): Promise<void> {
    await this.close();
    await deleteSegment(this.path);
  }

  #isVisible(key: Buffer): boolean {
    this.#db.resetReadTxn();
    try {
      return this.#db.doesExist(key);
    } catch {
      return false; // what is wrong with the file is told by the transaction itself
    }
  }

  /** The file's size. A file cut short is refused: reading a page behind its end would end the process. */
  #checkedBytes(): number {
    const { lastPageNumber, pageSize } = this.#db.getStats() as FileStats;
    const { size } = statSync(this.path);
    const full = (lastPageNumber + 1) * pageSize;
    if (size >= full) return size;
    if (size < full * (1 - MAX_MISSING)) throw new Error(`it has ${size} bytes where ${full} should be`);
    truncateSync(this.path, full); // a missing page that is not free reads as zeros, which LMDB refuses
    return full;
  }

  #countKeys(): number {
    for (const key of this.#db.getKeys(newestFirst(RECORD.key))) return idOf(key) + 1;
    return 0;
  }

  #hasEvents(): boolean {
    for (const _ of this.#db.getKeys({ start: eventPlace(1, 0), limit: 1 })) return true;
    return false;
  }
}

function openFile(path: string, mapBytes: number, isReadOnly: boolean): RootDatabase<Uint8Array, Buffer> {
  return open<Uint8Array, Buffer>({
    path,
    noSubdir: true,
    mapSize: mapBytes,
    cache: false,
    encoding: "binary",
    keyEncoding: "binary",
    separateFlushed: true,
    readOnly: isReadOnly,
    // A batch is a transaction already; and batches of a turn have promises nobody sees, whose rejection ends the process.
    eventTurnBatching: false,
  });
}

function damaged({ name, generation }: KeptTopic, offset: number): TidewireError {
  const message = `event ${offset} of "${name}" is damaged on the disk: what follows the one before it is not to be had`;
  return new TidewireError("POSITION_LOST", message, { topic: name, generation, offset });
}

function allOf(kind: RecordKind): RangeOptions {
  return { start: recordKey(kind, 0), end: recordKey(kind, LAST_ID), inclusiveEnd: true };
}

function newestFirst(kind: RecordKind): RangeOptions {
  return { start: recordKey(kind, LAST_ID), end: recordKey(kind, 0), inclusiveEnd: true, reverse: true };
}

function asBuffer(view: Uint8Array): Buffer;
function asBuffer(view: Uint8Array | undefined): Buffer | undefined;
function asBuffer(view: Uint8Array | undefined): Buffer | undefined {
  return view && Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}
