// macOS, Windows and the others: processors as Node tells them, without a child; the rest by `systeminformation`, which
// starts children for it and is asked seldom, one question after the other.
import { cpus, loadavg, uptime } from "node:os";
import type { CpuStats, DiskStats, MemoryStats, NetworkStats } from "../../generated/ts/tidewire/v1/stats.js";
import type { HostSample, HostSampler } from "./host.js";
import { busyShare, type Ticks } from "./linux-cpu.js";
import { growth, meanOf, percentOf, perSecond, sumOf, within } from "./rates.js";

/** Of `systeminformation`, what is asked. */
export interface Informant {
  mem(): Promise<{ total: number; available: number; swaptotal: number; swapused: number }>;
  fsSize(): Promise<readonly { mount: string; fs: string; size: number; used: number; use: number }[]>;
  networkStats(interfaces: string): Promise<readonly { iface: string; rx_bytes: number; tx_bytes: number }[]>;
}

/** Totals of the network, and when they were so. */
interface NetworkTotals {
  readonly received: number | undefined;
  readonly sent: number | undefined;
  readonly atMs: number;
}

/** Samples what Node and `systeminformation` tell. */
export class OtherHost implements HostSampler {
  readonly #platform: string;
  readonly #load: () => Promise<Informant>;
  #cores: readonly Ticks[] = [];
  #memory: MemoryStats | undefined;
  #disks: DiskStats[] = [];
  #network: NetworkStats | undefined;
  #totals: NetworkTotals | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(platform: string, load: () => Promise<Informant> = loadInformant) {
    this.#platform = platform;
    this.#load = load;
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const informant = await this.#load();
    // What fails is left out, as on Linux what is not there.
    this.#memory = await informant.mem().then(toMemory, () => undefined);
    this.#disks = await informant.fsSize().then(
      (disks) => disks.map(toDisk),
      () => [],
    );
    await informant.networkStats("*").then(
      (interfaces) => this.#addNetwork(interfaces),
      () => this.#addNetwork([]),
    );
  }

  #addNetwork(interfaces: Awaited<ReturnType<Informant["networkStats"]>>): void {
    const real = interfaces.filter(({ iface }) => !/^lo\d*$/.test(iface));
    const atMs = performance.now();
    const totals = {
      received: sumOf(real.map((one) => counter(one.rx_bytes))),
      sent: sumOf(real.map((one) => counter(one.tx_bytes))),
      atMs,
    };
    const before = this.#totals;
    const seconds = (atMs - (before?.atMs ?? atMs)) / 1000;
    this.#totals = totals;
    this.#network = {
      receiveBytesPerSecond: perSecond(growth(before?.received, totals.received), seconds),
      transmitBytesPerSecond: perSecond(growth(before?.sent, totals.sent), seconds),
      receivedBytes: totals.received,
      transmittedBytes: totals.sent,
    };
  }

  sample(seconds: number | undefined): HostSample {
    return {
      cpu: this.#cpu(seconds !== undefined),
      memory: this.#memory,
      disks: this.#disks,
      network: this.#network,
      uptimeSeconds: uptime(),
    };
  }

  #cpu(isRecent: boolean): CpuStats {
    const processors = cpus();
    const before = isRecent ? this.#cores : [];
    const now = processors.map(({ times }) => {
      const busy = times.user + times.nice + times.sys + times.irq;
      return { busy, total: busy + times.idle };
    });
    this.#cores = now;
    const cores = now.map((ticks, i) => busyShare(before[i], ticks)).filter((share) => share !== undefined);
    // Windows has no such figure, and Node says 0.
    const [load1m, load5m, load15m] = this.#platform === "win32" ? [] : loadavg();
    const clocks = processors.map(({ speed }) => speed).filter((mhz) => mhz > 0);
    return {
      cpuUtil: meanOf(cores),
      cores,
      count: within(now.length, 1, 8192),
      load1m,
      load5m,
      load15m,
      frequencyMhz: meanOf(clocks),
    };
  }

  rest(): void {
    // Nothing is open.
  }

  [Symbol.dispose](): void {
    // Nothing is open.
  }
}

async function loadInformant(): Promise<Informant> {
  return (await import("systeminformation")).default;
}

function toMemory({ total, available, swaptotal, swapused }: Awaited<ReturnType<Informant["mem"]>>): MemoryStats {
  const used = growth(counter(available), counter(total));
  return {
    ramPercent: percentOf(used, total),
    totalBytes: counter(total),
    usedBytes: used,
    availableBytes: counter(available),
    swapPercent: percentOf(counter(swapused), swaptotal),
    swapTotalBytes: counter(swaptotal),
    swapUsedBytes: counter(swapused),
  };
}

function toDisk({ mount, fs, size, used, use }: Awaited<ReturnType<Informant["fsSize"]>>[number]): DiskStats {
  return { mount, device: fs, totalBytes: counter(size), usedBytes: counter(used), usedPercent: within(use, 0, 100) };
}

/** A whole number of bytes; figures of unknown origin may be null, NaN or negative. */
function counter(value: number): number | undefined {
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
