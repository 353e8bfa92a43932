// Tasks, workflows and containers: a live list of each, and one of them in detail.
import "../../lives/lives.css";
import "./tasks.css";
import { useMemo, useState } from "react";
import { formatCount } from "../../format/numbers.js";
import type { Life } from "../../lives/life.js";
import { useLives } from "../../lives/use-lives.js";
import { useView } from "../../router/history.js";
import { choice, choices, flag, text, writeView } from "../../router/url-state.js";
import { Card } from "../../ui/card.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Notice } from "../../ui/notice.js";
import { Page } from "../../ui/page.js";
import { Problem } from "../../ui/problem.js";
import { sortRows, Table } from "../../ui/table.js";
import { Chip, SearchField, Toolbar } from "../../ui/toolbar.js";
import { toColumns } from "./columns.js";
import { Detail } from "./detail.js";

const KINDS = ["task", "workflow", "container"] as const;
const TITLES = { task: "Tasks", workflow: "Workflows", container: "Containers" } as const;
const SORTS = ["status", "name", "progress", "ran", "heard", "exit"] as const;
const VIEW = {
  q: text(),
  kind: choices(KINDS),
  active: flag(),
  sort: choice(SORTS, "heard"),
  up: flag(),
  topic: text(),
};

export default function TasksPage() {
  const [view, setView] = useView(VIEW);
  const [problem, setProblem] = useState<string>();
  const lists = {
    task: useLives("task.*.*"),
    workflow: useLives("workflow.*.*"),
    container: useLives("container.*.*"),
  };
  const columns = useMemo(() => toColumns(toAddress, setProblem), []);
  const all = KINDS.flatMap((kind) => lists[kind].lives);
  const chosen = all.find(({ topic }) => topic === view.topic);
  const isLive = KINDS.every((kind) => lists[kind].connection === "live");
  const error = KINDS.map((kind) => lists[kind].error).find(Boolean);
  if (all.length === 0 && isLive) return <Nothing />;
  const sort = { column: view.sort, descending: !view.up };
  return (
    <Page title="Tasks" aside={<span className="quiet">{formatCount(all.length)}</span>}>
      {error && <Problem error={error} />}
      {problem && <Notice tone="bad">{problem}</Notice>}
      <Toolbar label="Filter">
        <SearchField label="Filter by name or message" value={view.q} onChange={(q) => setView({ q })} />
        {KINDS.map((kind) => (
          <Chip
            key={kind}
            isOn={view.kind.includes(kind)}
            count={lists[kind].lives.length}
            onToggle={() => setView({ kind: toggled(view.kind, kind) }, { push: true })}
          >
            {TITLES[kind]}
          </Chip>
        ))}
        <Chip isOn={view.active} onToggle={() => setView({ active: !view.active }, { push: true })}>
          Active only
        </Chip>
      </Toolbar>
      <div className="tasks" data-detail={chosen ? "" : undefined}>
        <div className="tasks-lists">
          {KINDS.filter((kind) => view.kind.length === 0 || view.kind.includes(kind)).map((kind) => {
            const found = lists[kind].lives.filter((life) => matches(life, view.q, view.active));
            if (found.length === 0 && lists[kind].lives.length === 0) return null;
            return (
              <Card key={kind} title={TITLES[kind]} aside={formatCount(found.length)} flush>
                {found.length === 0 ? (
                  <p className="tasks-none">None matches.</p>
                ) : (
                  <Table
                    caption={TITLES[kind]}
                    columns={columns[kind]}
                    rows={sortRows(found, columns[kind], sort)}
                    keyOf={({ topic }) => topic}
                    isChosen={({ topic }) => topic === view.topic}
                    sort={sort}
                    onSort={({ column, descending }) =>
                      setView({ sort: SORTS.find((name) => name === column), up: !descending })
                    }
                  />
                )}
              </Card>
            );
          })}
        </div>
        {chosen && <Detail key={chosen.topic} life={chosen} onClose={() => setView({ topic: "" }, { push: true })} />}
        {view.topic !== "" && !chosen && isLive && (
          <Notice tone="warn">
            Nothing is known of <code>{view.topic}</code>.
          </Notice>
        )}
      </div>
    </Page>
  );
}

/** The same view, with the topic in detail. */
function toAddress(topic: string): string {
  return `/tasks${writeView(VIEW, location.search, { topic })}`;
}

function Nothing() {
  const code = [
    "npx tidewire publish task.shop.import task_started",
    `npx tidewire publish task.shop.import step_progress '{"progress":40,"message":"reading"}'`,
    `npx tidewire publish workflow.nightly.run_1 workflow_execution_started`,
    `npx tidewire publish container.shop.worker container_started`,
  ].join("\n");
  return (
    <Page title="Tasks">
      <Card title="Tasks, workflows and containers">
        <EmptyState icon="tasks" title="Nothing has been reported yet" code={code}>
          <p>Publish an event of a task, a workflow or a container, and it appears here at once.</p>
        </EmptyState>
      </Card>
    </Page>
  );
}

function matches({ name, group, message, stage, isEnded }: Life, q: string, active: boolean): boolean {
  if (active && isEnded) return false;
  const within = `${group ?? ""} ${name} ${stage ?? ""} ${message ?? ""}`.toLowerCase();
  return q
    .toLowerCase()
    .trim()
    .split(/\s+/)
    .every((word) => within.includes(word));
}

function toggled<Word>(words: readonly Word[], word: Word): readonly Word[] {
  return words.includes(word) ? words.filter((each) => each !== word) : [...words, word];
}
