// Disks: how full the mounts are, asked seldom and in other threads as a mount may not answer; and what is read and
// written, out of /proc/diskstats.
import { readFile, stat, statfs } from "node:fs/promises";
import type { DiskStats } from "../../generated/ts/tidewire/v1/stats.js";
import { LiveFile } from "./live-file.js";
import { type Mount, parseMounts } from "./mounts.js";
import { counterOf, growth, percentOf, perSecond } from "./rates.js";

/** /proc/diskstats counts in these, whatever the disk has. */
const SECTOR_BYTES = 512;
/** How long the space of a disk that no longer answers is told. */
const SPACE_AGE_MS = 10 * 60_000;

/** How full a file system is. */
export interface Space {
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** As df has it: of what users may use, so that a full disk is 100 although root has a reserve. */
  readonly usedPercent: number | undefined;
}

/** Bytes that a device has read and written. */
export interface DiskCounters {
  readonly read: number;
  readonly written: number;
}

/** major minor name, reads, merged, sectors, ms, writes, merged, sectors */
const LINE = /^ *(\d+) +(\d+) (\S+) \d+ \d+ (\d+) \d+ \d+ \d+ (\d+)/gm;

/** By device number ("8:1") and by name ("sda1"). */
export function parseDiskstats(text: string): ReadonlyMap<string, DiskCounters> {
  const found = new Map<string, DiskCounters>();
  for (const [, major, minor, name = "", sectorsRead, sectorsWritten] of text.matchAll(LINE)) {
    const [read, written] = [counterOf(sectorsRead), counterOf(sectorsWritten)];
    if (read === undefined || written === undefined) continue;
    const counters = { read: read * SECTOR_BYTES, written: written * SECTOR_BYTES };
    found.set(`${major}:${minor}`, counters).set(name, counters);
  }
  return found;
}

/** How full the file system of a folder is; undefined for what is no folder. @throws Error where it does not answer */
export async function spaceOf(folder: string): Promise<Space | undefined> {
  if (!(await stat(folder)).isDirectory()) return undefined;
  const { bsize, blocks, bfree, bavail } = await statfs(folder);
  const usedBytes = (blocks - bfree) * bsize;
  return { totalBytes: blocks * bsize, usedBytes, usedPercent: percentOf(usedBytes, usedBytes + bavail * bsize) };
}

/** A disk as it was last asked. */
interface Disk {
  readonly point: string;
  readonly space: Space;
  readonly atMs: number;
}

/** Samples the disks. */
export class LinuxDisks implements Disposable {
  readonly #root: string;
  readonly #spaceOf: typeof spaceOf;
  readonly #diskstats: LiveFile;
  #mounts: readonly Mount[] = [];
  /** By device. */
  readonly #disks = new Map<string, Disk>();
  #before: ReadonlyMap<string, DiskCounters> = new Map();
  /** Kinds of mounts that are being asked: one that does not answer holds one thread, not all of them. */
  readonly #asking = new Set<boolean>();

  /** @param space tells how full the file system of a folder is */
  constructor(root: string, space = spaceOf) {
    this.#root = root;
    this.#spaceOf = space;
    this.#diskstats = new LiveFile(`${root}/proc/diskstats`);
  }

  /**
   * Asks how full the disks are. What a network does not answer holds up nobody who waits for this; a disk that does not
   * answer holds up only whoever asked first, as nobody is asked again while one is waited for.
   */
  async refresh(): Promise<void> {
    const mounts = parseMounts(await readFile(`${this.#root}/proc/self/mountinfo`, "utf8").catch(() => ""));
    this.#mounts = mounts;
    for (const device of this.#disks.keys())
      if (!mounts.some((mount) => mount.device === device)) this.#disks.delete(device);
    void this.#ask(mounts, true);
    await this.#ask(mounts, false);
  }

  async #ask(mounts: readonly Mount[], isRemote: boolean): Promise<void> {
    if (this.#asking.has(isRemote)) return;
    this.#asking.add(isRemote);
    for (const mount of mounts) if (mount.isRemote === isRemote) await this.#askOne(mount);
    this.#asking.delete(isRemote);
  }

  async #askOne(mount: Mount): Promise<void> {
    for (const point of mount.points) {
      // What is unmounted meanwhile, or forbidden, is not told of.
      const space = await this.#spaceOf(this.#root + point).catch(() => undefined);
      if (space === undefined || space.totalBytes === 0) continue;
      this.#disks.set(mount.device, { point, space, atMs: performance.now() });
      return;
    }
  }

  sample(seconds: number | undefined): DiskStats[] {
    const before = seconds === undefined ? undefined : this.#before;
    const now = parseDiskstats(this.#diskstats.read() ?? "");
    this.#before = now;
    const nowMs = performance.now();
    return this.#mounts.flatMap((mount) => {
      const disk = this.#disks.get(mount.device);
      if (!disk) return [];
      const { point, space, atMs } = disk;
      const key = now.has(mount.device) ? mount.device : mount.source.replace(/^\/dev\//, "");
      const [then, counters] = [before?.get(key), now.get(key)];
      return {
        mount: point,
        device: mount.source,
        ...(nowMs - atMs <= SPACE_AGE_MS ? space : {}),
        readBytesPerSecond: perSecond(growth(then?.read, counters?.read), seconds ?? 0),
        writeBytesPerSecond: perSecond(growth(then?.written, counters?.written), seconds ?? 0),
      };
    });
  }

  [Symbol.dispose](): void {
    this.#diskstats[Symbol.dispose]();
  }
}
