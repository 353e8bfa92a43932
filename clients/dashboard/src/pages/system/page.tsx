// The load of the host and of the server, now and over the last minutes.
import { useSystemStats } from "@tidewire/react";
import { useMemo, useSyncExternalStore } from "react";
import { useView } from "../../router/history.js";
import { choice, text } from "../../router/url-state.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Notice } from "../../ui/notice.js";
import { Page } from "../../ui/page.js";
import { Ago } from "../../ui/time.js";
import { Segmented, Select } from "../../ui/toolbar.js";
import { chartsOf, SERVER_CHARTS } from "./charts.js";
import { HistoryChart } from "./history-chart.js";
import { Disks, Gpus, HostNow } from "./now.js";
import "./system.css";

const MINUTES = ["1", "5", "15"] as const;
const VIEW = { node: text(), minutes: choice(MINUTES, "15") };
const MINUTE_MS = 60_000;

export default function SystemPage() {
  const [view, setView] = useView(VIEW);
  const { node, nodes, stats, sampledAt, series, connection } = useSystemStats(view.node || undefined);
  const names = useSyncExternalStore(series.subscribe, () => series.names);
  const shape = JSON.stringify([stats?.cpu?.cores?.length, stats?.disks.map(({ mount }) => mount), stats?.gpus.length]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the charts are others when the host has other parts
  const charts = useMemo(() => [...chartsOf(stats), ...SERVER_CHARTS], [shape]);
  const told = charts.filter((chart) => chart.series.some(({ path }) => names.includes(path)));
  return (
    <Page
      title="System"
      aside={
        <span className="quiet">
          {stats?.hostname ?? node} {sampledAt && <Ago at={sampledAt} />}
        </span>
      }
      actions={
        <>
          {nodes.length > 1 && (
            <Select
              label="Host"
              options={nodes.map((each) => ({ value: each, title: each }))}
              value={node ?? ""}
              onChange={(chosen) => setView({ node: chosen }, { push: true })}
            />
          )}
          <Segmented
            label="Window"
            options={MINUTES.map((value) => ({ value, title: `${value} min` }))}
            value={view.minutes}
            onChange={(minutes) => setView({ minutes })}
          />
        </>
      }
    >
      {connection === "stale" && <Notice tone="warn">The figures are old: the server does not answer.</Notice>}
      {!stats && (
        <EmptyState icon="system" title="No figures yet">
          <p>The server samples its host while somebody looks; the first sample comes within a second.</p>
        </EmptyState>
      )}
      {stats && <HostNow stats={stats} />}
      <div className="system-charts">
        {told.map((chart) => (
          <HistoryChart key={chart.title} chart={chart} store={series} windowMs={Number(view.minutes) * MINUTE_MS} />
        ))}
      </div>
      {stats && <Gpus gpus={stats.gpus} />}
      {stats && stats.disks.length > 0 && <Disks disks={stats.disks} />}
    </Page>
  );
}
