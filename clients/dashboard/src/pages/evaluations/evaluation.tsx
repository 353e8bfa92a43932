// One evaluation: how far it is, what came out, and the file of it.
import { useState } from "react";
import { useAccess } from "../../access/token.js";
import { saveBlob } from "../../format/file.js";
import { formatBytes, formatCount } from "../../format/numbers.js";
import { formatDateTime } from "../../format/time.js";
import { navigate } from "../../router/history.js";
import { Link } from "../../router/link.js";
import { client } from "../../server/server.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Dialog } from "../../ui/dialog.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Notice } from "../../ui/notice.js";
import { Page } from "../../ui/page.js";
import { Problem } from "../../ui/problem.js";
import { Stat, Stats } from "../../ui/stat.js";
import { StatusPill } from "../../ui/status-pill.js";
import { Elapsed } from "../../ui/time.js";
import { nameOf } from "./list.js";
import { Progress } from "./progress.js";
import { Quality } from "./quality.js";
import { ResultPlots } from "./result-plots.js";
import { hasEnded, type LiveEvaluation, useEvaluation } from "./use-evaluations.js";

export function EvaluationPage({ id }: { readonly id: string }) {
  const { value, error, isLoading } = useEvaluation(id);
  if (!value) {
    return (
      <Page title="Evaluation" above={<Up />}>
        {error && <Problem error={error} />}
        {isLoading && <p className="page-loading">Loading…</p>}
      </Page>
    );
  }
  return (
    <Page
      title={nameOf(value)}
      above={<Up />}
      aside={<StatusPill status={value.status} />}
      actions={<Actions evaluation={value} />}
    >
      {error && <Problem error={error} before="This may be old" />}
      {value.error && (
        <Notice tone="bad">
          <code>{value.error.errorCode}</code> {value.error.message}
        </Notice>
      )}
      <Card title="Evaluation" aside={<span className="mono">{value.topic}</span>}>
        {!hasEnded(value) && <Progress evaluation={value} />}
        <Facts evaluation={value} />
        {value.message && <p className="evaluations-message">{value.message}</p>}
      </Card>
      {value.status === "completed" && <Result evaluation={value} />}
    </Page>
  );
}

function Up() {
  return (
    <Link to="/evaluations" className="evaluations-up">
      Evaluations
    </Link>
  );
}

function Facts({ evaluation }: { readonly evaluation: LiveEvaluation }) {
  const { ensembleName, modelSha256, rows, rowsSkipped, inputBytes, startedAt, finishedAt, signalsUsedBoost } =
    evaluation;
  return (
    <Stats>
      <Stat
        label="Ensemble"
        value={ensembleName}
        hint={<span title={modelSha256}>model {modelSha256.slice(0, 12)}</span>}
      />
      <Stat
        label="Boost"
        value={signalsUsedBoost.length === 0 ? "off" : formatCount(signalsUsedBoost.length)}
        hint={signalsUsedBoost.join(" ")}
      />
      <Stat
        label="Rows"
        value={formatCount(rows)}
        hint={rowsSkipped > 0 ? `${formatCount(rowsSkipped)} skipped` : undefined}
      />
      <Stat label="File" value={formatBytes(inputBytes)} />
      <Stat
        label="Took"
        value={<Elapsed from={startedAt} to={finishedAt} />}
        hint={startedAt && formatDateTime(startedAt)}
      />
    </Stats>
  );
}

function Result({ evaluation }: { readonly evaluation: LiveEvaluation }) {
  const signals = Object.keys(evaluation.quality);
  if (signals.length === 0) {
    return (
      <EmptyState icon="evaluations" title="Nothing to compare with">
        <p>The file has no column of a signal. The predictions can be downloaded.</p>
      </EmptyState>
    );
  }
  return (
    <>
      <Card title="Quality" flush aside="on the rows that have a true value">
        <Quality quality={evaluation.quality} />
      </Card>
      <ResultPlots id={evaluation.id} signals={signals} />
    </>
  );
}

function Actions({ evaluation }: { readonly evaluation: LiveEvaluation }) {
  const { id, status } = evaluation;
  const [error, setError] = useState<Error>();
  const { isSignedIn } = useAccess();
  const [isAsking, setAsking] = useState(false);
  const attempt = async (act: () => Promise<void>) => {
    try {
      await act();
      setError(undefined);
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  const remove = () =>
    attempt(async () => {
      await client.evaluations.remove(id);
      navigate("/evaluations");
    });
  return (
    <>
      {error && <Problem error={error} />}
      {!hasEnded(evaluation) && (
        <Button
          kind="danger"
          icon="stop"
          onClick={() => attempt(() => client.evaluations.cancel(id, "asked by the dashboard"))}
        >
          Cancel
        </Button>
      )}
      {status === "completed" && isSignedIn && (
        <Button
          icon="download"
          onClick={() => attempt(async () => saveBlob(await client.evaluations.result(id), `${id}.csv`))}
        >
          Download CSV
        </Button>
      )}
      {/* A link shows no token; where none is wanted it writes to the disk as it reads. */}
      {status === "completed" && !isSignedIn && (
        <a className="button" data-kind="plain" href={`/api/v1/evaluations/${encodeURIComponent(id)}/result`} download>
          Download CSV
        </a>
      )}
      {hasEnded(evaluation) && (
        <Button kind="danger" icon="cross" onClick={() => setAsking(true)}>
          Remove
        </Button>
      )}
      {isAsking && (
        <Dialog
          title="Remove this evaluation?"
          onClose={() => setAsking(false)}
          actions={
            <>
              <Button onClick={() => setAsking(false)}>Keep it</Button>
              <Button kind="danger" onClick={() => void remove()}>
                Remove
              </Button>
            </>
          }
        >
          <p>Its predictions and figures are deleted from the server.</p>
        </Dialog>
      )}
    </>
  );
}
