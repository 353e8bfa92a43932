// What the tables of tasks, workflows and containers show.
import { CancelButton } from "../../lives/cancel.js";
import { changedMs, type Life } from "../../lives/life.js";
import { Left, LifeProgress } from "../../lives/life-progress.js";
import { Link } from "../../router/link.js";
import { StatusPill } from "../../ui/status-pill.js";
import type { Column } from "../../ui/table.js";
import { Ago, Elapsed } from "../../ui/time.js";

/** Active first, then by what needs a look. */
const ORDER = ["running", "paused", "lost", "queued", "failed", "stopped", "completed"];

const status: Column<Life> = {
  name: "status",
  title: "Status",
  by: ({ status }) => ORDER.indexOf(status ?? ""),
  show: ({ shown }) => <StatusPill status={shown} />,
};

/** @param toAddress where the life is shown in detail */
function named(title: string, toAddress: (topic: string) => string): Column<Life> {
  return {
    name: "name",
    title,
    by: ({ group, name }) => `${group} ${name}`,
    show: ({ topic, group, name }) => (
      <span className="life-name">
        <Link to={toAddress(topic)}>{name}</Link>
        <span className="quiet clip">{group}</span>
      </span>
    ),
  };
}

const progress: Column<Life> = {
  name: "progress",
  title: "Progress",
  by: ({ progress }) => progress,
  show: (life) => <LifeProgress life={life} />,
};

const said: Column<Life> = {
  name: "message",
  title: "Says",
  isWide: true,
  from: 900,
  show: ({ stage, message }) => (
    <span className="task-message clip" title={message}>
      {stage !== undefined && stage !== message && <b>{stage} </b>}
      <span className="quiet">{message}</span>
    </span>
  ),
};

const left: Column<Life> = {
  name: "left",
  title: "Left",
  isNumber: true,
  from: 1200,
  show: (life) => <Left life={life} />,
};

const ran: Column<Life> = {
  name: "ran",
  title: "Ran",
  isNumber: true,
  from: 640,
  by: ({ state: { startedAt, finishedAt } }) =>
    startedAt && (finishedAt?.getTime() ?? Date.now()) - startedAt.getTime(),
  show: ({ state: { startedAt, finishedAt } }) => <Elapsed from={startedAt} to={finishedAt} />,
};

const heard: Column<Life> = {
  name: "heard",
  title: "Last event",
  isNumber: true,
  from: 480,
  by: changedMs,
  show: ({ state }) => <Ago at={state.updatedAt} />,
};

const exitCode: Column<Life> = {
  name: "exit",
  title: "Exit code",
  isNumber: true,
  by: ({ state }) => state.exitCode,
  show: ({ state }) => state.exitCode ?? <span className="quiet">–</span>,
};

/** Columns of each kind; all of them are made once. */
export function toColumns(
  toAddress: (topic: string) => string,
  onProblem: (problem: string | undefined) => void,
): Readonly<Record<"task" | "workflow" | "container", readonly Column<Life>[]>> {
  const cancel: Column<Life> = {
    name: "cancel",
    title: "Cancel",
    hidesTitle: true,
    isNumber: true,
    show: (life) => <CancelButton life={life} onProblem={onProblem} />,
  };
  const place: Column<Life> = {
    name: "place",
    title: "At",
    from: 640,
    show: ({ place, stage }) => (
      <>
        {place ?? <span className="quiet">–</span>}
        {stage !== undefined && <span className="quiet"> {stage}</span>}
      </>
    ),
  };
  return {
    task: [status, named("Task", toAddress), progress, said, left, ran, heard, cancel],
    workflow: [status, named("Execution", toAddress), progress, place, ran, heard, cancel],
    container: [status, named("Container", toAddress), exitCode, said, ran, heard],
  };
}
