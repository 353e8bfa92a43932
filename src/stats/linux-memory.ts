// Memory: /proc/meminfo, or a container's own limit.
import type { MemoryStats } from "../../generated/ts/tidewire/v1/stats.js";
import type { MemoryLimit } from "./cgroup.js";
import { LiveFile } from "./live-file.js";
import { growth, parseCounter, percentOf } from "./rates.js";

const KIB = 1024;

/** Figures of /proc/meminfo, in bytes. */
export interface MeminfoReading {
  readonly total: number | undefined;
  readonly available: number | undefined;
  readonly swapTotal: number | undefined;
  readonly swapFree: number | undefined;
}

const LINE = /^(MemTotal|MemAvailable|SwapTotal|SwapFree): +(\d{1,12}) kB$/gm;

export function parseMeminfo(text: string): MeminfoReading {
  const bytes = new Map<string | undefined, number>();
  for (const [, name, kib] of text.matchAll(LINE)) bytes.set(name, Number(kib) * KIB);
  return {
    total: bytes.get("MemTotal"),
    available: bytes.get("MemAvailable"),
    swapTotal: bytes.get("SwapTotal"),
    swapFree: bytes.get("SwapFree"),
  };
}

/** Bytes of files that a cgroup has cached and not used lately: the kernel takes them back before it kills. */
export function parseInactiveFile(memoryStat: string): number | undefined {
  return parseCounter(/^inactive_file (\d+)$/m.exec(memoryStat)?.[1]);
}

/** The files of a limited cgroup. */
interface LimitedFiles extends Disposable {
  readonly folder: string;
  readonly current: LiveFile;
  readonly stat: LiveFile;
  readonly swap: LiveFile;
}

/** Samples the memory. */
export class LinuxMemory implements Disposable {
  readonly #meminfo: LiveFile;
  #limited: LimitedFiles | undefined;

  constructor(root: string) {
    this.#meminfo = new LiveFile(`${root}/proc/meminfo`);
  }

  sample(limit: MemoryLimit | undefined): MemoryStats {
    const host = parseMeminfo(this.#meminfo.read() ?? "");
    const swapUsed = growth(host.swapFree, host.swapTotal);
    // A limit above what there is limits nothing; lxcfs shows the limit as what there is.
    const isLimited = limit !== undefined && limit.bytes < (host.total ?? Number.POSITIVE_INFINITY);
    if (isLimited) return this.#limitedSample(limit, host.swapTotal);
    return toStats(host.total, growth(host.available, host.total), host.swapTotal, swapUsed);
  }

  #limitedSample(limit: MemoryLimit, hostSwap: number | undefined): MemoryStats {
    if (this.#limited?.folder !== limit.folder) this.#follow(limit.folder);
    const files = this.#limited as LimitedFiles;
    const current = counterIn(files.current);
    const cached = parseInactiveFile(files.stat.read() ?? "");
    const used = current === undefined ? undefined : Math.min(limit.bytes, Math.max(0, current - (cached ?? 0)));
    const swapTotal = minOf(limit.swapBytes, hostSwap);
    return toStats(limit.bytes, used, swapTotal, counterIn(files.swap));
  }

  #follow(folder: string): void {
    this.#limited?.[Symbol.dispose]();
    const files = ["memory.current", "memory.stat", "memory.swap.current"].map(
      (name) => new LiveFile(`${folder}/${name}`),
    );
    const [current, stat, swap] = files as [LiveFile, LiveFile, LiveFile];
    const dispose = (): void => {
      for (const file of files) file[Symbol.dispose]();
    };
    this.#limited = { folder, current, stat, swap, [Symbol.dispose]: dispose };
  }

  [Symbol.dispose](): void {
    this.#meminfo[Symbol.dispose]();
    this.#limited?.[Symbol.dispose]();
  }
}

function toStats(
  totalBytes: number | undefined,
  usedBytes: number | undefined,
  swapTotalBytes: number | undefined,
  swapUsedBytes: number | undefined,
): MemoryStats {
  return {
    ramPercent: percentOf(usedBytes, totalBytes),
    totalBytes,
    usedBytes,
    availableBytes: growth(usedBytes, totalBytes),
    swapPercent: percentOf(swapUsedBytes, swapTotalBytes),
    swapTotalBytes,
    swapUsedBytes,
  };
}

function counterIn(file: LiveFile): number | undefined {
  return parseCounter(file.read()?.trim());
}

function minOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
