// What went over the wire in the last minutes.
import { useCallback } from "react";
import { align } from "../../chart/aligned.js";
import { Chart } from "../../chart/chart.js";
import { BYTE_STEPS, formatRate, formatShortCount } from "../../format/numbers.js";
import type { Rates } from "./rates.js";

export type TrafficName = "framesIn" | "framesOut" | "bytesIn" | "bytesOut" | "predictions";

/** The window of both charts: five minutes. */
const WINDOW_MS = 300_000;
const HEIGHT = 150;
const LINES = [
  { label: "in", token: "--series-1" },
  { label: "out", token: "--series-2" },
] as const;

export function TrafficCharts({ rates }: { readonly rates: Rates<TrafficName> }) {
  return (
    <div className="connections-charts">
      <TrafficChart title="Frames a second" names={FRAMES} rates={rates} format={formatShortCount} />
      <TrafficChart title="Bytes a second" names={BYTES} rates={rates} format={formatRate} steps={BYTE_STEPS} />
    </div>
  );
}

const FRAMES = ["framesIn", "framesOut"] as const;
const BYTES = ["bytesIn", "bytesOut"] as const;

interface TrafficChartProps {
  readonly title: string;
  readonly names: readonly TrafficName[];
  readonly rates: Rates<TrafficName>;
  readonly format: (value: number) => string;
  readonly steps?: readonly number[];
}

function TrafficChart({ title, names, rates, format, steps }: TrafficChartProps) {
  const { times, history, now } = rates;
  const draw = useCallback(
    (columns: number) => {
      const to = times.at(-1) ?? Date.now();
      return align(
        times,
        names.map((name) => history?.[name] ?? []),
        columns,
        [to - WINDOW_MS, to],
      );
    },
    [times, history, names],
  );
  const [inbound = 0, outbound = 0] = names.map((name) => now?.[name] ?? 0);
  return (
    <div>
      <h3 className="connections-chart-title">
        {title} <span data-series="1">in</span> <span data-series="2">out</span>
      </h3>
      <Chart
        label={`${title}: ${format(inbound)} in, ${format(outbound)} out`}
        lines={LINES}
        draw={draw}
        isTime
        range={FROM_ZERO}
        steps={steps}
        format={format}
        height={HEIGHT}
        group="connections"
      />
    </div>
  );
}

const FROM_ZERO = [0, undefined] as const;
