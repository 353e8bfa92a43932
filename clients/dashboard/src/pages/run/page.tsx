// One training run.
import "../../lives/lives.css";
import "./run.css";
import { type TrainingView, useTraining } from "@tidewire/react";
import { useState } from "react";
import type { PageProps } from "../../app/routes.js";
import { HostCard } from "../../host/host-card.js";
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
  const run = useTraining(experimentId, pick);
  const [view, setView] = useView(VIEW);
  const [problem, setProblem] = useState<string>();
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
      aside={run.status && <StatusPill status={run.isStopping ? "cancelling" : run.status} />}
      actions={<RunActions experimentId={experimentId} status={run.status} onProblem={setProblem} />}
    >
      <Notices run={run} problem={problem} />
      <Summary experimentId={experimentId} />
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

/** What the page as a whole is about: not what changes with every line of the log. */
function pick({ exists, status, isEnded, state, ...run }: TrainingView) {
  const { failure, message, updatedAt, gap, error, config, metrics, logs, history } = run;
  return {
    exists,
    status,
    isStopping: state?.cancelRequested === true && !isEnded,
    why: status === "failed" ? (failure ?? message) : undefined,
    lostAt: status === "lost" ? updatedAt : undefined,
    gap,
    error,
    config,
    metrics,
    logs,
    history,
  };
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
