// The connections that predict.
import type { StreamConnection, StreamStats } from "@tidewire/client";
import { useEffect, useRef, useState } from "react";
import { formatCount } from "../../format/numbers.js";
import { EmptyState } from "../../ui/empty-state.js";
import { type Column, Table } from "../../ui/table.js";
import { Ago } from "../../ui/time.js";

export function Sessions({ stats }: { readonly stats: StreamStats | undefined }) {
  const rateOf = useRate(stats);
  if (!stats) return null;
  if (stats.connections.length === 0) {
    return (
      <EmptyState icon="inference" title="Nobody predicts" code="npx tidewire demo">
        <p>A session appears here as soon as it has chosen an ensemble.</p>
      </EmptyState>
    );
  }
  const columns: readonly Column<StreamConnection>[] = [
    { name: "session", title: "Session", show: ({ sessionId }) => <span className="mono">{sessionId}</span> },
    { name: "ensemble", title: "Ensemble", show: ({ ensembleName }) => ensembleName },
    { name: "mode", title: "Mode", from: 640, show: ({ mode }) => mode || <span className="quiet">–</span> },
    { name: "since", title: "Connected", from: 640, show: ({ connectedAt }) => <Ago at={connectedAt} /> },
    {
      name: "predictions",
      title: "Predictions",
      isNumber: true,
      show: ({ predictionsCount }) => formatCount(predictionsCount),
    },
    { name: "rate", title: "A second", isNumber: true, show: (session) => rateOf(session) },
  ];
  const rows = stats.connections.toSorted((a, b) => b.predictionsCount - a.predictionsCount);
  return (
    <Table caption="Connections that predict" columns={columns} rows={rows} keyOf={({ sessionId }) => sessionId} />
  );
}

/** How fast each session predicts, from this answer and the last one. */
function useRate(stats: StreamStats | undefined): (session: StreamConnection) => string {
  const [rates, setRates] = useState<ReadonlyMap<string, number>>(new Map());
  const last = useRef<{ readonly counts: ReadonlyMap<string, number>; readonly atMs: number }>(undefined);
  useEffect(() => {
    if (!stats) return;
    const atMs = performance.now();
    const counts = new Map(stats.connections.map(({ sessionId, predictionsCount }) => [sessionId, predictionsCount]));
    const before = last.current;
    last.current = { counts, atMs };
    if (!before) return;
    const seconds = (atMs - before.atMs) / 1000;
    const known = [...counts].filter(([id]) => before.counts.has(id));
    setRates(new Map(known.map(([id, count]) => [id, (count - (before.counts.get(id) ?? 0)) / seconds])));
  }, [stats]);
  return ({ sessionId }) => {
    const rate = rates.get(sessionId);
    return rate === undefined ? "–" : formatCount(rate);
  };
}
