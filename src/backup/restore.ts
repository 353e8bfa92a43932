// The way back of a backup into a data folder.
import { rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { EVALUATIONS_FOLDER, EVENTS_FOLDER, makePrivate } from "../data-folder.js";
import { type CopiedLog, checkCopy, segmentsIn, settleCopies } from "../events/lmdb-copy.js";
import { FolderLock } from "../events/lmdb-lock.js";
import type { Progress } from "./backup.js";
import { copy, filesBelow, isEmpty } from "./files.js";
import { BackupError, type Manifest, readManifest } from "./manifest.js";

/** What to restore, and where to. */
export interface RestoreOptions {
  readonly from: string;
  readonly dataDir: string;
  /** Whether an event log and evaluations that are there are moved aside. */
  readonly isForced: boolean;
  /** Whether clients that resume are told that their positions are lost. */
  readonly isNewGeneration: boolean;
  readonly progress: Progress;
}

/** What was restored. */
export interface Restored extends CopiedLog {
  readonly manifest: Manifest;
  /** Where what was there is now. */
  readonly movedAside: readonly string[];
}

/** Folders of a data folder that a backup holds. */
const FOLDERS = [EVENTS_FOLDER, EVALUATIONS_FOLDER] as const;

/**
 * Puts a backup into a data folder that no server has open. The event log appears when it is whole.
 *
 * @throws BackupError that says what to do; nothing of the data folder has changed then, but what was moved aside stays there
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { from, dataDir, isNewGeneration } = options;
  const manifest = await readManifest(from);
  await lookThrough(from, manifest);
  await checkUnused(dataDir);
  const movedAside = await makeRoom(options);
  const part = join(dataDir, `${EVENTS_FOLDER}.part`);
  await rm(part, { recursive: true, force: true });
  try {
    await copyAll(options, part);
    const log = await settleCopies(part, isNewGeneration);
    await rm(join(dataDir, EVENTS_FOLDER), { recursive: true, force: true });
    await rename(part, join(dataDir, EVENTS_FOLDER));
    return { ...log, manifest, movedAside };
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
}

async function lookThrough(from: string, manifest: Manifest): Promise<void> {
  const segments = await segmentsIn(join(from, EVENTS_FOLDER));
  if (segments.length !== manifest.segments)
    throw new BackupError(`the backup has ${segments.length} of ${manifest.segments} segments: take another backup`);
  for (const { path } of segments) {
    try {
      checkCopy(path);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BackupError(`the backup is damaged, ${path}: ${reason}. Take another one; nothing was changed`, {
        cause,
      });
    }
  }
}

/** @throws BackupError while a server has the data folder open */
async function checkUnused(dataDir: string): Promise<void> {
  const events = join(dataDir, EVENTS_FOLDER);
  await makePrivate(events);
  try {
    (await FolderLock.acquire(events)).release(true);
  } catch (cause) {
    throw new BackupError(`${cause instanceof Error ? cause.message : cause}. Stop it before you restore`, { cause });
  }
}

/** @returns where things that were in the way are now */
async function makeRoom({ dataDir, isForced }: RestoreOptions): Promise<string[]> {
  const taken: string[] = [];
  for (const name of FOLDERS) if (!(await isEmpty(join(dataDir, name)))) taken.push(name);
  if (taken.length > 0 && !isForced) {
    const message = `${dataDir} holds ${taken.join(" and ")} already: name an empty folder, or move them aside with --force`;
    throw new BackupError(message);
  }
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const aside = taken.map((name) => ({ from: join(dataDir, name), to: join(dataDir, `${name}.before-${stamp}`) }));
  for (const { from, to } of aside) await rename(from, to);
  return aside.map(({ to }) => to);
}

async function copyAll({ from, dataDir, progress }: RestoreOptions, part: string): Promise<void> {
  const files = await filesBelow(join(from, EVALUATIONS_FOLDER));
  const segments = await filesBelow(join(from, EVENTS_FOLDER));
  const all = [...files.values(), ...segments.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  for (const [name, size] of segments) {
    await copy(join(from, EVENTS_FOLDER, name), join(part, basename(name)));
    done += size;
    progress(done, all);
  }
  for (const [name, size] of files) {
    await copy(join(from, EVALUATIONS_FOLDER, name), join(dataDir, EVALUATIONS_FOLDER, name));
    done += size;
    progress(done, all);
  }
}
