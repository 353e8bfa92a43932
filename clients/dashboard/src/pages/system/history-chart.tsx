// Figures of a host over the last minutes.
import type { MetricStore } from "@tidewire/react";
import { useCallback } from "react";
import { align } from "../../chart/aligned.js";
import { Chart } from "../../chart/chart.js";
import { Card } from "../../ui/card.js";
import type { SystemChart } from "./charts.js";
import { joined } from "./joined.js";

const HEIGHT = 150;
/** Lines that are named in the chart's head; the readout names all of them. */
const MAX_NAMED = 4;

interface HistoryChartProps {
  readonly chart: SystemChart;
  readonly store: MetricStore;
  readonly windowMs: number;
}

export function HistoryChart({ chart, store, windowMs }: HistoryChartProps) {
  const { title, series, format, range, steps } = chart;
  const paths = series.map(({ path }) => path).join("\n");
  const draw = useCallback(
    (pixels: number) => {
      const toMs = Date.now();
      const { times, columns } = joined(store, paths.split("\n"), toMs - windowMs);
      return align(times, columns, pixels, [toMs - windowMs, toMs]);
    },
    [store, paths, windowMs],
  );
  return (
    <Card title={title} className="system-card" aside={<Legend chart={chart} />}>
      <Chart
        label={`${title}, last ${windowMs / 60_000} minutes`}
        lines={series.map(({ line }) => line)}
        draw={draw}
        subscribe={store.subscribe}
        isTime
        range={range}
        steps={steps}
        format={format}
        height={HEIGHT}
        group="system"
      />
    </Card>
  );
}

function Legend({ chart: { series } }: { readonly chart: SystemChart }) {
  if (series.length < 2) return null;
  return (
    <span className="system-legend">
      {series.slice(0, MAX_NAMED).map(({ path, line }) => (
        <span key={path}>
          <i style={{ background: `var(${line.token})` }} />
          {line.label}
        </span>
      ))}
      {series.length > MAX_NAMED && <span>and {series.length - MAX_NAMED} more</span>}
    </span>
  );
}
