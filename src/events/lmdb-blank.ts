// The files of a segment before anything is in it. LMDB makes them itself, once; from then on they are copied, because when
// LMDB cannot write a file's first pages or map its table of readers, the process ends.
import { closeSync, openSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { devNull } from "node:os";
import { open as openLmdb } from "lmdb";
import { deleteSegment } from "./lmdb-files.js";

/** Files that opening a segment takes: its own twice, the table of readers, a folder, and one that the system asks for. */
const DESCRIPTORS = 5;

/** More than a segment's files without content. */
const BLANK_BYTES = 256 * 1024;

/** A segment's files without content. */
export interface BlankSegment {
  readonly file: Uint8Array;
  readonly lockBytes: number;
}

/** Has LMDB make the files at a path, and takes them away again. @throws the system's error when there is no room */
export async function makeBlank(path: string, mapBytes: number): Promise<BlankSegment> {
  await writeFile(path, new Uint8Array(BLANK_BYTES));
  await deleteSegment(path);
  await openLmdb({ path, noSubdir: true, mapSize: mapBytes }).close();
  const file = await readFile(path);
  const { size: lockBytes } = await stat(`${path}-lock`);
  await deleteSegment(path);
  return { file, lockBytes };
}

/** Writes the files at a path; every byte of them has its place on the disk afterwards. @throws the system's error */
export async function writeBlank(path: string, { file, lockBytes }: BlankSegment): Promise<void> {
  await writeFile(path, file);
  await writeFile(`${path}-lock`, new Uint8Array(lockBytes));
}

/** Throws EMFILE where LMDB, which opens its files in the same turn, would end the process for want of them. */
export function checkDescriptors(): void {
  const files: number[] = [];
  try {
    for (let i = 0; i < DESCRIPTORS; i += 1) files.push(openSync(devNull, "r"));
  } finally {
    for (const file of files) closeSync(file);
  }
}
