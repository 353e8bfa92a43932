// The embedded event log: segments in LMDB files, written by one process.
//
// Changes wait in a queue. What waits when a transaction begins goes into it, in order, with positions that count once it
// is committed. One transaction at a time is not committed, so that one which fails takes no other with it.
import { mkdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import { machineFaultOf } from "../machine-faults.js";
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
import { LmdbFolder, type OpenSegments } from "./lmdb-folder.js";
import { FolderLock } from "./lmdb-lock.js";
import { type Change, ChangeQueue } from "./lmdb-queue.js";
import { FolderRoom } from "./lmdb-room.js";
import type { LmdbSegment } from "./lmdb-segment.js";
import { readTopics } from "./lmdb-topics.js";
import { CannotOpenError, type LogFailure } from "./log-failure.js";
import type { LogLosses } from "./losses.js";
import { checkEntries } from "./segment-entries.js";
import { countToDrop, extentOf, isFull, type RetentionLimits } from "./segment-limits.js";
import { Stage } from "./segment-stage.js";
import type { KeptTopic, TopicIndex } from "./segment-topics.js";

/**
 * Most transactions that are committed and wait for their flush: each holds one of the four threads that Node has for
 * files and names. One flush serves all that wait, so more would gain nothing.
 */
const MAX_UNFLUSHED = 3;
/**
 * After a write that failed, how long the next one may take. LMDB gives up for good when it could not write a file's first
 * pages, and lmdb-js then answers nothing any more: without this, nor would the log.
 */
const STALL_MS = 10_000;
/** What a change without entries counts for in the queue. */
const SMALL_BYTES = 256;
/** The folder is for the server's user alone. */
const OWN_USER = 0o700;

/** Keeps events in a folder. */
export class LmdbLog implements EventLog {
  readonly guarantees: LogGuarantees = { survivesRestart: true, sharedByProcesses: false };
  readonly losses: LogLosses;
  readonly #limits: RetentionLimits;
  readonly #nowMs: () => number;
  readonly #lock: FolderLock;
  readonly #folder: LmdbFolder;
  readonly #room: FolderRoom;
  /** Oldest first; never empty. */
  readonly #segments: LmdbSegment[];
  readonly #index: TopicIndex;
  readonly #queue = new ChangeQueue();
  readonly #unflushed = new Set<Promise<void>>();
  /** Whether the last write has failed. */
  #isRecovering = false;
  #stopped: Error | undefined;
  #working: Promise<void> | undefined;
  /** The segment before the newest is on its way from written to read: nothing may be read meanwhile. Never rejects. */
  #retiring: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    limits: RetentionLimits,
    nowMs: () => number,
    lock: FolderLock,
    folder: LmdbFolder,
    room: FolderRoom,
    opened: OpenSegments,
  ) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#lock = lock;
    this.#folder = folder;
    this.#room = room;
    this.#segments = opened.segments;
    const { index, losses } = readTopics(opened);
    this.#index = index;
    this.losses = { segments: opened.lost, topics: losses };
  }

  /**
   * Opens the log in a folder, which is made if it is missing.
   *
   * @throws Error when another process has it open, the folder cannot be written, or the log is of another version; the
   *   message says which, and what to do
   */
  static async open(folder: string, limits: RetentionLimits, nowMs: () => number = Date.now): Promise<LmdbLog> {
    const lock = await acquire(folder);
    const room = new FolderRoom(folder, nowMs);
    try {
      await room.keep().catch((error: unknown) => room.failed(error)); // what is there can be read all the same
      const files = new LmdbFolder(folder, limits.segmentBytes);
      const opened = await files.open(lock.lostPower, nowMs());
      lock.recovered();
      return new LmdbLog(limits, nowMs, lock, files, room, opened);
    } catch (error) {
      room[Symbol.dispose]();
      lock.release(true);
      throw cannotOpen(error, folder);
    }
  }

  get extent(): LogExtent {
    return extentOf(this.#segments);
  }

  /** When the newest segment began, in ms since 1970. */
  get newestMs(): number {
    return this.#newest.createdMs;
  }

  get unbornGeneration(): number {
    return this.#index.unborn;
  }

  async load(): Promise<readonly TopicRecord[]> {
    this.#checkOpen();
    return Array.from(this.#index.all(), (topic) => ({
      topic: topic.name,
      generation: topic.generation,
      oldest: topic.parts[0]?.first ?? topic.head,
      head: topic.head,
      checkpoint: this.#lastCheckpoint(topic),
    }));
  }

  async recentKeys(limit: number): Promise<readonly KeyRecord[]> {
    this.#checkOpen();
    const topics = new Map(Array.from(this.#index.all(), (topic) => [topic.id, topic]));
    const keys: KeyRecord[] = [];
    for (const segment of this.#segments.toReversed()) {
      for (const { id, offset, key } of segment.recentKeys()) {
        if (keys.length >= limit) return keys;
        const topic = topics.get(id);
        if (topic) keys.push({ topic: topic.name, key, generation: topic.generation, offset });
      }
    }
    return keys;
  }

  async append(entries: readonly NewEntry[], checkpoints: readonly Checkpoint[]): Promise<Appended> {
    const bytes = checkpoints.reduce((sum, { state }) => sum + state.length, checkEntries(entries));
    const { result, flushed } = await this.#change(bytes, (stage) => stage.append(entries, checkpoints));
    return { positions: result, flushed };
  }

  async readAfter(name: string, after: Position, limits: ReadLimits): Promise<readonly LoggedEvent[]> {
    this.#checkOpen();
    if (this.#retiring) await this.#retiring;
    const topic = this.#index.at(name, after);
    const events: LoggedEvent[] = [];
    if (!topic || after.offset === topic.head) return events;
    const from = after.offset + 1;
    const most = Math.max(1, limits.events);
    let bytes = limits.bytes;
    for (const { segment, first } of topic.parts.slice(topic.parts.findLastIndex((part) => part.first <= from))) {
      const rest = { events: most - events.length, bytes };
      bytes -= this.#segment(segment)?.read(topic, Math.max(from, first), rest, events) ?? 0;
      if (events.length >= most || bytes < 0) break;
    }
    return events;
  }

  oldest(topic: string): number | undefined {
    return this.#index.oldest(topic);
  }

  async remove(topic: string): Promise<void> {
    await this.#change(SMALL_BYTES, (stage) => stage.remove(topic));
  }

  async retain(nowMs: number, checkpointOf: (topic: string) => Checkpoint | undefined): Promise<readonly string[]> {
    this.#checkOpen();
    let count = countToDrop(this.#segments, this.#limits, nowMs);
    if (count === 0) return [];
    const stageDrop = (stage: Stage): KeptTopic[] => {
      count = countToDrop(this.#segments, this.#limits, nowMs); // it may have been some time ago
      const firstSegment = this.#segments[count]?.number ?? this.#newest.number;
      const forgotten = stage.drop(firstSegment, checkpointOf, (topic) => this.#lastCheckpoint(topic));
      this.#newest.describe({ firstSegment });
      return forgotten;
    };
    const deleteFiles = async (): Promise<void> => {
      // From now on the next start would delete them too.
      for (const segment of this.#segments.splice(0, count)) await this.#folder.delete(segment);
    };
    if (this.#room.failure) this.#room.release(); // to be let go of they must be written of, and that makes room
    const { result } = await this.#change(SMALL_BYTES, stageDrop, deleteFiles);
    return result.map(({ name }) => name);
  }

  failure(): LogFailure | undefined {
    return this.#room.failure;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#working;
    await Promise.all(this.#unflushed);
    this.#room[Symbol.dispose]();
    const isFlushed = !this.#stopped && !this.#segments.some(({ isBroken }) => isBroken);
    await Promise.all(this.#segments.map((segment) => segment.close()));
    if (isFlushed) this.#folder.closed(this.#segments);
    this.#lock.release(isFlushed);
  }

  // ---- change ----

  /**
   * Queues a change.
   *
   * @param afterFlush what is to be done before the next change begins, once this one is flushed
   * @returns          once committed, and with `afterFlush` once that is done
   */
  #change<T>(
    bytes: number,
    stageIt: (stage: Stage) => T,
    afterFlush?: () => Promise<void>,
  ): Promise<{ readonly result: T; readonly flushed: Promise<void> }> {
    this.#checkOpen();
    const refusal = afterFlush ? undefined : this.#room.refusal;
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      let result: T;
      this.#queue.add({
        bytes,
        isAlone: afterFlush !== undefined,
        stage: (stage) => {
          result = stageIt(stage);
        },
        done: (flushed) => {
          if (!afterFlush) return resolve({ result, flushed });
          return flushed.then(afterFlush).then(() => resolve({ result, flushed }), reject);
        },
        fail: reject,
      });
      this.#working ??= this.#work();
    });
  }

  /** Writes what waits, until nothing does. */
  async #work(): Promise<void> {
    await undefined; // calls made one after the other share a transaction
    while (!this.#queue.isEmpty) {
      while (this.#unflushed.size >= MAX_UNFLUSHED) await Promise.race(this.#unflushed);
      const changes = this.#queue.take();
      try {
        if (this.#stopped) throw this.#stopped;
        await this.#write(changes);
      } catch (error) {
        this.#isRecovering = true;
        // What waits was asked for in the belief that these changes stand, as the lines of a run in its birth.
        const refused = this.#room.failed(error);
        for (const change of [...changes, ...this.#queue.drain()]) change.fail(refused);
      }
    }
    this.#working = undefined;
  }

  async #write(changes: readonly Change[]): Promise<void> {
    const newest = changes[0]?.isAlone ? this.#newest : await this.#writable();
    const stage = new Stage(this.#index, newest.number, newest);
    const staged: Change[] = [];
    const { committed, flushed } = newest.write(() => {
      for (const change of changes) {
        try {
          change.stage(stage);
          staged.push(change);
        } catch (error) {
          change.fail(error);
        }
      }
      if (stage.unborn !== newest.meta.unborn) newest.describe({ unborn: stage.unborn });
    });
    await (this.#isRecovering ? this.#unlessStalled(committed) : committed);
    this.#isRecovering = false;
    if (staged.length > 0) stage.apply();
    this.#await(flushed, newest);
    for (const change of staged) {
      const more = change.done(flushed);
      if (more) await more;
    }
  }

  /** Whether the change is kept is not known then: nothing more is written, so that nothing contradicts it. */
  async #unlessStalled(committed: Promise<void>): Promise<void> {
    const timer = new AbortController();
    const stall = delay(STALL_MS, undefined, { signal: timer.signal }).then(
      () => {
        this.#stopped = new Error(`its file did not recover from a failed write in ${STALL_MS} ms; restart the server`);
        throw this.#stopped;
      },
      () => undefined,
    );
    await Promise.race([committed, stall]).finally(() => timer.abort());
  }

  #await(flushed: Promise<void>, segment: LmdbSegment): void {
    const settled = flushed
      .catch((error: unknown) => {
        segment.isBroken = true;
        this.#room.failed(error);
      })
      .then(() => void this.#unflushed.delete(settled));
    this.#unflushed.add(settled);
  }

  /** The newest segment, or the one after it. */
  async #writable(): Promise<LmdbSegment> {
    const newest = this.#newest;
    if (!newest.isBroken && !isFull(newest, this.#limits, this.#nowMs())) return newest;
    const next = await this.#folder.follow(newest, this.#nowMs());
    this.#segments.push(next);
    this.#retiring = newest.retire();
    await this.#retiring;
    this.#retiring = undefined;
    return next;
  }

  get #newest(): LmdbSegment {
    return this.#segments.at(-1) as LmdbSegment;
  }

  #segment(number: number): LmdbSegment | undefined {
    const guess = this.#segments[number - (this.#segments[0]?.number ?? 0)];
    // Where one is lost, those behind it are nearer to the beginning.
    return guess?.number === number ? guess : this.#segments.find((segment) => segment.number === number);
  }

  #lastCheckpoint(topic: KeptTopic): Checkpoint | undefined {
    if (topic.checkpointIn === undefined) return undefined;
    const kept = this.#segment(topic.checkpointIn)?.checkpointOf(topic.id);
    if (!kept) return undefined;
    // Of a topic that has lost events the state before them is the best there is; of what came then it knows nothing.
    const offset = Math.max(kept.offset, (topic.parts[0]?.first ?? 1) - 1);
    const { name, generation } = topic;
    return offset <= topic.head ? { topic: name, generation, offset, state: kept.state } : undefined;
  }

  #checkOpen(): void {
    if (this.#closing) throw new Error("the event log is closed");
  }
}

async function acquire(folder: string): Promise<FolderLock> {
  try {
    // With `recursive`, Node calls a read-only file system a missing folder.
    await mkdir(folder, OWN_USER).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return mkdir(folder, { recursive: true, mode: OWN_USER });
      if (error.code !== "EEXIST") throw error;
      return undefined;
    });
    return await FolderLock.acquire(folder);
  } catch (error) {
    throw cannotOpen(error, folder);
  }
}

/** A fault of the machine in words; other errors as they are. */
function cannotOpen(error: unknown, folder: string): unknown {
  const fault = machineFaultOf(error);
  if (!fault) return error;
  const choices = "or name another folder with --data-dir, or keep nothing with --event-log memory";
  return new CannotOpenError(
    `the event log's folder ${folder} cannot be used, ${fault.what}: ${fault.remedy}; ${choices}`,
    {
      cause: error,
    },
  );
}
