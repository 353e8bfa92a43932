// The figures of the newest sample.
import type { SystemStats } from "@tidewire/react";
import { formatBytes, formatPercent, formatRate, formatValue } from "../../format/numbers.js";
import { formatDuration } from "../../format/time.js";
import { Card } from "../../ui/card.js";
import { Meter, Stat, Stats } from "../../ui/stat.js";
import { type Column, Table } from "../../ui/table.js";

type Disk = SystemStats["disks"][number];
type Gpu = SystemStats["gpus"][number];

/** Writes a figure that is there; what is absent is no zero. */
function given<Value>(value: Value | undefined, show: (value: Value) => string): string | undefined {
  return value === undefined ? undefined : show(value);
}

export function HostNow({ stats }: { readonly stats: SystemStats | undefined }) {
  const { cpu, memory, network, uptimeSeconds } = stats ?? {};
  const loads = [cpu?.load1m, cpu?.load5m, cpu?.load15m].filter((load) => load !== undefined);
  const used = given(memory?.usedBytes, formatBytes);
  const total = given(memory?.totalBytes, formatBytes);
  return (
    <Card title="Host">
      <Stats>
        <Stat
          label="CPU"
          value={given(cpu?.cpuUtil, formatPercent)}
          hint={<Meter label="CPU" percent={cpu?.cpuUtil} />}
        />
        <Stat
          label="Memory"
          value={given(memory?.ramPercent, formatPercent)}
          hint={<Meter label="Memory" percent={memory?.ramPercent} />}
        />
        <Stat label="Used" value={used} hint={total && `of ${total}`} />
        <Stat
          label="Processors"
          value={given(cpu?.count, formatValue)}
          hint={given(cpu?.frequencyMhz, (mhz) => `${(mhz / 1000).toFixed(2)} GHz`)}
        />
        <Stat
          label="Load"
          value={given(loads[0], formatValue)}
          hint={loads.length > 1 && loads.slice(1).map(formatValue).join(" · ")}
        />
        <Stat label="Temperature" value={given(cpu?.temperatureCelsius, formatValue)} unit="°C" />
        <Stat label="Network in" value={given(network?.receiveBytesPerSecond, formatRate)} />
        <Stat label="Network out" value={given(network?.transmitBytesPerSecond, formatRate)} />
        <Stat label="Up" value={given(uptimeSeconds, (seconds) => formatDuration(seconds * 1000))} />
      </Stats>
    </Card>
  );
}

const DISK_COLUMNS: readonly Column<Disk>[] = [
  { name: "mount", title: "Mounted at", show: ({ mount }) => <span className="mono">{mount}</span> },
  { name: "device", title: "Device", from: 640, show: ({ device }) => <span className="mono">{device ?? "–"}</span> },
  { name: "bar", title: "Used", show: (disk) => <Meter label={`Used of ${disk.mount}`} percent={disk.usedPercent} /> },
  {
    name: "percent",
    title: "Share",
    isNumber: true,
    show: ({ usedPercent }) => given(usedPercent, formatPercent) ?? "–",
  },
  {
    name: "used",
    title: "Bytes",
    isNumber: true,
    from: 640,
    show: ({ usedBytes }) => given(usedBytes, formatBytes) ?? "–",
  },
  {
    name: "total",
    title: "Of",
    isNumber: true,
    from: 640,
    show: ({ totalBytes }) => given(totalBytes, formatBytes) ?? "–",
  },
  {
    name: "read",
    title: "Read",
    isNumber: true,
    from: 480,
    show: (disk) => given(disk.readBytesPerSecond, formatRate) ?? "–",
  },
  {
    name: "written",
    title: "Written",
    isNumber: true,
    from: 480,
    show: (disk) => given(disk.writeBytesPerSecond, formatRate) ?? "–",
  },
];

export function Disks({ disks }: { readonly disks: readonly Disk[] }) {
  return (
    <Card title="Disks" flush>
      <Table caption="Disks" columns={DISK_COLUMNS} rows={disks} keyOf={({ mount }) => mount} />
    </Card>
  );
}

const GPU_COLUMNS: readonly Column<Gpu>[] = [
  { name: "name", title: "GPU", show: ({ index, name }) => `${index} · ${name ?? "unknown"}` },
  { name: "bar", title: "Busy", show: (gpu) => <Meter label={`GPU ${gpu.index}`} percent={gpu.gpuUtil} /> },
  { name: "util", title: "Share", isNumber: true, show: ({ gpuUtil }) => given(gpuUtil, formatPercent) ?? "–" },
  {
    name: "used",
    title: "Memory",
    isNumber: true,
    show: ({ memoryUsedBytes }) => given(memoryUsedBytes, formatBytes) ?? "–",
  },
  {
    name: "total",
    title: "Of",
    isNumber: true,
    from: 640,
    show: ({ memoryTotalBytes }) => given(memoryTotalBytes, formatBytes) ?? "–",
  },
  {
    name: "temperature",
    title: "Temperature",
    isNumber: true,
    from: 480,
    show: ({ temperatureCelsius }) => given(temperatureCelsius, (value) => `${formatValue(value)} °C`) ?? "–",
  },
  {
    name: "power",
    title: "Power",
    isNumber: true,
    from: 480,
    show: ({ powerWatts }) => given(powerWatts, (value) => `${formatValue(value)} W`) ?? "–",
  },
];

/** Nothing where there are none. */
export function Gpus({ gpus }: { readonly gpus: readonly Gpu[] }) {
  if (gpus.length === 0) return null;
  return (
    <Card title="GPUs" flush>
      <Table caption="GPUs" columns={GPU_COLUMNS} rows={gpus} keyOf={({ index, uuid }) => uuid ?? String(index)} />
    </Card>
  );
}
