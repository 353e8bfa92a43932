// A host as lines: processors, memory, disks, network, GPUs, and the server's own process. Pure.
import { count } from "./numbers.js";
import type { Palette } from "./terminal.js";
import type { HostLoad } from "./top-board.js";
import { bar, blocks, ms, share, size, sizeOf, wrapped } from "./top-text.js";
import { clean, joined, span } from "./watch-text.js";

/** Names in front of the bars. */
const NAME_CELLS = "Network".length;
/** More processors than that are a block each. */
const MAX_CORE_CELLS = 16;
/** A processor with its number, bar and share. */
const CORE_BAR = 6;
const CORE_CELLS = "  15 ".length + CORE_BAR + " 100%".length;
/** Disks that are told of; a pool has dozens. */
const MAX_DISKS = 8;

/** The host's part of the screen, `width` cells wide; where the edge cuts, it cuts what matters least. */
export function hostLines(load: HostLoad, width: number, paint: Palette): string[] {
  const line = (name: string, percent: number | undefined, facts: readonly (string | undefined)[]): string =>
    [name.padEnd(NAME_CELLS), bar(percent, barCells(width), paint), share(percent), ` ${joined(facts)}`]
      .filter((part) => part !== "")
      .join(" ")
      .trimEnd();
  return [
    ...cpuLines(load.cpu, line, width, paint),
    ...memoryLines(load.memory, line),
    ...diskLines(load.disks ?? [], line, paint),
    ...networkLines(load.network),
    ...gpuLines(load.gpus ?? [], line),
  ];
}

type Line = (name: string, percent: number | undefined, facts: readonly (string | undefined)[]) => string;

function barCells(width: number): number {
  return width >= 110 ? 30 : width >= 70 ? 12 : width >= 50 ? 8 : 0;
}

function cpuLines(cpu: HostLoad["cpu"], line: Line, width: number, paint: Palette): string[] {
  if (!cpu) return [];
  const { cpuUtil, cores, count: processors, load1m, load5m, load15m, temperatureCelsius, frequencyMhz } = cpu;
  const loads = [load1m, load5m, load15m].filter((load) => load !== undefined);
  const facts = [
    processors === undefined
      ? undefined
      : `${Number(processors.toFixed(2))} ${processors === 1 ? "processor" : "processors"}`,
    loads.length === 0 ? undefined : `load ${loads.map((load) => load.toFixed(2)).join(" ")}`,
    temperatureCelsius === undefined ? undefined : `${Math.round(temperatureCelsius)} °C`,
    frequencyMhz === undefined ? undefined : `${(frequencyMhz / 1000).toFixed(1)} GHz`,
  ];
  return [line("CPU", cpuUtil, facts), ...coreLines(cores ?? [], width, paint)];
}

function coreLines(cores: readonly number[], width: number, paint: Palette): string[] {
  if (cores.length < 2) return [];
  const indent = " ".repeat(NAME_CELLS + 1);
  const room = Math.max(1, width - indent.length);
  if (cores.length > MAX_CORE_CELLS) return chunks(cores, room).map((some) => indent + blocks(some, paint));
  const cells = cores.map((percent, core) => {
    const number = String(core).padStart(2);
    return `${paint.dim(number)} ${bar(percent, CORE_BAR, paint)} ${`${Math.round(percent)}%`.padStart(4)}`;
  });
  return chunks(cells, Math.max(1, Math.floor(room / CORE_CELLS))).map((some) => indent + some.join("  "));
}

function memoryLines(memory: HostLoad["memory"], line: Line): string[] {
  if (!memory) return [];
  const { ramPercent, usedBytes, totalBytes, swapUsedBytes, swapTotalBytes } = memory;
  const swap = swapTotalBytes ? `swap ${sizeOf(swapUsedBytes, swapTotalBytes)}` : undefined;
  return [line("Memory", ramPercent, [sizeOf(usedBytes, totalBytes), swap])];
}

function diskLines(disks: NonNullable<HostLoad["disks"]>, line: Line, paint: Palette): string[] {
  const shown = disks
    .slice(0, MAX_DISKS)
    .map(({ mount, usedPercent, usedBytes, totalBytes, ...rates }) =>
      line("Disk", usedPercent, [
        clean(mount),
        sizeOf(usedBytes, totalBytes),
        rate("read", rates.readBytesPerSecond),
        rate("write", rates.writeBytesPerSecond),
      ]),
    );
  const hidden = disks.length - shown.length;
  return hidden > 0 ? [...shown, paint.dim(`and ${hidden} more disks`)] : shown;
}

function networkLines(network: HostLoad["network"]): string[] {
  if (!network) return [];
  const rates = [rate("in", network.receiveBytesPerSecond), rate("out", network.transmitBytesPerSecond)];
  const facts = joined(rates);
  return facts === "" ? [] : [`${"Network".padEnd(NAME_CELLS)} ${facts}`];
}

function gpuLines(gpus: NonNullable<HostLoad["gpus"]>, line: Line): string[] {
  return gpus.map(({ index, name, gpuUtil, memoryUsedBytes, memoryTotalBytes, temperatureCelsius, powerWatts }) => {
    return line(`GPU ${index}`, gpuUtil, [
      sizeOf(memoryUsedBytes, memoryTotalBytes),
      temperatureCelsius === undefined ? undefined : `${Math.round(temperatureCelsius)} °C`,
      powerWatts === undefined ? undefined : `${Math.round(powerWatts)} W`,
      name && clean(name),
    ]);
  });
}

/** The server's own process. */
export function serverLines(server: NonNullable<HostLoad["server"]>, width: number): string[] {
  const { cpuPercent, rssBytes, heapUsedBytes, loopDelayP99Ms, connections, queuedBytes } = server;
  const { predictionsPerSecond, latencyP50Ms, latencyP99Ms } = server;
  const facts = [
    cpuPercent === undefined ? undefined : `CPU ${cpuPercent.toFixed(1)}%`,
    rssBytes === undefined ? undefined : `memory ${size(rssBytes)}`,
    heapUsedBytes === undefined ? undefined : `heap ${size(heapUsedBytes)}`,
    loopDelayP99Ms === undefined ? undefined : `loop p99 ${ms(loopDelayP99Ms)}`,
    connections === undefined ? undefined : `${count(connections)} connection${connections === 1 ? "" : "s"}`,
    predictionsPerSecond === undefined ? undefined : `${count(predictionsPerSecond)} predictions/s`,
    latencyP50Ms === undefined ? undefined : `p50 ${ms(latencyP50Ms)}`,
    latencyP99Ms === undefined ? undefined : `p99 ${ms(latencyP99Ms)}`,
    queuedBytes ? `${size(queuedBytes)} queued` : undefined,
  ];
  return wrapped("Server".padEnd(NAME_CELLS), facts, width);
}

/** "vm  up 6 h 21 min". */
export function hostName(load: HostLoad, topic: string): string {
  const { hostname, uptimeSeconds } = load;
  return joined([
    clean(hostname ?? topic),
    uptimeSeconds === undefined ? undefined : `up ${span(uptimeSeconds * 1000)}`,
  ]);
}

function rate(name: string, bytesPerSecond: number | undefined): string | undefined {
  return bytesPerSecond === undefined ? undefined : `${name} ${size(bytesPerSecond)}/s`;
}

function chunks<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most));
}
