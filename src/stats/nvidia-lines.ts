// Lines of `nvidia-smi` as figures. Its values come as numbers, or as words of many forms that mean "not told". Pure.
import type { GpuStats } from "../../generated/ts/tidewire/v1/stats.js";
import { percentOf, within } from "./rates.js";

/** What is asked for, in the order of the columns. The name is last: it alone may hold anything. */
export const QUERY = [
  "count",
  "index",
  "uuid",
  "utilization.gpu",
  "memory.total",
  "memory.used",
  "temperature.gpu",
  "power.draw",
  "name",
].join(",");

const COLUMNS = QUERY.split(",").length;
const MIB = 1024 * 1024;
/** More than any host has. */
const MAX_GPUS = 256;
const MAX_NAME = 128;
/** Bounds of what can be true. What is blank in DCGM and NVML is a number near 2^31, 2^47 or 2^63. */
const MAX_MEMORY_MIB = 64 * MIB;
const MAX_WATTS = 100_000;
const [MIN_CELSIUS, MAX_CELSIUS] = [-100, 300];

/** One line: a GPU, and how many there are. */
export interface GpuLine {
  readonly count: number | undefined;
  readonly gpu: GpuStats;
}

/** The GPU of a line; undefined for one that is none, such as an error's text. */
export function parseGpuLine(line: string): GpuLine | undefined {
  const columns = line.split(",").map((column) => column.trim());
  if (columns.length < COLUMNS) return undefined;
  const [count, index, uuid = "", util, total, used, celsius, watts] = columns;
  const number = parseNumber(index, 0, MAX_GPUS - 1);
  if (number === undefined || !Number.isInteger(number)) return undefined;
  const name = columns
    .slice(COLUMNS - 1)
    .join(", ")
    .slice(0, MAX_NAME);
  const [totalMib, usedMib] = [parseNumber(total, 0, MAX_MEMORY_MIB), parseNumber(used, 0, MAX_MEMORY_MIB)];
  const gpu: GpuStats = {
    index: number,
    name: isTold(name) ? name : undefined,
    uuid: /^[A-Za-z0-9-]{1,64}$/.test(uuid) ? uuid : undefined,
    gpuUtil: parseNumber(util, 0, 100),
    memoryPercent: percentOf(usedMib, totalMib),
    memoryTotalBytes: bytesOf(totalMib),
    memoryUsedBytes: bytesOf(usedMib),
    temperatureCelsius: parseNumber(celsius, MIN_CELSIUS, MAX_CELSIUS),
    powerWatts: parseNumber(watts, 0, MAX_WATTS),
  };
  return { count: parseNumber(count, 1, MAX_GPUS), gpu };
}

/** A GPU of which only is known that it is there. */
export function identityOf({ index, name, uuid, memoryTotalBytes }: GpuStats): GpuStats {
  return { index, name, uuid, memoryTotalBytes };
}

function parseNumber(text: string | undefined, min: number, max: number): number | undefined {
  return text !== undefined && /^-?\d{1,19}(\.\d{1,6})?$/.test(text) ? within(Number(text), min, max) : undefined;
}

/** Not "[N/A]", "N/A", "[Not Supported]", "[Unknown Error]", "[GPU requires reset]", "ERR!" or nothing. */
function isTold(name: string): boolean {
  return name !== "" && name !== "N/A" && name !== "ERR!" && !name.startsWith("[");
}

function bytesOf(mib: number | undefined): number | undefined {
  return mib === undefined ? undefined : Math.round(mib * MIB);
}

/** Lines as rounds: all GPUs of one look. How many there are may change from one to the next. */
export class GpuRounds {
  #round: GpuStats[] = [];

  /** Takes a line. @returns the GPUs of a round that is whole now, in order of their index */
  add({ count, gpu }: GpuLine): readonly GpuStats[] | undefined {
    const last = this.#round.at(-1)?.index ?? -1;
    // The next round has begun, and this one was shorter than said: a GPU has gone.
    const cut = gpu.index <= last ? this.#take() : undefined;
    this.#round.push(gpu);
    return this.#round.length >= (count ?? Number.POSITIVE_INFINITY) ? this.#take() : cut;
  }

  #take(): readonly GpuStats[] {
    const round = this.#round;
    this.#round = [];
    return round;
  }
}
