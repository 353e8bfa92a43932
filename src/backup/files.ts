// Folders of files, copied so that they survive the loss of power.
import { copyFile, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { makePrivate } from "../data-folder.js";

/** Counts bytes that have been copied. */
export type Progress = (doneBytes: number) => void;

/** Files below a folder by their relative paths, and their sizes; nothing for a folder that is not there. Links are left out. */
export async function filesBelow(folder: string, below = ""): Promise<Map<string, number>> {
  const files = new Map<string, number>();
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(ifMissing([]));
  for (const entry of entries) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) for (const [name, size] of await filesBelow(folder, path)) files.set(name, size);
    else if (entry.isFile() && !entry.name.endsWith(".part")) {
      const stats = await stat(join(folder, path)).catch(ifMissing(undefined));
      if (stats) files.set(path, stats.size);
    }
  }
  return files;
}

/** Copies one file. @returns false when it is gone */
export async function copy(from: string, to: string): Promise<boolean> {
  await makePrivate(join(to, ".."));
  try {
    await copyFile(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  const file = await open(to, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  return true;
}

/** Whether a folder is not there, or holds nothing. */
export async function isEmpty(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(ifMissing([]))).length === 0;
}

/** What stands for something that is not there. */
export function ifMissing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code !== "ENOENT") throw error;
    return instead;
  };
}
