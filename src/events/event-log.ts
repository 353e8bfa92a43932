// The seam under topics: where events are kept. Adapters keep and read; recovery, snapshots and fan-out are written
// once, above it. test/contract/event-log.ts holds every adapter to these promises.
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import type { LogFailure } from "./log-failure.js";
import type { LogLosses } from "./losses.js";

/** An event to be kept. */
export interface NewEntry {
  readonly topic: string;
  /** An `Event` as the wire writes it, without generation and offset. Owned by the log from now on. */
  readonly bytes: Uint8Array;
  /** Idempotency key, at most 128 bytes of UTF-8. */
  readonly key?: string | undefined;
}

/** The fold of a topic's events up to an offset, so that a restart does not read all of them again. */
export interface Checkpoint {
  readonly topic: string;
  /** Of the last event in the state. */
  readonly generation: number;
  readonly offset: number;
  /** Opaque to the log. */
  readonly state: Uint8Array;
}

/** An event at its place. */
export interface LoggedEvent {
  readonly generation: number;
  readonly offset: number;
  /** As it was given. Valid for good: adapters hand out copies, or bytes nobody writes to again. */
  readonly bytes: Uint8Array;
}

/** What is kept of a topic. */
export interface TopicRecord {
  readonly topic: string;
  readonly generation: number;
  /** Offset of the oldest event still kept. */
  readonly oldest: number;
  /** Offset of the newest event. */
  readonly head: number;
  /** The last checkpoint of this generation, if one is kept and all events after it are. */
  readonly checkpoint: Checkpoint | undefined;
}

/** A remembered idempotency key. */
export interface KeyRecord {
  readonly topic: string;
  readonly key: string;
  readonly generation: number;
  readonly offset: number;
}

/** Entries that are committed: they survive the death of the process. */
export interface Appended {
  /** One for each entry, in their order. */
  readonly positions: readonly Position[];
  /** Resolves once they survive the loss of power too; rejects if that cannot be had any more. */
  readonly flushed: Promise<void>;
}

/** Bounds of one read: at least one event is read where there is one, however large. */
export interface ReadLimits {
  readonly events: number;
  readonly bytes: number;
}

/** What an adapter is, beside what all of them promise. */
export interface LogGuarantees {
  /** Whether events are there again after the process has ended. */
  readonly survivesRestart: boolean;
  /** Whether several processes may append at the same time. */
  readonly sharedByProcesses: boolean;
}

/** How much a log keeps. */
export interface LogExtent {
  /** Stretches that retention drops as a whole. */
  readonly segments: number;
  /** What they take, on disk where they are there. */
  readonly bytes: number;
}

/**
 * Keeps events by topic. Offsets of a topic rise by one from 1 within a generation. A topic is born with its first event
 * and forgotten with its last; what is born later has a higher generation than whatever was forgotten before. A log that
 * finds, when it is opened, that it has lost events which were committed gives a new generation to all topics whose offsets
 * might be given out again.
 *
 * Changes (append, remove, retain) happen in the order of their calls, and their promises settle in it.
 */
export interface EventLog extends AsyncDisposable {
  readonly guarantees: LogGuarantees;
  /** How much is kept. */
  readonly extent: LogExtent;
  /** What could not be read when the log was opened. */
  readonly losses: LogLosses;
  /** Generation of topics that are not born yet: the same until a topic is removed or forgotten, also after a restart. */
  readonly unbornGeneration: number;

  /** All topics, once after opening. */
  load(): Promise<readonly TopicRecord[]>;

  /** The newest idempotency keys, newest first, at most `limit`. */
  recentKeys(limit: number): Promise<readonly KeyRecord[]>;

  /**
   * Keeps entries in the order given: all of them or none. Checkpoints may come with them or alone; one replaces the
   * topic's last, unless the topic is gone or has another generation by then.
   *
   * @returns once committed
   * @throws TidewireError OVERLOADED while nothing can be written, as {@link failure} tells; Error when an entry is
   *   malformed, or a checkpoint is beyond its topic's head. Nothing of the call is kept then
   */
  append(entries: readonly NewEntry[], checkpoints: readonly Checkpoint[]): Promise<Appended>;

  /**
   * The events after a position, in order, as far as they are committed; empty at the head.
   *
   * @throws TidewireError POSITION_LOST when the generation is another, events after the position are no longer kept, or
   *   the offset is beyond the head
   */
  readAfter(topic: string, after: Position, limits: ReadLimits): Promise<readonly LoggedEvent[]>;

  /** Offset of the topic's oldest kept event; undefined for one that is not born or forgotten. */
  oldest(topic: string): number | undefined;

  /** Forgets a topic with all its events and keys. @returns once committed; nothing happens to one that is not known */
  remove(topic: string): Promise<void>;

  /**
   * Drops what the retention settings no longer keep, oldest first, by whole segments. Before a segment goes, the state
   * of every topic that lives on must be kept elsewhere: `checkpointOf` gives it.
   *
   * @returns the topics that are forgotten because nothing of them is left
   */
  retain(nowMs: number, checkpointOf: (topic: string) => Checkpoint | undefined): Promise<readonly string[]>;

  /** Why nothing can be written at present; undefined while everything can. Reads go on meanwhile. */
  failure(): LogFailure | undefined;
}
