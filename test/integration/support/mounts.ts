// Small file systems, for disks that are full, read-only or broken. They need the right to mount; a test says aloud what it
// does without.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Test } from "tap";

/** A folder that is a file system of its own, unmounted when the test ends. */
export interface Mount {
  readonly path: string;
}

/** One that can be told that its disk is broken, whereupon the kernel makes it read-only. */
export interface BreakableMount extends Mount {
  break(): void;
  /** Makes it writable again. @returns whether the kernel allows it */
  mend(): boolean;
}

/** A file system in memory; undefined where mounting is not allowed. */
export function mountMemory(t: Test, size: string, options = "rw"): Mount | undefined {
  const path = folderOf(t);
  return run("mount", "-t", "tmpfs", "-o", `size=${size},${options}`, "tidewire-test", path) ? { path } : undefined;
}

/** A file system in a file; undefined where that is not possible. */
export function mountFile(t: Test, mib: number): BreakableMount | undefined {
  const folder = folderOf(t);
  const image = join(folder, "image");
  const path = join(folder, "mount");
  mkdirSync(path);
  writeFileSync(image, new Uint8Array(mib * 1024 * 1024));
  if (!run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", image)) return undefined;
  if (!run("mount", "-o", "loop,errors=remount-ro", image, path)) return undefined;
  t.teardown(() => run("umount", "--lazy", path));
  const device = deviceOf(path);
  const trigger = `/sys/fs/ext4/${device}/trigger_fs_error`;
  return {
    path,
    break: () => writeFileSync(trigger, "a test\n"),
    mend: () => run("mount", "-o", "remount,rw", path),
  };
}

function folderOf(t: Test): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "tidewire-mount-")));
  t.teardown(() => {
    run("umount", "--lazy", path);
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

function deviceOf(path: string): string {
  const line = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .find((each) => each.split(" ")[1] === path);
  return basename(line?.split(" ")[0] ?? "");
}

function run(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** Takes what room there is, to the last byte, until it is given back. */
export function fillUp(folder: string): () => void {
  const path = join(folder, "filler");
  for (const piece of [1024 * 1024, 4096, 1]) {
    try {
      for (;;) writeFileSync(path, new Uint8Array(piece), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
  if (!readdirSync(folder).includes("filler")) throw new Error("there was no room at all");
  return () => rmSync(path);
}
