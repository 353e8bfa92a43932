// The files of the log's folder.
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

// lmdb-js keeps what it has open by file name without extension, and never lets go of a name: the number is the extension.
const SEGMENT = /^segment\.(\d{10})$/;

/** Path of a segment. Names sort like numbers. */
export function segmentPath(folder: string, number: number): string {
  return join(folder, `segment.${String(number).padStart(10, "0")}`);
}

/** Where a segment is made before it gets its number: what has a number is complete. */
export function unfinishedPath(folder: string): string {
  return join(folder, "segment.new");
}

/** Numbers of the segments, oldest first. */
export async function listSegments(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder)).flatMap((name) => SEGMENT.exec(name)?.[1] ?? []);
  return numbers.map(Number).sort((a, b) => a - b);
}

/** Deletes a closed segment's file, and the one LMDB has beside it. */
export async function deleteSegment(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}-lock`, { force: true });
}

/** Makes the names in a folder survive the loss of power. Windows does so by itself, and opens no folders. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
