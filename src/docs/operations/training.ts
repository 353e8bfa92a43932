// Training runs.
import { message, type Operations, token } from "../operation.js";

const LOGS = "/api/v1/training/logs";
const RUN = { id: token("Name of the run") };
const ADDED = message(
  "The events are durable: one position for one entry, a list for a list or lines.",
  "Published",
  "PublishedList",
);
const ENTRIES =
  "One entry, a list of at most 10,000, or one entry a line. All are added, or none and an error that names the one at fault.";
const PAGE = "Go on after `next` until there is none: a page may be short, even empty, while there is more.";

export const TRAINING: Operations = {
  [`POST ${LOGS}/session`]: {
    id: "createRun",
    tag: "Training runs",
    summary: "Begin a training run",
    body: { message: "CreateTrainingSession", as: "one" },
    replies: { 201: message("The run is queued.", "TrainingSession") },
    errors: ["INVALID_TOPIC", "SESSION_EXISTS", "FRAME_TOO_LARGE", "OVERLOADED"],
  },
  [`GET ${LOGS}/sessions`]: {
    id: "listRuns",
    tag: "Training runs",
    summary: "The training runs, in the order of their names",
    query: "ListTrainingSessions",
    replies: { 200: message("A page of them.", "TrainingSessionList") },
    errors: ["INVALID_MESSAGE"],
  },
  [`GET ${LOGS}/{id}/info`]: {
    id: "describeRun",
    tag: "Training runs",
    summary: "One run as its events add up",
    path: RUN,
    replies: { 200: message("The run.", "TrainingSession") },
    errors: ["INVALID_TOPIC", "SESSION_NOT_FOUND"],
  },
  [`PUT ${LOGS}/{id}/status`]: {
    id: "setRunStatus",
    tag: "Training runs",
    summary: "Give a run a new status",
    description: "The present status again changes nothing and is no error.",
    path: RUN,
    body: { message: "SetTrainingStatus", as: "one" },
    replies: { 200: message("The run with its new status.", "TrainingSession") },
    errors: ["INVALID_TOPIC", "SESSION_NOT_FOUND", "INVALID_TRANSITION", "SESSION_EXISTS", "OVERLOADED"],
  },
  [`DELETE ${LOGS}/{id}`]: {
    id: "removeRun",
    tag: "Training runs",
    summary: "Remove a run with all its events",
    description: "Its name may be used again, as a new generation.",
    path: RUN,
    replies: { 200: message("It is gone.", "TrainingSessionRemoved") },
    errors: ["INVALID_TOPIC", "SESSION_NOT_FOUND", "OVERLOADED"],
  },
  [`POST ${LOGS}/{id}/log`]: {
    id: "appendLog",
    tag: "Training runs",
    summary: "Add lines to a run's log",
    description: ENTRIES,
    path: RUN,
    body: { message: "LogPost", as: "entries" },
    replies: { 200: ADDED },
    errors: ["INVALID_TOPIC", "SESSION_NOT_FOUND", "SESSION_EXISTS", "FRAME_TOO_LARGE", "OVERLOADED"],
  },
  [`POST ${LOGS}/{id}/metrics`]: {
    id: "appendMetrics",
    tag: "Training runs",
    summary: "Add measured values to a run",
    description: ENTRIES,
    path: RUN,
    body: { message: "MetricsPost", as: "entries" },
    replies: { 200: ADDED },
    errors: ["INVALID_TOPIC", "SESSION_NOT_FOUND", "SESSION_EXISTS", "FRAME_TOO_LARGE", "OVERLOADED"],
  },
  [`GET ${LOGS}/{id}`]: {
    id: "readLog",
    tag: "Training runs",
    summary: "Read a run's log",
    description: PAGE,
    path: RUN,
    query: "ReadLog",
    replies: { 200: message("A page of lines.", "LogPage") },
    errors: ["INVALID_MESSAGE", "INVALID_TOPIC", "SESSION_NOT_FOUND", "TOPIC_NOT_FOUND", "POSITION_LOST", "OVERLOADED"],
  },
  [`GET ${LOGS}/{id}/metrics`]: {
    id: "readMetrics",
    tag: "Training runs",
    summary: "Read a run's measured values",
    description: PAGE,
    path: RUN,
    query: "ReadMetrics",
    replies: { 200: message("A page of entries.", "MetricsPage") },
    errors: ["INVALID_MESSAGE", "INVALID_TOPIC", "SESSION_NOT_FOUND", "TOPIC_NOT_FOUND", "POSITION_LOST", "OVERLOADED"],
  },
};
