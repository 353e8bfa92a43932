// From the files of a folder to the segments of a log: what was under way when the process ended is finished or undone.
import { rename } from "node:fs/promises";
import { type BlankSegment, checkDescriptors, makeBlank, writeBlank } from "./lmdb-blank.js";
import { deleteSegment, listSegments, segmentPath, syncFolder, unfinishedPath } from "./lmdb-files.js";
import { FORMAT, type SegmentMeta, UnknownFormatError } from "./lmdb-records.js";
import type { FolderRoom } from "./lmdb-room.js";
import { LmdbSegment } from "./lmdb-segment.js";

/** Address space beside what a segment should have: for the call that makes it full, and for pages that are half full. */
const MAP_SLACK_BYTES = 256 * 1024 * 1024;

/** The segments of a log on disk. */
export class LmdbFolder {
  readonly #folder: string;
  readonly #room: FolderRoom;
  readonly #mapBytes: number;
  #blank: BlankSegment | undefined;

  /** @param segmentBytes size a segment is meant to have */
  constructor(folder: string, segmentBytes: number, room: FolderRoom) {
    this.#folder = folder;
    this.#room = room;
    this.#mapBytes = 2 * segmentBytes + MAP_SLACK_BYTES;
  }

  /**
   * Opens all segments, oldest first; at least one.
   *
   * @param lostEvents whether events may be missing that somebody has seen: then all topics get a new generation
   * @throws Error that names the file and says what to do
   */
  async open(lostEvents: boolean, nowMs: number): Promise<LmdbSegment[]> {
    const numbers = await listSegments(this.#folder);
    const last = numbers.at(-1);
    if (last === undefined) {
      await this.#make(newMeta(nowMs), 1);
      return [await this.#name(1)];
    }
    const open: LmdbSegment[] = [];
    try {
      const newest = await this.#openNewest(last, open);
      await this.#openOlder(numbers, newest, open);
      const segments = open.toSorted((a, b) => a.number - b.number);
      const { firstSegment, isSealed } = newest.meta;
      if (lostEvents || isSealed || segments[0]?.number !== firstSegment) await raiseGeneration(segments, newest);
      return segments;
    } catch (error) {
      for (const segment of open) await segment.close();
      throw error;
    }
  }

  /** Begins the segment after the newest, which is sealed unless its file is broken. */
  async follow(newest: LmdbSegment, nowMs: number): Promise<LmdbSegment> {
    const number = newest.number + 1;
    await this.#make({ ...newest.meta, createdMs: nowMs, isSealed: false }, number);
    if (!newest.isBroken) {
      // The flush of this transaction is also that of all before it: no segment has what an older one may still lose.
      await newest.write(() => newest.describe({ isSealed: true })).flushed;
    }
    return this.#name(number);
  }

  /**
   * A new segment's file, complete and flushed, without its name.
   *
   * @throws the system's error when the disk is full or the process has too many files open
   */
  async #make(meta: SegmentMeta, number: number): Promise<void> {
    if (this.#room.failure === undefined) await this.#room.keep(); // so that what is released next is there
    this.#room.release();
    await this.#fill(unfinishedPath(this.#folder), meta, number);
    await this.#room.keep();
  }

  async #fill(path: string, meta: SegmentMeta, number: number): Promise<void> {
    await deleteSegment(path);
    checkDescriptors(this.#folder);
    this.#blank ??= await makeBlank(path, this.#mapBytes);
    await writeBlank(path, this.#blank);
    const segment = new LmdbSegment(path, number, this.#mapBytes, meta);
    try {
      await segment.write(() => segment.describe({})).flushed;
    } catch (error) {
      await segment.delete();
      throw error;
    }
    await segment.close();
  }

  async #name(number: number): Promise<LmdbSegment> {
    const path = segmentPath(this.#folder, number);
    await rename(unfinishedPath(this.#folder), path);
    await deleteSegment(unfinishedPath(this.#folder));
    await syncFolder(this.#folder);
    return this.#read(number, number);
  }

  async #openNewest(number: number, open: LmdbSegment[]): Promise<LmdbSegment> {
    const last = this.#read(number, number);
    open.push(last);
    if (!last.meta.isSealed) return last;
    try {
      const next = await this.#name(number + 1); // the process ended between the two
      open.push(next);
      return next;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return last;
    }
  }

  async #openOlder(numbers: readonly number[], newest: LmdbSegment, open: LmdbSegment[]): Promise<void> {
    const { firstSegment } = newest.meta;
    let expected: number | undefined;
    for (const number of numbers) {
      const path = segmentPath(this.#folder, number);
      if (number < firstSegment) await deleteSegment(path);
      else if (expected !== undefined && number !== expected) throw missing(segmentPath(this.#folder, expected));
      else {
        expected = number + 1;
        if (!open.some((segment) => segment.number === number)) open.push(this.#read(number, newest.number));
      }
    }
  }

  #read(number: number, newest: number): LmdbSegment {
    checkDescriptors(this.#folder);
    const path = segmentPath(this.#folder, number);
    try {
      return new LmdbSegment(path, number, this.#mapBytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`the event log's file ${path} cannot be read: ${reason}. ${adviceOn(error, number, newest)}`, {
        cause: error,
      });
    }
  }
}

function missing(path: string): Error {
  return new Error(`the event log's file ${path} is missing: put it back, or move the files before it away too`);
}

function adviceOn(error: unknown, number: number, newest: number): string {
  if (error instanceof UnknownFormatError) return "Start the version that wrote it, or move the folder away";
  const files = number === newest ? "it" : "it and the files before it";
  return `Move ${files} away to start without the events in there; nothing has been deleted`;
}

function newMeta(nowMs: number): SegmentMeta {
  const unborn = Date.now();
  return { format: FORMAT, createdMs: nowMs, firstSegment: 1, unborn, leastGeneration: 0, isSealed: false };
}

/** Positions that were handed out may be taken again by other events: from now on they are of an earlier generation. */
async function raiseGeneration(segments: readonly LmdbSegment[], newest: LmdbSegment): Promise<void> {
  const leastGeneration = Math.max(newest.meta.unborn + 1, Date.now());
  const change = {
    leastGeneration,
    unborn: leastGeneration + 1,
    firstSegment: segments[0]?.number ?? newest.number,
    isSealed: false,
  };
  await newest.write(() => newest.describe(change)).flushed;
}
