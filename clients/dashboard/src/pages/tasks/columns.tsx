// What the tables of tasks, workflows and containers show.
import { CancelButton } from "../../lives/cancel.js";
import { HEARD, LEFT, PROGRESS, RAN, STATUS } from "../../lives/columns.js";
import type { Life } from "../../lives/life.js";
import { Link } from "../../router/link.js";
import type { Column } from "../../ui/table.js";

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
    task: [STATUS, named("Task", toAddress), PROGRESS, said, LEFT, RAN, HEARD, cancel],
    workflow: [STATUS, named("Execution", toAddress), PROGRESS, place, RAN, HEARD, cancel],
    container: [STATUS, named("Container", toAddress), exitCode, said, RAN, HEARD],
  };
}
