// Copies of a log's segments, taken while a server writes to the newest of them.
import { copyFile, open } from "node:fs/promises";
import { open as openLmdb } from "lmdb";
import { checkSegment } from "./lmdb-check.js";
import { listSegments, segmentPath } from "./lmdb-files.js";
import { LmdbFolder } from "./lmdb-folder.js";
import { checkHeader, markFlushed } from "./lmdb-header.js";
import { readTopics } from "./lmdb-topics.js";

/** Address space for a segment of whatever size that the settings allow. */
const MAP_BYTES = 16 * 1024 ** 3;

/** A segment of a log's folder. */
export interface SegmentFile {
  readonly number: number;
  readonly path: string;
  /** Whether a server may be writing to it. */
  readonly isNewest: boolean;
}

/** The segments of a folder, oldest first. */
export async function segmentsIn(folder: string): Promise<SegmentFile[]> {
  const numbers = await listSegments(folder);
  return numbers.map((number) => ({
    number,
    path: segmentPath(folder, number),
    isNewest: number === numbers.at(-1),
  }));
}

/**
 * Copies a segment as it is at one moment: whatever was committed before the call is in it. Writers wait for some
 * microseconds at most. The copy survives the loss of power.
 *
 * @returns false when the segment is gone: retention has let go of it meanwhile
 * @throws Error with the reason when what was copied is not whole
 */
export async function copySegment({ path, isNewest }: SegmentFile, to: string): Promise<boolean> {
  try {
    if (isNewest) await copyOpen(path, to);
    else await copyFile(path, to); // nobody writes to it any more
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  const file = await open(to, "r+");
  try {
    // It is opened on another machine one day, which would take what is not marked so for something that was never flushed.
    await markFlushed(file);
    await file.sync();
  } finally {
    await file.close();
  }
  checkCopy(to);
  return true;
}

/** LMDB keeps the pages of the moment for whoever reads, in whatever process. */
async function copyOpen(path: string, to: string): Promise<void> {
  checkHeader(path);
  const segment = openLmdb({ path, noSubdir: true, mapSize: MAP_BYTES, readOnly: true, encoding: "binary" });
  try {
    await segment.backup(to, false);
  } finally {
    await segment.close();
  }
}

/** @throws Error with the reason when a copy is not whole */
export function checkCopy(path: string): void {
  const verdict = checkSegment(path, true);
  if (verdict.is === "broken") throw new Error(verdict.reason);
}

/** What a log in a folder of copies holds. */
export interface CopiedLog {
  readonly topics: number;
  readonly events: number;
}

/**
 * Makes a log of copies that nobody has open, so that a server opens it as if it had closed it itself.
 *
 * @param isNewGeneration whether clients that resume are told that their positions are lost
 */
export async function settleCopies(folder: string, isNewGeneration: boolean): Promise<CopiedLog> {
  const files = new LmdbFolder(folder, MAP_BYTES);
  const opened = await files.open(isNewGeneration, Date.now(), true);
  const { index } = readTopics(opened);
  const result = { topics: 0, events: 0 };
  for (const { head, parts } of index.all()) {
    result.topics += 1;
    result.events += head - (parts[0]?.first ?? 1) + 1;
  }
  for (const segment of opened.segments) await segment.close();
  files.closed(opened.segments);
  return result;
}
