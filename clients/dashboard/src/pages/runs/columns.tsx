// What the table of runs shows.
import { formatValue } from "../../format/numbers.js";
import { HEARD, LEFT, PROGRESS, RAN, STATUS } from "../../lives/columns.js";
import type { Life } from "../../lives/life.js";
import { Link } from "../../router/link.js";
import type { Column } from "../../ui/table.js";
import { Ago } from "../../ui/time.js";
import { chooseMetrics } from "./metrics.js";

export const COLUMNS: readonly Column<Life>[] = [
  STATUS,
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
  PROGRESS,
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
  LEFT,
  RAN,
  {
    name: "created",
    title: "Created",
    isNumber: true,
    from: 640,
    by: ({ state }) => state.createdAt?.getTime(),
    show: ({ state }) => <Ago at={state.createdAt} />,
  },
  HEARD,
];
