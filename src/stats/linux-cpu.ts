// Processors: /proc/stat, /proc/loadavg, and a container's own quota.
import type { CpuStats } from "../../generated/ts/tidewire/v1/stats.js";
import type { CpuLimit } from "./cgroup.js";
import { LiveFile } from "./live-file.js";
import { growth, parseCounter, percentOf, within } from "./rates.js";

/** What a processor has spent, in ticks. */
export interface Ticks {
  readonly busy: number;
  readonly total: number;
}

/** A reading of /proc/stat. */
export interface StatReading {
  readonly all: Ticks | undefined;
  /** By the processor's number: one that is switched off is not there. */
  readonly cores: ReadonlyMap<number, Ticks>;
}

/**
 * cpu0 user nice system idle iowait irq softirq steal; what follows, time of guests, is in the first two already. Parsers of
 * what is read every second are one expression each: that is compiled once, while code that runs once a second stays slow.
 */
const LINE = /^cpu(\d{0,4}) +(\d+) (\d+) (\d+) (\d+)(?: (\d+) (\d+) (\d+)(?: (\d+))?)?/gm;
/** More processors than Linux can have. */
const MAX_CORES = 8192;

/** The processors' lines; what is malformed is left out. */
export function parseStat(text: string): StatReading {
  let all: Ticks | undefined;
  const cores = new Map<number, Ticks>();
  // Behind them stands a line of thousands of interrupts.
  const end = text.indexOf("\nintr");
  for (const [, core, ...columns] of (end < 0 ? text : text.slice(0, end)).matchAll(LINE)) {
    const ticks = ticksOf(columns);
    if (core === "") all = ticks;
    else if (ticks && cores.size < MAX_CORES) cores.set(Number(core), ticks);
  }
  return { all, cores };
}

/** Undefined where a counter is too large to be one. Old kernels have fewer columns. */
function ticksOf([user, nice, system, idle, iowait = "0", irq = "0", softirq = "0", steal = "0"]: string[]):
  | Ticks
  | undefined {
  const busy = Number(user) + Number(nice) + Number(system) + Number(irq) + Number(softirq) + Number(steal);
  const total = busy + Number(idle) + Number(iowait);
  return total <= Number.MAX_SAFE_INTEGER ? { busy, total } : undefined;
}

/** Busy share between two readings, 0 to 100. */
export function busyShare(before: Ticks | undefined, now: Ticks | undefined): number | undefined {
  return percentOf(growth(before?.busy, now?.busy), growth(before?.total, now?.total));
}

/** Mean counts of runnable processes over 1, 5 and 15 minutes. */
export function parseLoad(text: string): readonly (number | undefined)[] {
  const words = text.split(" ", 3);
  return [0, 1, 2].map((i) => (/^\d{1,9}\.\d{1,6}$/.test(words[i] ?? "") ? Number(words[i]) : undefined));
}

/** µs that a cgroup has used. */
export function parseUsage(cpuStat: string): number | undefined {
  return parseCounter(/^usage_usec (\d+)$/m.exec(cpuStat)?.[1]);
}

/** Which processors a process may use: "0-3,8". Undefined for what is no such list. */
export function parseCpuList(text: string): ReadonlySet<number> | undefined {
  const found = new Set<number>();
  for (const range of text.trim().split(",")) {
    const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range) ?? [];
    if (first === undefined) return undefined;
    for (let core = Number(first); core <= Number(last) && core < MAX_CORES; core += 1) found.add(core);
  }
  return found.size > 0 ? found : undefined;
}

/** What else the sample tells of processors; read less often. */
export interface CpuSurroundings {
  /** The processors that this process may use; undefined for all. */
  readonly allowed: ReadonlySet<number> | undefined;
  readonly limit: CpuLimit | undefined;
}

/** Samples the processors. */
export class LinuxCpu implements Disposable {
  readonly #stat: LiveFile;
  readonly #load: LiveFile;
  #usage: { readonly path: string; readonly file: LiveFile } | undefined;
  #before: StatReading | undefined;
  #usedBefore: number | undefined;

  constructor(root: string) {
    this.#stat = new LiveFile(`${root}/proc/stat`);
    this.#load = new LiveFile(`${root}/proc/loadavg`);
  }

  /** @param seconds since the last sample; undefined where that is too long ago to compare with */
  sample(seconds: number | undefined, { allowed, limit }: CpuSurroundings): CpuStats {
    const before = seconds === undefined ? undefined : this.#before;
    const now = parseStat(this.#stat.read() ?? "");
    this.#before = now;
    const mayUse = ([core]: [number, Ticks]): boolean => allowed?.has(core) ?? true;
    const cores = [...now.cores].filter(mayUse);
    // A quota of more than there is limits nothing.
    const quota = limit && limit.cores < cores.length ? limit : undefined;
    const limited = this.#limitedUse(quota, seconds);
    const isAll = cores.length === now.cores.size;
    const share = isAll ? busyShare(before?.all, now.all) : busyShare(sumOf(before, cores), sumOf(now, cores));
    const shares = cores.map(([core, ticks]) => busyShare(before?.cores.get(core), ticks));
    const [load1m, load5m, load15m] = parseLoad(this.#load.read() ?? "");
    return {
      cpuUtil: quota ? limited : share,
      cores: shares.filter((share) => share !== undefined),
      count: quota?.cores ?? within(cores.length, 1, MAX_CORES),
      load1m,
      load5m,
      load15m,
    };
  }

  /** Used share of the quota. */
  #limitedUse(limit: CpuLimit | undefined, seconds: number | undefined): number | undefined {
    if (this.#usage?.path !== limit?.statPath) this.#follow(limit);
    const used = parseUsage(this.#usage?.file.read() ?? "");
    const grownUs = seconds === undefined ? undefined : growth(this.#usedBefore, used);
    this.#usedBefore = used;
    return limit && seconds !== undefined ? percentOf(grownUs, limit.cores * seconds * 1e6) : undefined;
  }

  #follow(limit: CpuLimit | undefined): void {
    this.#usage?.file[Symbol.dispose]();
    this.#usage = limit && { path: limit.statPath, file: new LiveFile(limit.statPath) };
    this.#usedBefore = undefined;
  }

  [Symbol.dispose](): void {
    for (const file of [this.#stat, this.#load, this.#usage?.file]) file?.[Symbol.dispose]();
  }
}

/** Ticks of some processors together. One that was not there before would look idle ever since: none then. */
function sumOf(reading: StatReading | undefined, some: readonly (readonly [number, Ticks])[]): Ticks | undefined {
  if (!reading || some.length === 0) return undefined;
  let [busy, total] = [0, 0];
  for (const [core] of some) {
    const ticks = reading.cores.get(core);
    if (!ticks) return undefined;
    busy += ticks.busy;
    total += ticks.total;
  }
  return { busy, total };
}
