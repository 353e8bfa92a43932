// The load of the host now, and over the last minute.
import "./host.css";
import { type MetricStore, type SystemStats, useSource, useSystemStats } from "@tidewire/react";
import type { ReactNode } from "react";
import { Spark } from "../chart/spark.js";
import { formatBytes, formatPercent, formatRate } from "../format/numbers.js";
import { Link } from "../router/link.js";
import { Card } from "../ui/card.js";
import { Ago } from "../ui/time.js";

/** Samples of a minute, at one a second. */
const MINUTE = 60;
/** GPUs that are shown here; all of them are on the page of the system. */
const MAX_GPUS = 8;

export function HostCard() {
  const { stats, series, sampledAt, node, connection } = useSystemStats();
  return (
    <Card
      className="host"
      title={
        <>
          Host <span className="quiet host-name">{stats?.hostname ?? node}</span>
        </>
      }
      aside={<Link to="/system">System</Link>}
    >
      {stats ? (
        <Figures stats={stats} series={series} />
      ) : (
        <p className="quiet">{connection === "live" ? "No load has been sampled yet." : "Loading…"}</p>
      )}
      {stats && connection !== "live" && (
        <p className="quiet">
          As of <Ago at={sampledAt} />
        </p>
      )}
    </Card>
  );
}

function Figures({ stats, series }: { readonly stats: SystemStats; readonly series: MetricStore }) {
  useSource(series);
  const { cpu, memory, gpus, network } = stats;
  const past = (name: string) => series.get(name)?.value.slice(-MINUTE) ?? [];
  return (
    <dl className="host-figures">
      <Figure
        label="CPU"
        percent={cpu?.cpuUtil}
        past={past("cpu.cpuUtil")}
        hint={cpu?.count === undefined ? undefined : `${cpu.count} ${cpu.count === 1 ? "processor" : "processors"}`}
      />
      <Figure
        label="Memory"
        percent={memory?.ramPercent}
        past={past("memory.ramPercent")}
        hint={ofBytes(memory?.usedBytes, memory?.totalBytes)}
      />
      {gpus.slice(0, MAX_GPUS).map((gpu) => (
        <Figure
          key={gpu.index}
          label={`GPU ${gpu.index}`}
          percent={gpu.gpuUtil}
          past={past(`gpus.${gpu.index}.gpuUtil`)}
          token="--series-5"
          hint={[
            ofBytes(gpu.memoryUsedBytes, gpu.memoryTotalBytes),
            gpu.temperatureCelsius === undefined ? undefined : `${Math.round(gpu.temperatureCelsius)} °C`,
          ]
            .filter(Boolean)
            .join(" · ")}
          title={gpu.name}
        />
      ))}
      <Figure
        label="Network"
        value={rate(network?.receiveBytesPerSecond, "in")}
        past={past("network.receiveBytesPerSecond")}
        token="--series-6"
        hint={rate(network?.transmitBytesPerSecond, "out")}
      />
    </dl>
  );
}

interface FigureProps {
  readonly label: string;
  /** A share of 100; other figures are given as a value. */
  readonly percent?: number | undefined;
  readonly value?: ReactNode;
  readonly past: readonly number[] | Float64Array;
  readonly hint?: ReactNode;
  readonly token?: string;
  readonly title?: string | undefined;
}

/** What the host does not tell is "–", and no zero. */
function Figure({ label, percent, value, past, hint, token = "--series-1", title }: FigureProps) {
  const isShare = value === undefined;
  return (
    <div className="host-figure" title={title}>
      <dt>{label}</dt>
      <dd className="host-spark">
        <Spark values={past} places={MINUTE} token={token} height={26} {...(isShare ? { max: 100 } : {})} />
      </dd>
      <dd className="host-value">
        {value ?? (percent === undefined ? "–" : formatPercent(percent))}
        {hint && <span className="host-hint">{hint}</span>}
      </dd>
    </div>
  );
}

function ofBytes(used: number | undefined, total: number | undefined): string | undefined {
  if (used === undefined) return undefined;
  return total === undefined ? formatBytes(used) : `${formatBytes(used)} of ${formatBytes(total)}`;
}

function rate(bytesPerSecond: number | undefined, direction: string): string {
  return bytesPerSecond === undefined ? "–" : `${formatRate(bytesPerSecond)} ${direction}`;
}
