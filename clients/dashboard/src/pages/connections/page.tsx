// Who is connected, what they listen to, and how much goes over the wire.
import type { ConnectionStats, StreamStats } from "@tidewire/client";
import { useMemo } from "react";
import { formatBytes, formatCount } from "../../format/numbers.js";
import { useView } from "../../router/history.js";
import { choice, flag, text } from "../../router/url-state.js";
import { client } from "../../server/server.js";
import { useRequest } from "../../server/use-request.js";
import { Card } from "../../ui/card.js";
import { Page } from "../../ui/page.js";
import { Problem } from "../../ui/problem.js";
import { Stat, Stats } from "../../ui/stat.js";
import { SearchField } from "../../ui/toolbar.js";
import { type Rates, useRates } from "./rates.js";
import { Sessions } from "./sessions.js";
import { Share } from "./share.js";
import { Subscribers } from "./subscribers.js";
import { TrafficCharts, type TrafficName } from "./traffic-charts.js";
import "./connections.css";

/** The server's counters change all the time; a reader sees a second. */
const EVERY_MS = 1_000;
const VIEW = { topic: text(), sort: choice(["topic", "count"], "count"), up: flag() };

export default function ConnectionsPage() {
  const [view, setView] = useView(VIEW);
  const { value, error } = useRequest("connections", ask, { everyMs: EVERY_MS });
  const rates = useRates(useCounters(value));
  return (
    <Page
      title="Connections"
      aside={value && <span className="quiet">{formatCount(value.sockets.activeConnections)} open</span>}
    >
      {error && <Problem error={error} before={value && "These figures are old"} />}
      <Card title="Traffic" aside="of all WebSocket connections">
        <Totals stats={value?.sockets} rates={rates.now} />
        <TrafficCharts rates={rates} />
      </Card>
      <div className="connections-shares">
        <Share title="By path" counts={value?.sockets.connectionsByPath} />
        <Share title="By encoding" counts={value?.sockets.connectionsByEncoding} />
      </div>
      <Card
        title="Live inference"
        flush
        aside={value && `${formatCount(value.inference.totalPredictions)} predictions since the start`}
      >
        <Sessions stats={value?.inference} />
      </Card>
      <Card
        title="Subscribers"
        flush
        aside={<SearchField label="Filter topics" value={view.topic} onChange={(topic) => setView({ topic })} />}
      >
        <Subscribers
          subscribers={value?.sockets.subscribers}
          filter={view.topic}
          sort={{ column: view.sort, descending: !view.up }}
          onSort={({ column, descending }) => setView({ sort: column as "topic" | "count", up: !descending })}
        />
      </Card>
    </Page>
  );
}

interface Figures {
  readonly sockets: ConnectionStats;
  readonly inference: StreamStats;
}

async function ask(signal: AbortSignal): Promise<Figures> {
  const [sockets, inference] = await Promise.all([
    client.connectionStats({ signal }),
    client.inferenceStats({ signal }),
  ]);
  return { sockets, inference };
}

function useCounters(figures: Figures | undefined) {
  return useMemo(() => {
    if (!figures) return undefined;
    const { framesIn, framesOut, bytesIn, bytesOut } = figures.sockets;
    return { framesIn, framesOut, bytesIn, bytesOut, predictions: figures.inference.totalPredictions };
  }, [figures]);
}

interface TotalsProps {
  readonly stats: ConnectionStats | undefined;
  readonly rates: Rates<TrafficName>["now"];
}

function Totals({ stats, rates }: TotalsProps) {
  const count = (value: number | undefined) => (value === undefined ? undefined : formatCount(value));
  const bytes = (value: number | undefined) => (value === undefined ? undefined : formatBytes(value));
  return (
    <Stats>
      <Stat label="Frames in" value={count(rates?.framesIn)} unit="/s" hint={total(count(stats?.framesIn))} />
      <Stat label="Frames out" value={count(rates?.framesOut)} unit="/s" hint={total(count(stats?.framesOut))} />
      <Stat label="In" value={bytes(rates?.bytesIn)} unit="/s" hint={total(bytes(stats?.bytesIn))} />
      <Stat label="Out" value={bytes(rates?.bytesOut)} unit="/s" hint={total(bytes(stats?.bytesOut))} />
      <Stat label="Predictions" value={count(rates?.predictions)} unit="/s" />
      <Stat label="Skipped" value={count(stats?.droppedFrames)} hint="pushes, for slow readers" />
      <Stat label="Slow readers closed" value={count(stats?.slowConsumerCloses)} hint="with 4008; they resume" />
    </Stats>
  );
}

function total(text: string | undefined): string | undefined {
  return text && `${text} in all`;
}
