// All training runs in a table.
import "../../lives/lives.css";
import "./runs.css";
import { useMemo } from "react";
import { formatCount } from "../../format/numbers.js";
import type { Life } from "../../lives/life.js";
import { RUN_TYPES, useLives } from "../../lives/use-lives.js";
import { useView } from "../../router/history.js";
import { choice, choices, flag, text } from "../../router/url-state.js";
import { Card } from "../../ui/card.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Notice } from "../../ui/notice.js";
import { Page } from "../../ui/page.js";
import { Problem } from "../../ui/problem.js";
import { sortRows, Table } from "../../ui/table.js";
import { Chip, SearchField, Toolbar } from "../../ui/toolbar.js";
import { COLUMNS } from "./columns.js";

const STATUSES = ["running", "queued", "paused", "lost", "completed", "failed", "stopped"] as const;
const NAMES = ["status", "name", "progress", "epoch", "ran", "created", "heard"] as const;
const VIEW = {
  q: text(),
  status: choices(STATUSES),
  sort: choice(NAMES, "created"),
  up: flag(),
};

export default function RunsPage() {
  const [view, setView] = useView(VIEW);
  const { lives, isBounded, connection, error } = useLives("training.*", RUN_TYPES);
  const sort = { column: view.sort, descending: !view.up };
  const counts = useMemo(() => countBy(lives), [lives]);
  const rows = useMemo(() => {
    const found = lives.filter((life) => matches(life, view.q, view.status));
    return sortRows(found, COLUMNS, { column: view.sort, descending: !view.up });
  }, [lives, view]);
  if (lives.length === 0 && connection === "live") return <NoRuns />;
  return (
    <Page title="Runs" aside={<span className="quiet">{formatCount(lives.length)}</span>}>
      {error && <Problem error={error} />}
      <Toolbar label="Filter runs">
        <SearchField label="Filter runs" value={view.q} onChange={(q) => setView({ q })} />
        {STATUSES.filter((status) => counts.has(status) || view.status.includes(status)).map((status) => (
          <Chip
            key={status}
            isOn={view.status.includes(status)}
            count={counts.get(status) ?? 0}
            onToggle={() => setView({ status: toggled(view.status, status) }, { push: true })}
          >
            {status}
          </Chip>
        ))}
      </Toolbar>
      <Card
        title={
          rows.length === lives.length ? "All runs" : `${formatCount(rows.length)} of ${formatCount(lives.length)} runs`
        }
        flush
      >
        {rows.length === 0 && <p className="runs-none">{connection === "live" ? "No run matches." : "Loading…"}</p>}
        {rows.length > 0 && (
          <Table
            caption="Training runs"
            columns={COLUMNS}
            rows={rows}
            keyOf={({ topic }) => topic}
            sort={sort}
            onSort={({ column, descending }) =>
              setView({ sort: NAMES.find((name) => name === column), up: !descending })
            }
          />
        )}
      </Card>
      {isBounded && (
        <Notice tone="warn">There are more runs than {formatCount(lives.length)}: the others are not shown.</Notice>
      )}
    </Page>
  );
}

function NoRuns() {
  const address = `${location.origin}/api/v1/training/logs`;
  const json = "-H 'content-type: application/json' -d";
  const code = [
    `curl ${address}/session ${json} '{"experiment_id":"run_1","total_epochs":10}'`,
    `curl -X PUT ${address}/run_1/status ${json} '{"status":"running"}'`,
    `curl ${address}/run_1/metrics ${json} '{"epoch":1,"step":100,"metrics":{"train/loss":0.42}}'`,
    `curl ${address}/run_1/log ${json} '{"level":"INFO","message":"epoch 1 done"}'`,
  ];
  return (
    <Page title="Runs">
      <Card title="All runs">
        <EmptyState icon="runs" title="No runs yet" code={code.join("\n")}>
          <p>Whatever can send HTTP reports a run. Paste these lines into a terminal and watch it appear here.</p>
        </EmptyState>
      </Card>
    </Page>
  );
}

function countBy(lives: readonly Life[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { status } of lives) if (status) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

/** Every word of the text is found somewhere: in the name, the settings or the message. */
function matches({ name, status, message, state }: Life, q: string, statuses: readonly string[]): boolean {
  if (statuses.length > 0 && !statuses.includes(status ?? "")) return false;
  if (q.trim() === "") return true;
  const within = `${name} ${message ?? ""} ${state.config ? JSON.stringify(state.config) : ""}`.toLowerCase();
  return q
    .toLowerCase()
    .trim()
    .split(/\s+/)
    .every((word) => within.includes(word));
}

function toggled<Word>(words: readonly Word[], word: Word): readonly Word[] {
  return words.includes(word) ? words.filter((each) => each !== word) : [...words, word];
}
