// What the table of runs shows.
import { formatValue } from "../../format/numbers.js";
import { changedMs, type Life } from "../../lives/life.js";
import { Left, LifeProgress } from "../../lives/life-progress.js";
import { Link } from "../../router/link.js";
import { StatusPill } from "../../ui/status-pill.js";
import type { Column } from "../../ui/table.js";
import { Ago, Elapsed } from "../../ui/time.js";
import { chooseMetrics } from "./metrics.js";

/** The order in which statuses are of interest. */
const ORDER = ["running", "lost", "paused", "queued", "failed", "stopped", "completed"];

export const COLUMNS: readonly Column<Life>[] = [
  {
    name: "status",
    title: "Status",
    by: ({ status }) => ORDER.indexOf(status ?? ""),
    show: ({ shown }) => <StatusPill status={shown} />,
  },
  {
    name: "name",
    title: "Run",
    by: ({ name }) => name,
    show: ({ name, path, status, message }) => (
      <span className="life-name" data-lines="">
        <Link to={path}>{name}</Link>
        {message !== undefined && (status === "failed" || status === "stopped") && (
          <span className="quiet clip" title={message}>
            {message}
          </span>
        )}
      </span>
    ),
  },
  { name: "progress", title: "Progress", by: ({ progress }) => progress, show: (life) => <LifeProgress life={life} /> },
  {
    name: "epoch",
    title: "Epoch",
    isNumber: true,
    from: 1200,
    by: ({ state }) => state.epoch,
    show: ({ state: { epoch, totalEpochs } }) => (
      <>
        {epoch ?? <span className="quiet">–</span>}
        {totalEpochs !== undefined && <span className="quiet"> / {totalEpochs}</span>}
      </>
    ),
  },
  {
    name: "metrics",
    title: "Latest",
    isWide: true,
    from: 900,
    show: ({ state }) => (
      <span className="runs-metrics">
        {chooseMetrics(state.metrics).map(([name, value]) => (
          <span key={name}>
            <span className="quiet">{name}</span> {formatValue(value)}
          </span>
        ))}
      </span>
    ),
  },
  { name: "left", title: "Left", isNumber: true, from: 1200, show: (life) => <Left life={life} /> },
  {
    name: "elapsed",
    title: "Ran",
    isNumber: true,
    from: 640,
    by: ({ state: { startedAt, finishedAt } }) =>
      startedAt && (finishedAt?.getTime() ?? Date.now()) - startedAt.getTime(),
    show: ({ state: { startedAt, finishedAt } }) => <Elapsed from={startedAt} to={finishedAt} />,
  },
  {
    name: "created",
    title: "Created",
    isNumber: true,
    from: 640,
    by: ({ state }) => state.createdAt?.getTime(),
    show: ({ state }) => <Ago at={state.createdAt} />,
  },
  {
    name: "updated",
    title: "Last event",
    isNumber: true,
    by: changedMs,
    from: 480,
    show: ({ state }) => <Ago at={state.updatedAt} />,
  },
];
