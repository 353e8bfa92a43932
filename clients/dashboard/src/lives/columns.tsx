// What every table of lives shows alike: how they stand, how far they are, when they ran and were heard of.
import { StatusPill } from "../ui/status-pill.js";
import type { Column } from "../ui/table.js";
import { Ago, Elapsed } from "../ui/time.js";
import { changedMs, type Life } from "./life.js";
import { Left, LifeProgress } from "./life-progress.js";

/** Active first, of them those that need a look before those that rest. */
const ORDER = ["running", "lost", "paused", "queued", "failed", "stopped", "completed"];

export const STATUS: Column<Life> = {
  name: "status",
  title: "Status",
  by: ({ status }) => ORDER.indexOf(status ?? ""),
  show: ({ shown }) => <StatusPill status={shown} />,
};

export const PROGRESS: Column<Life> = {
  name: "progress",
  title: "Progress",
  by: ({ progress }) => progress,
  show: (life) => <LifeProgress life={life} />,
};

export const LEFT: Column<Life> = {
  name: "left",
  title: "Left",
  isNumber: true,
  from: 1200,
  show: (life) => <Left life={life} />,
};

export const RAN: Column<Life> = {
  name: "ran",
  title: "Ran",
  isNumber: true,
  from: 640,
  by: ({ state: { startedAt, finishedAt } }) =>
    startedAt && (finishedAt?.getTime() ?? Date.now()) - startedAt.getTime(),
  show: ({ state: { startedAt, finishedAt } }) => <Elapsed from={startedAt} to={finishedAt} />,
};

export const HEARD: Column<Life> = {
  name: "heard",
  title: "Last event",
  isNumber: true,
  from: 480,
  by: changedMs,
  show: ({ state }) => <Ago at={state.updatedAt} />,
};
