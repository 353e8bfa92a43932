// A process seen from outside, by /proc: memory, handles, processor time, threads.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What a process holds and has used. */
export interface Vitals {
  readonly rssBytes: number;
  /** Of it, what no file stands behind: without the log's mapped segments. */
  readonly anonymousBytes: number;
  /** Open files, sockets, pipes. */
  readonly handles: number;
  readonly threads: number;
  /** Processor time so far, in ms. */
  readonly cpuMs: number;
}

/** USER_HZ: what /proc counts processor time in, on every Linux that Node runs on. */
const MS_PER_TICK = 10;
/** Fields of /proc/[pid]/stat behind the command's name, from proc(5): utime and stime are its 14th and 15th. */
const [UTIME, STIME] = [11, 12];

/** The process's vitals; undefined where it has ended, or where the system has no /proc. */
export function vitalsOf(pid: number): Vitals | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return {
      rssBytes: numberOf(status, /^VmRSS:\s+(\d+) kB$/m) * 1024,
      anonymousBytes: numberOf(status, /^RssAnon:\s+(\d+) kB$/m) * 1024,
      threads: numberOf(status, /^Threads:\s+(\d+)$/m),
      handles: readdirSync(`/proc/${pid}/fd`).length,
      cpuMs: cpuMsOf(readFileSync(`/proc/${pid}/stat`, "utf8")),
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Open sockets of a process. */
export function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => linkOf(`${folder}/${name}`).startsWith("socket:")).length;
}

/** Where a handle leads; nothing where it was closed since its folder was read. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isGone(error)) return "";
    throw error;
  }
}

function numberOf(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0); // a process that is ending has no memory any more
}

function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[UTIME]) + Number(fields[STIME])) * MS_PER_TICK;
}

/** It has ended: before it is looked at, or in between. */
function isGone(error: unknown): boolean {
  return ["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "");
}
