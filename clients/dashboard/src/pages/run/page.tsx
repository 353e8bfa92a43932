// One training run.
import "../../lives/lives.css";
import "./run.css";
import type { TopicSnapshot } from "@tidewire/client";
import { useTraining } from "@tidewire/react";
import { useMemo, useState } from "react";
import type { PageProps } from "../../app/routes.js";
import { HostCard } from "../../host/host-card.js";
import { toLife } from "../../lives/life.js";
import { Spoken } from "../../lives/spoken.js";
import { LogView } from "../../logs/log-view.js";
import { useView } from "../../router/history.js";
import { Link } from "../../router/link.js";
import { Card } from "../../ui/card.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Page } from "../../ui/page.js";
import { StatusPill } from "../../ui/status-pill.js";
import { RunActions } from "./actions.js";
import { Metrics } from "./metrics.js";
import { Notices } from "./notices.js";
import { Settings, Summary } from "./summary.js";
import { fromLogState, toLogState, VIEW } from "./view.js";

export default function RunPage({ params }: PageProps) {
  const { experimentId = "" } = params;
  const run = useTraining(experimentId);
  const [view, setView] = useView(VIEW);
  const [problem, setProblem] = useState<string>();
  const { state, topic, position } = run;
  const life = useMemo(() => {
    if (!state || !position) return undefined;
    const snapshot = { type: "snapshot", topic, position, state, family: "training", experimentId };
    return toLife(snapshot as unknown as TopicSnapshot);
  }, [state, topic, position, experimentId]);
  const above = (
    <nav aria-label="Path" className="run-path">
      <Link to="/runs">Runs</Link> /
    </nav>
  );
  if (run.exists === false) return <NoRun experimentId={experimentId} above={above} />;
  return (
    <Page
      title={experimentId}
      above={above}
      aside={life && <StatusPill status={life.shown} />}
      actions={<RunActions experimentId={experimentId} status={run.status} onProblem={setProblem} />}
    >
      <Notices run={run} problem={problem} />
      {life && <Summary facts={run} life={life} />}
      {life && <Spoken life={life} />}
      <Metrics metrics={run.metrics} view={view} setView={setView} />
      <div className="run-beside">
        <Card title="Log" flush>
          <LogView
            logs={run.logs}
            history={run.history}
            state={toLogState(view)}
            onState={(changes) => setView(fromLogState(changes))}
            fileName={`${experimentId}.log`}
          />
        </Card>
        <div className="run-side">
          <HostCard />
          {run.config && Object.keys(run.config).length > 0 && <Settings config={run.config} />}
        </div>
      </div>
    </Page>
  );
}

function NoRun({ experimentId, above }: { readonly experimentId: string; readonly above: React.ReactNode }) {
  const name = /^[\w-]{1,128}$/.test(experimentId) ? experimentId : "run_1";
  const code = `curl ${location.origin}/api/v1/training/logs/session -H 'content-type: application/json' -d '{"experiment_id":"${name}"}'`;
  return (
    <Page title={experimentId} above={above}>
      <Card title="No such run">
        <EmptyState icon="runs" title="The server knows no run of this name" code={code}>
          <p>It was removed, or has not begun. This page shows it as soon as it exists.</p>
        </EmptyState>
      </Card>
    </Page>
  );
}
