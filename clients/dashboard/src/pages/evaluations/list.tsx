// All evaluations, and the form that starts one.
import { formatBytes, formatCount } from "../../format/numbers.js";
import { useView } from "../../router/history.js";
import { Link } from "../../router/link.js";
import { choice, flag } from "../../router/url-state.js";
import { Card } from "../../ui/card.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Page } from "../../ui/page.js";
import { Problem } from "../../ui/problem.js";
import { StatusPill } from "../../ui/status-pill.js";
import { type Column, sortRows, Table } from "../../ui/table.js";
import { Ago, Elapsed } from "../../ui/time.js";
import { Progress } from "./progress.js";
import { StartForm } from "./start-form.js";
import { hasEnded, type LiveEvaluation, useEvaluations } from "./use-evaluations.js";

const COLUMN_NAMES = ["file", "status", "ensemble", "rows", "size", "created"] as const;
const VIEW = { sort: choice(COLUMN_NAMES, "created"), up: flag() };

const COLUMNS: readonly Column<LiveEvaluation>[] = [
  {
    name: "file",
    title: "File",
    by: nameOf,
    show: (each) => (
      <Link to={`/evaluations/${encodeURIComponent(each.id)}`} className="evaluations-file">
        {nameOf(each)}
      </Link>
    ),
  },
  { name: "status", title: "Status", by: ({ status }) => status, show: Status },
  {
    name: "ensemble",
    title: "Ensemble",
    from: 640,
    by: ({ ensembleName }) => ensembleName,
    show: (each) => each.ensembleName,
  },
  { name: "rows", title: "Rows", isNumber: true, by: ({ rows }) => rows, show: ({ rows }) => formatCount(rows) },
  {
    name: "size",
    title: "File size",
    isNumber: true,
    from: 900,
    by: ({ inputBytes }) => inputBytes,
    show: ({ inputBytes }) => formatBytes(inputBytes),
  },
  {
    name: "took",
    title: "Took",
    isNumber: true,
    from: 900,
    show: ({ startedAt, finishedAt }) => <Elapsed from={startedAt} to={finishedAt} />,
  },
  {
    name: "created",
    title: "Started",
    isNumber: true,
    from: 480,
    by: ({ createdAt }) => createdAt?.getTime(),
    show: ({ createdAt }) => <Ago at={createdAt} />,
  },
];

export function EvaluationList() {
  const [view, setView] = useView(VIEW);
  const { value, error } = useEvaluations();
  const sort = { column: view.sort, descending: !view.up };
  return (
    <Page title="Evaluations" aside={value && <span className="quiet">{formatCount(value.length)} kept</span>}>
      <StartForm />
      {error && <Problem error={error} />}
      {value?.length === 0 && (
        <EmptyState
          icon="evaluations"
          title="No evaluation yet"
          code="curl -F ensemble_name=gas_turbine -F file=@models/gas_turbine/gt_2014.csv http://127.0.0.1:8000/api/v1/evaluations"
        >
          <p>Choose a CSV above, or send one. True columns in it are compared with what is predicted.</p>
        </EmptyState>
      )}
      {value && value.length > 0 && (
        <Card title="All evaluations" flush>
          <Table
            caption="Evaluations"
            columns={COLUMNS}
            rows={sortRows(value, COLUMNS, sort)}
            keyOf={({ id }) => id}
            sort={sort}
            onSort={({ column, descending }) =>
              setView({ sort: COLUMN_NAMES.find((name) => name === column), up: !descending })
            }
          />
        </Card>
      )}
    </Page>
  );
}

function Status(each: LiveEvaluation) {
  if (hasEnded(each) || each.status === "queued") return <StatusPill status={each.status} />;
  return <Progress evaluation={each} isSmall />;
}

/** What people call it by. */
export function nameOf({ fileName, path, id }: Pick<LiveEvaluation, "fileName" | "path" | "id">): string {
  return fileName ?? path ?? id;
}
