// Takes stock of a log's folder before anything is opened: which files are whole, and which are set aside.
import { existsSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { checkSegment } from "./lmdb-check.js";
import { deleteSegment, listSegments, segmentPath, unfinishedPath } from "./lmdb-files.js";
import { UnknownFormatError } from "./lmdb-records.js";
import type { TrustedFiles } from "./lmdb-trust.js";
import { CannotOpenError } from "./log-failure.js";
import type { LostSegment } from "./losses.js";

/** What a folder holds. */
export interface Stock {
  /** Numbers of the segments that are whole, oldest first. */
  readonly numbers: readonly number[];
  /** Those that can be read, and must not be written to. */
  readonly readOnly: ReadonlySet<number>;
  /** Those that were set aside just now. */
  readonly broken: readonly LostSegment[];
}

/**
 * Looks through all segments that are not trusted. What is broken gets another name and stays; nothing is deleted but a new
 * segment that was being made.
 *
 * @param isSameRun whether the machine has run on since the log was written
 * @throws Error that names the file and says what to do, when it is of another version
 */
export async function takeStock(folder: string, trusted: TrustedFiles, isSameRun: boolean): Promise<Stock> {
  const numbers: number[] = [];
  const readOnly = new Set<number>();
  const broken: LostSegment[] = [];
  for (const number of await listSegments(folder)) {
    const path = segmentPath(folder, number);
    const verdict = judge(path, trusted, isSameRun);
    if (verdict.is === "broken") {
      broken.push({ number, reason: verdict.reason, keptAt: await setAside(path) });
      continue;
    }
    numbers.push(number);
    if (verdict.is === "not writable") readOnly.add(number);
  }
  const unfinished = unfinishedPath(folder);
  if (existsSync(unfinished) && judge(unfinished, trusted, isSameRun).is !== "whole") await deleteSegment(unfinished);
  return { numbers, readOnly, broken };
}

function judge(path: string, trusted: TrustedFiles, isSameRun: boolean): ReturnType<typeof checkSegment> {
  const name = basename(path);
  if (trusted.has(name, path)) return { is: "whole" };
  if (!statSync(path).isFile()) return { is: "broken", reason: "it is no file" };
  try {
    const verdict = checkSegment(path, isSameRun);
    if (verdict.is === "whole") trusted.add(name, path);
    else trusted.remove(name);
    return verdict;
  } catch (error) {
    if (!(error instanceof UnknownFormatError)) throw error;
    const message = `the event log's file ${path} cannot be read: ${error.message}. Start the version that wrote it, or move the folder away`;
    throw new CannotOpenError(message, { cause: error });
  }
}

/** @returns where the file is now */
async function setAside(path: string): Promise<string> {
  let aside = `${path}.broken`;
  for (let i = 2; existsSync(aside); i += 1) aside = `${path}.broken-${i}`;
  await rename(path, aside);
  await rm(`${path}-lock`, { force: true });
  return aside;
}
