// A copy of a data folder, taken while a server runs.
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { EVALUATIONS_FOLDER, EVENTS_FOLDER, makePrivate } from "../data-folder.js";
import { copySegment, type SegmentFile, segmentsIn } from "../events/lmdb-copy.js";
import { copy, filesBelow, ifMissing, isEmpty } from "./files.js";
import { BackupError, type Manifest, manifestPath, manifestText, readManifest } from "./manifest.js";

/** Told as it goes on: bytes that are copied, of those there were at the beginning. */
export type Progress = (doneBytes: number, allBytes: number) => void;

/** What to copy, and where to. */
export interface BackupOptions {
  readonly dataDir: string;
  /** A folder that is not there yet, or empty. */
  readonly to: string;
  readonly version: string;
  readonly progress: Progress;
}

/**
 * Copies the event log and the evaluations. What was acknowledged before the call is in it; the server goes on writing. The
 * folder appears when everything is in it and has been looked through.
 *
 * @throws BackupError that says what to do
 */
export async function backUp({ dataDir, to, version, progress }: BackupOptions): Promise<Manifest> {
  const began_at = new Date().toISOString();
  const events = join(dataDir, EVENTS_FOLDER);
  const segments = await segmentsIn(events).catch(ifMissing<SegmentFile[]>([]));
  if (segments.length === 0)
    throw new BackupError(`there is no event log in ${events}: name the data folder of the server with --data-dir`);
  if (!(await isEmpty(to)))
    throw new BackupError(`${to} holds something already: name a folder that is not there yet with --to`);
  const part = `${to.replace(/[\\/]+$/, "")}.part`;
  await rm(part, { recursive: true, force: true });
  try {
    const copied = await copyAll({ dataDir, part, segments, progress });
    await writeFile(manifestPath(part), manifestText({ version, began_at, ...copied }), { flush: true });
    await rm(to, { recursive: true, force: true });
    await rename(part, to);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
  return readManifest(to);
}

interface Copying {
  readonly dataDir: string;
  readonly part: string;
  readonly segments: readonly SegmentFile[];
  readonly progress: Progress;
}

async function copyAll({ dataDir, part, segments, progress }: Copying) {
  const evaluations = join(dataDir, EVALUATIONS_FOLDER);
  const files = await filesBelow(evaluations);
  const sizes = await Promise.all(segments.map(({ path }) => sizeOf(path)));
  const all = [...sizes, ...files.values()].reduce((sum, size) => sum + size, 0);
  let bytes = 0;
  const done = (size: number): void => {
    bytes += size;
    progress(bytes, Math.max(all, bytes));
  };
  const counts = { segments: 0, evaluation_files: 0 };
  await makePrivate(join(part, EVENTS_FOLDER));
  for (const segment of segments) {
    const path = join(part, EVENTS_FOLDER, basename(segment.path));
    if (!(await copyOne(segment, path))) continue;
    counts.segments += 1;
    done(await sizeOf(path));
  }
  for (const [name, size] of files) {
    if (!(await copy(join(evaluations, name), join(part, EVALUATIONS_FOLDER, name)))) continue;
    counts.evaluation_files += 1;
    done(size);
  }
  return { ...counts, bytes };
}

async function copyOne(segment: SegmentFile, to: string): Promise<boolean> {
  try {
    return await copySegment(segment, to);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = "if it is broken, a restart of the server sets it aside and goes on with the others; then try again";
    throw new BackupError(`${segment.path} could not be copied: ${reason}; ${advice}`, { cause });
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(ifMissing({ size: 0 }))).size;
}
