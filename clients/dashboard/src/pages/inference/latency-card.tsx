// How long predictions took.
import { useMemo, useState, useSyncExternalStore } from "react";
import { formatCount } from "../../format/numbers.js";
import { Bars } from "../../plot/bars.js";
import { Card } from "../../ui/card.js";
import { Stat, Stats } from "../../ui/stat.js";
import { Segmented } from "../../ui/toolbar.js";
import type { LatencyHistogram } from "./latency.js";
import type { Trace } from "./trace.js";

const HEIGHT = 170;
const KINDS = [
  { value: "server", title: "Server" },
  { value: "roundTrip", title: "Round trip" },
] as const;

export function LatencyCard({ trace }: { readonly trace: Trace }) {
  const [kind, setKind] = useState<(typeof KINDS)[number]["value"]>("server");
  const version = useSyncExternalStore(trace.subscribe, trace.getVersion);
  const histogram: LatencyHistogram = trace[kind];
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is filled in place
  const ranges = useMemo(() => histogram.ranges(), [histogram, version]);
  return (
    <Card title="Latency" aside={<Segmented label="Latency" options={KINDS} value={kind} onChange={setKind} />}>
      <Stats>
        {([0.5, 0.9, 0.99] as const).map((share) => (
          <Stat key={share} label={`p${share * 100}`} value={formatMs(histogram.quantile(share))} unit="ms" />
        ))}
      </Stats>
      {histogram.total > 0 && (
        <Bars
          {...ranges}
          label={`Latency of ${formatCount(histogram.total)} predictions: half of them within ${formatMs(histogram.quantile(0.5))} ms`}
          xTitle="ms"
          showX={formatMs}
          mark={histogram.quantile(0.5)}
          height={HEIGHT}
        />
      )}
    </Card>
  );
}

function formatMs(ms: number): string;
function formatMs(ms: number | undefined): string | undefined;
function formatMs(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : String(Number(ms.toPrecision(2)));
}
