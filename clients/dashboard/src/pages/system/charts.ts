// Which figures stand in which chart.
import type { SystemStats } from "@tidewire/react";
import type { Line } from "../../chart/plot.js";
import { BYTE_STEPS, formatBytes, formatCount, formatPercent, formatRate, formatValue } from "../../format/numbers.js";

/** A chart of one host. */
export interface SystemChart {
  readonly title: string;
  /** Its figures by their paths, each with its line. */
  readonly series: readonly { readonly path: string; readonly line: Line }[];
  readonly format: (value: number) => string;
  readonly range: readonly [number | undefined, number | undefined];
  /** What its axis counts in; without it, tens. */
  readonly steps?: readonly number[];
}

const TOKENS = 8;
/** Cores that have a line; with more of them lines are no longer told apart. */
const MAX_CORES = 16;
const PERCENT = { format: formatPercent, range: [0, 100] } as const;
const FROM_ZERO = [0, undefined] as const;
const BYTES_PER_SECOND = { format: formatRate, range: FROM_ZERO, steps: BYTE_STEPS } as const;
const MILLISECONDS = { format: (ms: number) => `${formatValue(ms)} ms`, range: FROM_ZERO } as const;

/** The charts for what a host tells; a figure that it never tells has none. */
export function chartsOf(stats: SystemStats | undefined): readonly SystemChart[] {
  const cores = Math.min(MAX_CORES, stats?.cpu?.cores?.length ?? 0);
  const disks = stats?.disks ?? [];
  const gpus = stats?.gpus ?? [];
  return [
    chart("CPU", [["cpu.cpuUtil", "all", { isFilled: true }]], PERCENT),
    chart(
      "CPU by core",
      numbered(cores, (i) => [`cpu.cores.${i}`, `core ${i}`]),
      PERCENT,
    ),
    chart(
      "Memory",
      [
        ["memory.ramPercent", "memory", { isFilled: true }],
        ["memory.swapPercent", "swap"],
      ],
      PERCENT,
    ),
    chart(
      "Network",
      [
        ["network.receiveBytesPerSecond", "in"],
        ["network.transmitBytesPerSecond", "out"],
      ],
      BYTES_PER_SECOND,
    ),
    ...disks.map(({ mount }) =>
      chart(
        `Disk ${mount}`,
        [
          [`disks.${mount}.readBytesPerSecond`, "read"],
          [`disks.${mount}.writeBytesPerSecond`, "written"],
        ],
        BYTES_PER_SECOND,
      ),
    ),
    chart(
      "GPU",
      gpus.map(({ index }) => [`gpus.${index}.gpuUtil`, `GPU ${index}`]),
      PERCENT,
    ),
    chart(
      "GPU memory",
      gpus.map(({ index }) => [`gpus.${index}.memoryPercent`, `GPU ${index}`]),
      PERCENT,
    ),
    chart(
      "GPU power",
      gpus.map(({ index }) => [`gpus.${index}.powerWatts`, `GPU ${index}`]),
      {
        format: (watts) => `${formatValue(watts)} W`,
        range: FROM_ZERO,
      },
    ),
  ].filter(({ series }) => series.length > 0);
}

/** The charts of the server's own process. */
export const SERVER_CHARTS: readonly SystemChart[] = [
  chart("Predictions a second", [["server.predictionsPerSecond", "predictions", { isFilled: true }]], {
    format: formatCount,
    range: FROM_ZERO,
  }),
  chart(
    "Latency",
    [
      ["server.latencyP50Ms", "p50"],
      ["server.latencyP99Ms", "p99"],
    ],
    MILLISECONDS,
  ),
  chart("Loop delay, p99", [["server.loopDelayP99Ms", "p99"]], MILLISECONDS),
  chart("Server CPU, of one core", [["server.cpuPercent", "CPU", { isFilled: true }]], {
    format: formatPercent,
    range: FROM_ZERO,
  }),
  chart(
    "Server memory",
    [
      ["server.rssBytes", "resident"],
      ["server.heapUsedBytes", "heap"],
    ],
    { format: formatBytes, range: FROM_ZERO, steps: BYTE_STEPS },
  ),
  chart("Connections", [["server.connections", "open"]], { format: formatCount, range: FROM_ZERO }),
];

type Entry = readonly [path: string, label: string, look?: Partial<Line>];

function chart(
  title: string,
  entries: readonly Entry[],
  axis: Pick<SystemChart, "format" | "range" | "steps">,
): SystemChart {
  const series = entries.map(([path, label, look], i) => {
    const token = `--series-${(i % TOKENS) + 1}`;
    return { path, line: { label, token, isDashed: i >= TOKENS, ...look } };
  });
  return { title, series, ...axis };
}

function numbered(count: number, entry: (index: number) => Entry): readonly Entry[] {
  return Array.from({ length: count }, (_, i) => entry(i));
}
