// The data folder: on what it lies, whether it can be written, what is free there, what a flush takes, and who has it.
import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import type { Config } from "../config/index.js";
import { holderOf } from "../events/lmdb-lock.js";
import { type Check, type Finding, fault, note, ok, warning } from "./finding.js";
import { sizeText } from "./sizes.js";

/** Flushes that are timed; the median tells. */
const FLUSHES = 15;
/** What is flushed: a page. */
const FLUSH_BYTES = 4096;
/** Above it every acknowledged event is felt to wait. */
const SLOW_FLUSH_MS = 20;

/** File systems on which a memory-mapped log with one writer is not safe, by the kernel's numbers (statfs(2)). */
const REMOTE: Readonly<Record<number, string>> = {
  26985: "NFS",
  20859: "SMB",
  4266872130: "SMB",
  4283649346: "CIFS",
  16914839: "9p",
  12805120: "Ceph",
  198183888: "Lustre",
  1196443219: "GPFS",
};
/** File systems that live in memory. */
const VOLATILE: Readonly<Record<number, string>> = { 16914836: "tmpfs", 2240043254: "ramfs" };

export const examineDataFolder: Check = async (config) => {
  const folder = resolve(config.dataDir);
  const place = await existing(folder);
  const { type, bavail, bsize } = await statfs(place);
  return [
    await written(folder, place),
    fileSystem(type, config),
    free(bavail * bsize, config),
    ...(await held(folder)),
  ];
};

/** The folder, or where it would be made. */
async function existing(path: string): Promise<string> {
  const isThere = await statfs(path).then(
    () => true,
    () => false, // the next one up tells
  );
  return isThere || dirname(path) === path ? path : existing(dirname(path));
}

async function written(folder: string, place: string): Promise<Finding> {
  try {
    const ms = await flushTime(place);
    const text = `${folder} can be written; a flush takes ${ms.toFixed(2)} ms`;
    if (ms < SLOW_FLUSH_MS) return ok("data folder", text);
    return warning(
      "data folder",
      `${text}, and each acknowledged event waits for one`,
      "put it on a faster disk (SSD)",
    );
  } catch (error) {
    const { message } = error as Error;
    const remedy = `give the user of the server the right to write there (chown), or name another folder with --data-dir`;
    return fault("data folder", `${folder} cannot be written: ${message}`, remedy);
  }
}

/** Median of several flushes of a page, in milliseconds. */
async function flushTime(place: string): Promise<number> {
  const folder = await mkdtemp(join(place, ".tidewire-doctor-"));
  try {
    await using file = await open(join(folder, "flush"), "w");
    const times: number[] = [];
    for (let i = 0; i < FLUSHES; i += 1) {
      const start = performance.now();
      await file.write(Buffer.alloc(FLUSH_BYTES, i), 0, FLUSH_BYTES, i * FLUSH_BYTES);
      await file.datasync();
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[FLUSHES >> 1] as number;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @param type the kernel's number of the file system */
export function fileSystem(type: number, { dataDir, eventLog }: Pick<Config, "dataDir" | "eventLog">): Finding {
  const remote = REMOTE[type];
  if (remote !== undefined && eventLog === "lmdb")
    return warning(
      "file system",
      `${dataDir} lies on ${remote}: a memory-mapped log may break there`,
      "name a folder on a local disk with --data-dir",
    );
  const memory = VOLATILE[type];
  if (memory === undefined) return ok("file system", remote ?? "a local one");
  const text = `${dataDir} lies on ${memory}: everything is gone when the machine goes down`;
  return warning("file system", text, "name a folder on a disk with --data-dir");
}

type Sizes = Pick<Config, "eventLog" | "retentionBytes" | "segmentBytes" | "keptEvaluationBytes">;

/** @param bytes free for the server */
export function free(bytes: number, { eventLog, retentionBytes, segmentBytes, keptEvaluationBytes }: Sizes): Finding {
  const log = eventLog === "lmdb" ? retentionBytes : 0;
  const text = `${sizeText(bytes)} free; the event log may take ${sizeText(log)}, evaluations ${sizeText(keptEvaluationBytes)}`;
  const remedy = "make room, or lower retentionBytes and keptEvaluationBytes";
  if (eventLog === "lmdb" && bytes < 2 * segmentBytes) return fault("free space", text, remedy);
  return bytes < log + keptEvaluationBytes ? warning("free space", text, remedy) : ok("free space", text);
}

async function held(folder: string): Promise<readonly Finding[]> {
  const holder = await holderOf(join(folder, "events"));
  return holder === undefined ? [] : [note("event log", `in use by ${holder}`)];
}
