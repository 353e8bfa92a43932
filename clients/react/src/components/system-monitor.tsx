"use client";
// The load of a host on one card.
import { useSystemStats } from "../hooks/use-system-stats.js";
import type { SystemStats } from "../store/system-cell.js";
import { Card, Notices } from "./card.js";
import { formatBytes, formatDuration, formatMs, formatNumber } from "./format.js";
import { Meter } from "./meter.js";
import { useNow } from "./use-now.js";

/** A sample of this age is told to be old, in seconds: hosts are sampled every 10 s at the slowest. */
const OLD_S = 30;

/** Which host. */
export interface SystemMonitorProps {
  /** Default: the first host that is heard. */
  readonly node?: string | undefined;
  /** Default: the host's own name. */
  readonly label?: string | undefined;
}

/** Processors, memory, disks, GPUs, network and the server itself; what the host does not tell is left out. */
export function SystemMonitor({ node, label }: SystemMonitorProps) {
  const { stats, series, sampledAt, connection, gap, error, node: heard } = useSystemStats(node);
  const name = label ?? stats?.hostname ?? heard ?? "Host";
  return (
    <Card kind="system" label={name} connection={connection}>
      {stats === undefined ? (
        <p className="tidewire-faint">Waiting for the first sample.</p>
      ) : (
        <>
          <div className="tidewire-meters">
            <Meter
              label="CPU"
              percent={stats.cpu?.cpuUtil}
              detail={cpuText(stats)}
              series={series}
              name="cpu.cpuUtil"
            />
            <Meter
              label="Memory"
              percent={stats.memory?.ramPercent}
              detail={shareText(stats.memory?.usedBytes, stats.memory?.totalBytes)}
              series={series}
              name="memory.ramPercent"
            />
            {stats.gpus.map((gpu) => (
              <Meter
                key={gpu.uuid ?? gpu.index}
                label={`GPU ${gpu.index}`}
                percent={gpu.gpuUtil}
                detail={gpuText(gpu)}
                series={series}
                name={`gpus.${gpu.index}.gpuUtil`}
              />
            ))}
            {stats.disks.map(({ mount, usedPercent, usedBytes, totalBytes }) => (
              <Meter
                key={mount}
                label={`Disk ${mount}`}
                percent={usedPercent}
                detail={shareText(usedBytes, totalBytes)}
              />
            ))}
          </div>
          <Figures stats={stats} />
          <Age at={sampledAt} />
        </>
      )}
      <Notices gap={gap} error={error} />
    </Card>
  );
}

/** Says so where no sample has come for long: the figures look as fresh as ever. */
function Age({ at }: { readonly at: Date | undefined }) {
  const now = useNow(true);
  const seconds = now === undefined || at === undefined ? 0 : (now - at.getTime()) / 1000;
  if (seconds < OLD_S) return null;
  return (
    <p className="tidewire-notice" data-state="lost">
      The last sample is {formatDuration(seconds)} old.
    </p>
  );
}

function Figures({ stats }: { readonly stats: SystemStats }) {
  const { network, server, uptimeSeconds } = stats;
  const figures: [string, string | undefined][] = [
    ["Network in", rate(network?.receiveBytesPerSecond)],
    ["Network out", rate(network?.transmitBytesPerSecond)],
    ["Predictions", told(server?.predictionsPerSecond, (value) => `${formatNumber(value)} /s`)],
    ["Latency p99", told(server?.latencyP99Ms, formatMs)],
    ["Connections", told(server?.connections, String)],
    ["Loop delay p99", told(server?.loopDelayP99Ms, formatMs)],
    ["Server memory", told(server?.rssBytes, formatBytes)],
    ["Up", told(uptimeSeconds, formatDuration)],
  ];
  return (
    <dl className="tidewire-figures">
      {figures.map(([name, text]) => text !== undefined && <Figure key={name} name={name} text={text} />)}
    </dl>
  );
}

function Figure({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}

function cpuText({ cpu }: SystemStats): string | undefined {
  return [
    told(cpu?.count, (count) => `${formatNumber(count)} cores`),
    told(cpu?.load1m, (load) => `load ${formatNumber(load)}`),
    told(cpu?.temperatureCelsius, (degrees) => `${Math.round(degrees)} °C`),
  ]
    .filter(Boolean)
    .join(", ");
}

function gpuText({
  name,
  memoryUsedBytes,
  memoryTotalBytes,
  temperatureCelsius,
  powerWatts,
}: SystemStats["gpus"][number]) {
  return [
    name,
    shareText(memoryUsedBytes, memoryTotalBytes),
    told(temperatureCelsius, (degrees) => `${Math.round(degrees)} °C`),
    told(powerWatts, (watts) => `${Math.round(watts)} W`),
  ]
    .filter(Boolean)
    .join(", ");
}

function shareText(used: number | undefined, total: number | undefined): string | undefined {
  return used === undefined || total === undefined ? undefined : `${formatBytes(used)} of ${formatBytes(total)}`;
}

const rate = (value: number | undefined) => told(value, (bytes) => `${formatBytes(bytes)}/s`);

/** Absent is not zero. */
function told(value: number | undefined, toText: (value: number) => string): string | undefined {
  return value === undefined ? undefined : toText(value);
}
