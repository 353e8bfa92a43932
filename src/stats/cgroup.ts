// The limits of the container this process runs in, by cgroup v2. A limit may stand on any level above the process.
import { readFile } from "node:fs/promises";
import { parseCounter } from "./rates.js";

/** Levels that are looked at; Kubernetes has five. */
const MAX_LEVELS = 16;

/** A share of the processors. */
export interface CpuLimit {
  /** Processors, or a fraction of them. */
  readonly cores: number;
  /** Tells what has been used of it. */
  readonly statPath: string;
}

/** A share of the memory. */
export interface MemoryLimit {
  readonly bytes: number;
  readonly swapBytes: number | undefined;
  /** Its files tell what is used of it. */
  readonly folder: string;
}

/** What this process may use at most; undefined where nothing limits it. */
export interface Limits {
  readonly cpu: CpuLimit | undefined;
  readonly memory: MemoryLimit | undefined;
}

/** The tightest limits on the way up from this process. */
export async function readLimits(root: string): Promise<Limits> {
  const [mountinfo, own] = await Promise.all([
    textOf(`${root}/proc/self/mountinfo`),
    textOf(`${root}/proc/self/cgroup`),
  ]);
  let [cpu, memory]: [CpuLimit?, MemoryLimit?] = [];
  for (const level of foldersOf(mountinfo, own)) {
    const folder = root + level;
    const [max, bytes, swap] = await Promise.all(
      ["cpu.max", "memory.max", "memory.swap.max"].map((name) => textOf(`${folder}/${name}`)),
    );
    const cores = parseCpuMax(max ?? "");
    if (cores !== undefined && cores < (cpu?.cores ?? Number.POSITIVE_INFINITY))
      cpu = { cores, statPath: `${folder}/cpu.stat` };
    const limit = parseCounter(bytes?.trim());
    if (limit !== undefined && limit < (memory?.bytes ?? Number.POSITIVE_INFINITY))
      memory = { bytes: limit, swapBytes: parseCounter(swap?.trim()), folder };
  }
  return { cpu, memory };
}

/** Processors that `cpu.max` allows: "150000 100000" is 1.5. Undefined for "max" and for what is malformed. */
export function parseCpuMax(text: string): number | undefined {
  const [quota, period] = text.trim().split(" ").map(parseCounter);
  return quota && period ? quota / period : undefined;
}

/**
 * The folders of this process' cgroup and of those above it, as far as they can be seen, from the inside out.
 *
 * @param mountinfo /proc/self/mountinfo
 * @param own       /proc/self/cgroup
 */
export function foldersOf(mountinfo = "", own = ""): string[] {
  // "36 25 0:31 /docker/1f /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw"
  const [, top, mount] = /^\d+ \d+ \S+ (\S+) (\S+) .*- cgroup2 /m.exec(mountinfo) ?? [];
  const path = /^0::(\/.*)$/m.exec(own)?.[1];
  if (top === undefined || mount === undefined || path === undefined) return [];
  const tokens = below(path, top)
    .split("/")
    .filter((token) => token !== "");
  if (tokens.includes("..") || tokens.length >= MAX_LEVELS) return [mount];
  return [...tokens.keys(), tokens.length].map((count) => [mount, ...tokens.slice(0, count)].join("/")).reverse();
}

/** A path as it stands below the mount's top; without a namespace the process is told the host's path. */
function below(path: string, top: string): string {
  if (top === "/") return path;
  return path === top || path.startsWith(`${top}/`) ? path.slice(top.length) : "/";
}

async function textOf(path: string): Promise<string | undefined> {
  // Whatever the reason, the system does not tell.
  return readFile(path, "utf8").catch(() => undefined);
}
