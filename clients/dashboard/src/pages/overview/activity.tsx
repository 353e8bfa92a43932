// What is under way, and what has gone wrong.
import type { ReactNode } from "react";
import { useMemo } from "react";
import { formatCount } from "../../format/numbers.js";
import { changedMs, type Life, type LifeFamily } from "../../lives/life.js";
import { Left, LifeProgress } from "../../lives/life-progress.js";
import { RUN_TYPES, useLives } from "../../lives/use-lives.js";
import { Link } from "../../router/link.js";
import { Card } from "../../ui/card.js";
import { Code } from "../../ui/empty-state.js";
import { Icon, type IconName } from "../../ui/icon.js";
import { Problem } from "../../ui/problem.js";
import { Stat, Stats } from "../../ui/stat.js";
import { StatusPill } from "../../ui/status-pill.js";
import { type Column, Table } from "../../ui/table.js";
import { Ago } from "../../ui/time.js";

/** Rows of each list: what is beyond is on the pages of their own. */
const ACTIVE = 12;
const PROBLEMS = 8;

const KINDS: Readonly<Record<LifeFamily, { readonly word: string; readonly icon: IconName }>> = {
  training: { word: "Run", icon: "runs" },
  evaluation: { word: "Evaluation", icon: "evaluations" },
  task: { word: "Task", icon: "tasks" },
  workflow: { word: "Workflow", icon: "workflow" },
  container: { word: "Container", icon: "container" },
};

export function Activity() {
  const lists = [
    useLives("training.*", RUN_TYPES),
    useLives("evaluation.*"),
    useLives("task.*.*"),
    useLives("workflow.*.*"),
    useLives("container.*.*"),
  ];
  const all = lists.flatMap(({ lives }) => lives);
  const isLive = lists.every(({ connection }) => connection === "live");
  const error = lists.map(({ error }) => error).find(Boolean);
  const active = newest(all.filter(({ isEnded, status }) => !isEnded && status !== undefined && status !== "lost"));
  const problems = newest(all.filter(({ status }) => status === "failed" || status === "lost"));
  return (
    <div className="overview-main">
      {error && <Problem error={error} />}
      <Counts lives={all} />
      <Card title="Active" aside={active.length > 0 && formatCount(active.length)} flush>
        {active.length > 0 ? (
          <Table caption="What is under way" columns={COLUMNS} rows={active.slice(0, ACTIVE)} keyOf={topicOf} />
        ) : (
          <Nothing isLive={isLive} isNew={all.length === 0} />
        )}
        <More shown={ACTIVE} all={active.length} />
      </Card>
      <Card title="Failed and lost" aside={problems.length > 0 && formatCount(problems.length)} flush>
        {problems.length > 0 ? (
          <Table
            caption="What has failed or was lost"
            columns={PROBLEM_COLUMNS}
            rows={problems.slice(0, PROBLEMS)}
            keyOf={topicOf}
          />
        ) : (
          <p className="overview-none">
            <Icon name="check" /> {isLive ? "Nothing has failed, nothing is lost." : "Loading…"}
          </p>
        )}
        <More shown={PROBLEMS} all={problems.length} />
      </Card>
    </div>
  );
}

const topicOf = ({ topic }: Life) => topic;

function newest(lives: readonly Life[]): readonly Life[] {
  return [...lives].sort((a, b) => changedMs(b) - changedMs(a));
}

function Counts({ lives }: { readonly lives: readonly Life[] }) {
  const counts = useMemo(() => {
    const of = (...statuses: readonly (string | undefined)[]) =>
      lives.filter(({ status }) => statuses.includes(status)).length;
    return {
      running: of("running", "paused"),
      waiting: of("queued"),
      good: of("completed"),
      bad: of("failed"),
      lost: of("lost"),
    };
  }, [lives]);
  return (
    <section className="card overview-counts" aria-label="Counts">
      <Stats>
        <Stat label="Running" value={formatCount(counts.running)} />
        <Stat label="Waiting" value={formatCount(counts.waiting)} />
        <Stat label="Completed" value={formatCount(counts.good)} />
        <Stat label="Failed" value={formatCount(counts.bad)} />
        <Stat label="Lost" value={formatCount(counts.lost)} />
      </Stats>
    </section>
  );
}

function Nothing({ isLive, isNew }: { readonly isLive: boolean; readonly isNew: boolean }): ReactNode {
  if (!isLive) return <p className="overview-none">Loading…</p>;
  if (!isNew) return <p className="overview-none">Nothing is under way.</p>;
  const json = "-H 'content-type: application/json' -d";
  const code = `curl ${location.origin}/api/v1/training/logs/session ${json} '{"experiment_id":"run_1","total_epochs":10}'`;
  return (
    <div className="overview-first">
      <p>Nothing has been reported yet. This makes a run:</p>
      <Code code={code} />
    </div>
  );
}

function More({ shown, all }: { readonly shown: number; readonly all: number }) {
  if (all <= shown) return null;
  return (
    <p className="overview-more">
      {formatCount(all - shown)} more: <Link to="/runs">runs</Link>, <Link to="/tasks">tasks</Link>,{" "}
      <Link to="/evaluations">evaluations</Link>
    </p>
  );
}

const NAME: Column<Life> = {
  name: "name",
  title: "Name",
  show: ({ family, name, group, path }) => (
    <span className="overview-name">
      <span className="quiet" title={KINDS[family].word}>
        <Icon name={KINDS[family].icon} />
        <span className="visually-hidden">{KINDS[family].word}</span>
      </span>
      <span className="life-name">
        <Link to={path}>{name}</Link>
        {group !== undefined && <span className="quiet clip">{group}</span>}
      </span>
    </span>
  ),
};

const STATUS: Column<Life> = { name: "status", title: "Status", show: ({ shown }) => <StatusPill status={shown} /> };

const COLUMNS: readonly Column<Life>[] = [
  NAME,
  STATUS,
  { name: "progress", title: "Progress", show: (life) => <LifeProgress life={life} /> },
  {
    name: "place",
    title: "At",
    from: 640,
    show: ({ place, stage }) => <span className="overview-place">{place ?? stage ?? "–"}</span>,
  },
  { name: "left", title: "Left", isNumber: true, from: 480, show: (life) => <Left life={life} /> },
  { name: "heard", title: "Last event", isNumber: true, from: 900, show: ({ state }) => <Ago at={state.updatedAt} /> },
];

const PROBLEM_COLUMNS: readonly Column<Life>[] = [
  NAME,
  STATUS,
  {
    name: "message",
    title: "Why",
    isWide: true,
    from: 480,
    show: ({ message, status }) => (
      <span className="overview-why clip" title={message}>
        {status === "lost" ? "Silent beyond its lease; comes back with its next word" : (message ?? "–")}
      </span>
    ),
  },
  {
    name: "heard",
    title: "When",
    isNumber: true,
    show: ({ state }) => <Ago at={state.finishedAt ?? state.updatedAt} />,
  },
];
