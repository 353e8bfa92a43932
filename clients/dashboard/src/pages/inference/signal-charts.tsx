// Each signal over the newest rows: what was predicted, and what was true.
import { useCallback, useSyncExternalStore } from "react";
import { align } from "../../chart/aligned.js";
import { Chart } from "../../chart/chart.js";
import { formatCount, formatValue } from "../../format/numbers.js";
import { Card } from "../../ui/card.js";
import type { Trace } from "./trace.js";

/** Signals that have a chart; the table has all of them. */
const MAX_CHARTS = 24;
/** Rows in view. */
const WINDOW = 600;
const HEIGHT = 132;
const LINES = [
  { label: "predicted", token: "--series-1" },
  { label: "true", token: "--series-2", isDashed: true },
] as const;

export function SignalCharts({ trace }: { readonly trace: Trace }) {
  const hasAny = useSyncExternalStore(trace.subscribe, () => trace.count > 1);
  if (!hasAny) return null;
  return (
    <Card
      title="Signals"
      aside={
        <span className="inference-legend">
          <span data-series="1">predicted</span> <span data-series="2">true</span>
        </span>
      }
    >
      <div className="inference-charts">
        {trace.signals.slice(0, MAX_CHARTS).map((signal) => (
          <SignalChart key={signal} signal={signal} trace={trace} />
        ))}
      </div>
      {trace.signals.length > MAX_CHARTS && <p className="inference-note">The first {MAX_CHARTS} signals are drawn.</p>}
    </Card>
  );
}

function SignalChart({ signal, trace }: { readonly signal: string; readonly trace: Trace }) {
  const draw = useCallback(
    (pixels: number) => {
      const { row, predicted, truth } = trace.columns(signal);
      const to = row.at(-1) ?? 1;
      return align(row, [predicted, truth], pixels, [Math.max(1, to - WINDOW), Math.max(to, 2)]);
    },
    [signal, trace],
  );
  return (
    <div>
      <h3 className="inference-chart-title">{signal}</h3>
      <Chart
        label={`${signal}, predicted and true, of the newest ${formatCount(WINDOW)} rows`}
        lines={LINES}
        draw={draw}
        subscribe={trace.subscribe}
        format={formatValue}
        formatX={formatCount}
        height={HEIGHT}
        group="inference"
      />
    </div>
  );
}
