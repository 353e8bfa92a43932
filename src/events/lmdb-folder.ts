// From the files of a folder to the segments of a log: what was under way when the process ended is finished or undone.
import { rename } from "node:fs/promises";
import { basename } from "node:path";
import { type BlankSegment, checkDescriptors, makeBlank, writeBlank } from "./lmdb-blank.js";
import { deleteSegment, segmentPath, syncFolder, unfinishedPath } from "./lmdb-files.js";
import { FORMAT, type SegmentMeta } from "./lmdb-records.js";
import { LmdbSegment } from "./lmdb-segment.js";
import { type Stock, takeStock } from "./lmdb-stock.js";
import { TrustedFiles } from "./lmdb-trust.js";
import type { LostSegment } from "./losses.js";

/** Address space beside what a segment should have: for the call that makes it full, and for pages that are half full. */
const MAP_SLACK_BYTES = 256 * 1024 * 1024;

/** What a folder gave. */
export interface OpenSegments {
  /** Oldest first; at least one. */
  readonly segments: LmdbSegment[];
  /** Lost since the log was last opened. */
  readonly lost: readonly LostSegment[];
}

/** The segments of a log on disk. */
export class LmdbFolder {
  readonly #folder: string;
  readonly #mapBytes: number;
  readonly #trusted: TrustedFiles;
  #blank: BlankSegment | undefined;

  /** @param segmentBytes size a segment is meant to have */
  constructor(folder: string, segmentBytes: number) {
    this.#folder = folder;
    this.#trusted = new TrustedFiles(folder);
    this.#mapBytes = 2 * segmentBytes + MAP_SLACK_BYTES;
  }

  /**
   * Opens all segments that are whole, oldest first; at least one. Those that are broken are set aside.
   *
   * @param lostEvents whether events may be missing that somebody has seen: then all topics get a new generation
   * @param isCopy     whether the newest segment may be sealed although none follows
   * @throws Error that names the file and says what to do
   */
  async open(lostEvents: boolean, nowMs: number, isCopy = false): Promise<OpenSegments> {
    const stock = await takeStock(this.#folder, this.#trusted, !lostEvents);
    const open: LmdbSegment[] = [];
    try {
      const newest = await this.#openNewest(stock, open, nowMs);
      await this.#openOlder(stock.numbers, newest, open);
      const segments = open.toSorted((a, b) => a.number - b.number);
      const lost = [...stock.broken, ...missingBetween(segments, stock.broken, newest.meta.gaps)];
      if (isCopy && newest.meta.isSealed) await newest.write(() => newest.describe({ isSealed: false })).flushed;
      await this.#raise(segments, lost, lostEvents);
      this.#trusted.keep();
      return { segments, lost };
    } catch (error) {
      for (const segment of open) await segment.close();
      throw error;
    }
  }

  /** The segments have been closed, and are all flushed: the next start need not look through them. */
  closed(segments: readonly LmdbSegment[]): void {
    for (const { path } of segments) this.#trusted.add(basename(path), path);
    this.#trusted.keep();
  }

  /** Closes a segment and deletes its files. */
  async delete(segment: LmdbSegment): Promise<void> {
    this.#trusted.remove(basename(segment.path));
    await segment.delete();
  }

  /** Begins the segment after the newest, which is sealed unless its file is broken. */
  async follow(newest: LmdbSegment, nowMs: number): Promise<LmdbSegment> {
    const number = newest.number + 1;
    await this.#make({ ...newest.meta, createdMs: nowMs, isSealed: false }, number);
    if (!newest.isBroken) {
      // The flush of this transaction is also that of all before it: no segment has what an older one may still lose.
      await newest.write(() => newest.describe({ isSealed: true })).flushed;
      this.#trusted.add(basename(newest.path), newest.path);
      this.#trusted.keep();
    }
    return this.#name(number);
  }

  /**
   * A new segment's file, complete and flushed, without its name.
   *
   * @throws the system's error when the disk is full or the process has too many files open
   */
  async #make(meta: SegmentMeta, number: number): Promise<void> {
    const path = unfinishedPath(this.#folder);
    await deleteSegment(path);
    checkDescriptors();
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
    return this.#read(number);
  }

  async #openNewest({ numbers, readOnly, broken }: Stock, open: LmdbSegment[], nowMs: number): Promise<LmdbSegment> {
    const number = numbers.at(-1);
    if (number === undefined) {
      const next = Math.max(0, ...broken.map((lost) => lost.number)) + 1;
      await this.#make(newMeta(nowMs, next), next);
      const only = await this.#name(next);
      open.push(only);
      return only;
    }
    const last = this.#read(number);
    open.push(last);
    const next = last.meta.isSealed ? await this.#nameUnfinished(number + 1) : undefined;
    last.isBroken = next === undefined && readOnly.has(number);
    const newest = next ?? (last.isBroken ? await this.follow(last, nowMs) : last);
    if (newest !== last) open.push(newest);
    return newest;
  }

  /** The process ended between sealing a segment and naming the next. */
  async #nameUnfinished(number: number): Promise<LmdbSegment | undefined> {
    try {
      return await this.#name(number);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return undefined;
    }
  }

  async #openOlder(numbers: readonly number[], newest: LmdbSegment, open: LmdbSegment[]): Promise<void> {
    for (const number of numbers) {
      if (number < newest.meta.firstSegment) await deleteSegment(segmentPath(this.#folder, number));
      else if (!open.some((segment) => segment.number === number)) open.push(this.#read(number));
    }
  }

  /** Positions that were handed out may be taken again by other events: from now on they are of an earlier generation. */
  async #raise(segments: readonly LmdbSegment[], lost: readonly LostSegment[], lostEvents: boolean): Promise<void> {
    const newest = segments.at(-1) as LmdbSegment;
    const { firstSegment, isSealed, unborn, leastUpTo } = newest.meta;
    const first = segments[0]?.number ?? newest.number;
    if (!lostEvents && !isSealed && lost.length === 0 && first === firstSegment) return;
    const isEndLost = lostEvents || isSealed || lost.some(({ number }) => number >= newest.number);
    const lastLost = Math.max(0, ...lost.map(({ number }) => number - 1));
    const leastGeneration = Math.max(unborn + 1, Date.now());
    const change = {
      leastGeneration,
      leastUpTo: Math.max(leastUpTo, isEndLost ? newest.number : lastLost),
      unborn: leastGeneration + 1,
      gaps: gapsIn(segments),
      firstSegment: first,
      isSealed: false,
    };
    await newest.write(() => newest.describe(change)).flushed;
  }

  #read(number: number): LmdbSegment {
    checkDescriptors();
    return new LmdbSegment(segmentPath(this.#folder, number), number, this.#mapBytes);
  }
}

function newMeta(nowMs: number, firstSegment: number): SegmentMeta {
  const unborn = Date.now();
  return {
    format: FORMAT,
    createdMs: nowMs,
    firstSegment,
    unborn,
    leastGeneration: 0,
    leastUpTo: 0,
    gaps: [],
    isSealed: false,
  };
}

/** Numbers between the segments that have none. */
function gapsIn(segments: readonly LmdbSegment[]): number[] {
  return segments.flatMap(({ number }, i) => {
    const next = segments[i + 1]?.number ?? number + 1;
    return Array.from({ length: next - number - 1 }, (_, k) => number + 1 + k);
  });
}

/** Segments whose files are not there, and were there when the log was last opened. */
function missingBetween(
  segments: readonly LmdbSegment[],
  broken: readonly LostSegment[],
  known: readonly number[],
): LostSegment[] {
  const told = new Set([...known, ...broken.map(({ number }) => number)]);
  return gapsIn(segments)
    .filter((number) => !told.has(number))
    .map((number) => ({ number, reason: "its file is missing", keptAt: undefined }));
}
