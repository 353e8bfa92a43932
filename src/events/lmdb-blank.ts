// The files of a segment before anything is in it. LMDB makes them itself, once; from then on they are copied, because when
// LMDB cannot write a file's first pages or map its table of readers, the process ends.
import { closeSync, openSync } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { open as openLmdb } from "lmdb";
import { deleteSegment } from "./lmdb-files.js";

/** Files that opening a segment takes: its own twice, the table of readers, a folder, and one that the system asks for. */
const DESCRIPTORS = 5;

/** A segment's files without content. */
export interface BlankSegment {
  readonly file: Uint8Array;
  readonly lockBytes: number;
}

/** Has LMDB make the files at a path, and takes them away again. There must be room. */
export async function makeBlank(path: string, mapBytes: number): Promise<BlankSegment> {
  await openLmdb({ path, noSubdir: true, mapSize: mapBytes }).close();
  const file = await readFile(path);
  const { size: lockBytes } = await stat(`${path}-lock`);
  await deleteSegment(path);
  return { file, lockBytes };
}

/** Writes the files at a path; every byte of them has its place on the disk afterwards. @throws the system's error */
export async function writeBlank(path: string, { file, lockBytes }: BlankSegment): Promise<void> {
  await write(path, file);
  await write(`${path}-lock`, new Uint8Array(lockBytes));
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Throws EMFILE where LMDB, which opens its files in the same turn, would end the process for want of them. */
export function checkDescriptors(folder: string): void {
  const files: number[] = [];
  try {
    for (let i = 0; i < DESCRIPTORS; i += 1) files.push(openSync(join(folder, "lock"), "r"));
  } finally {
    for (const file of files) closeSync(file);
  }
}
