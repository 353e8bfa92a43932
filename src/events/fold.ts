// What a topic's events add up to: each kind changes the state in its own way, one row of the table a kind.
import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";
import {
  type Event,
  type Log,
  type Progress,
  RunStatus,
  type StepProgress,
} from "../../generated/ts/tidewire/v1/events.js";
import { TopicState } from "../../generated/ts/tidewire/v1/topics.js";
import { EVENT_KINDS } from "../wire/event-bytes.js";

/** Most metrics whose last value a state holds; the first ones stay. All values are in the log in any case. */
export const MAX_STATE_METRICS = 1_000;
/** Longest name of such a metric, in characters: with longer ones a state would grow to a thousand events' size. */
export const MAX_STATE_METRIC_NAME = 256;

const LOG_TYPE = EVENT_KINDS.get("log")?.type ?? "log";
const NOTHING = new Uint8Array(0);

type Kind = NonNullable<Event["kind"]>;
type Case = Kind["$case"];
type ValueOf<C extends Case> = Extract<Kind, { $case: C }>["value"];
type Fold<C extends Case> = (state: TopicState, value: ValueOf<C>, at: Timestamp | undefined) => void;

/** The state before the first event. */
export function emptyState(): TopicState {
  return TopicState.decode(NOTHING);
}

/** Whether nothing goes on after this status. */
export function isEnded(status: RunStatus | undefined): boolean {
  return (
    status === RunStatus.RUN_STATUS_COMPLETED ||
    status === RunStatus.RUN_STATUS_FAILED ||
    status === RunStatus.RUN_STATUS_STOPPED
  );
}

/** Adds one event to a topic's state. */
export function fold(state: TopicState, kind: Kind, at: Timestamp | undefined): void {
  const type = EVENT_KINDS.get(kind.$case)?.type ?? kind.$case;
  state.counts[type] = (state.counts[type] ?? 0) + 1;
  state.createdAt ??= at;
  state.updatedAt = at;
  (FOLDS[kind.$case] as Fold<Case>)(state, kind.value as ValueOf<Case>, at);
}

/** Adds log lines, the last of which is known: the others only count. */
export function foldLines(state: TopicState, count: number, last: Log, at: Timestamp | undefined): void {
  fold(state, { $case: "log", value: last }, at);
  state.counts[LOG_TYPE] = (state.counts[LOG_TYPE] ?? 0) + count - 1;
}

const FOLDS: { readonly [C in Case]: Fold<C> } = {
  log: (state, log) => {
    state.lastLog = log;
  },
  metrics: (state, { metrics, metricNames, metricValues, epoch, step }) => {
    state.epoch = epoch ?? state.epoch;
    state.step = step ?? state.step;
    keepMetrics(state, Object.entries(metrics));
    keepMetrics(
      state,
      // A name without a value says nothing.
      metricValues.slice(0, metricNames.length).map((value, i) => [metricNames[i] as string, value] as const),
    );
  },
  progress,
  stepProgress: progress,
  statusChanged: (state, { status, message, config, totalEpochs }, at) => {
    state.config = config ?? state.config;
    state.totalEpochs = totalEpochs ?? state.totalEpochs;
    if (status !== undefined) enter(state, status, message, at);
    if (status === RunStatus.RUN_STATUS_FAILED) state.error = message;
  },
  systemStats: (state, stats) => {
    state.systemStats = stats;
  },
  cancelRequested: (state) => {
    state.cancelRequested = true;
  },
  taskQueued: (state, { message }, at) => enter(state, RunStatus.RUN_STATUS_QUEUED, message, at),
  taskStarted: (state, { message, totalSteps }, at) => {
    state.totalSteps = totalSteps ?? state.totalSteps;
    enter(state, RunStatus.RUN_STATUS_RUNNING, message, at);
  },
  taskCompleted: (state, { message, result }, at) => {
    state.result = result ?? state.result;
    enter(state, RunStatus.RUN_STATUS_COMPLETED, message, at);
  },
  taskFailed: (state, { message, error }, at) => fail(state, error, message, at),
  taskCancelled: (state, { message, reason }, at) => enter(state, RunStatus.RUN_STATUS_STOPPED, message ?? reason, at),
  workflowExecutionCreated: (state, { message, totalPhases }, at) => {
    state.totalSteps = totalPhases ?? state.totalSteps;
    enter(state, RunStatus.RUN_STATUS_QUEUED, message, at);
  },
  workflowExecutionStarted: (state, { message }, at) => enter(state, RunStatus.RUN_STATUS_RUNNING, message, at),
  workflowPhaseStarted: phase,
  workflowPhaseCompleted: phase,
  workflowExecutionCompleted: (state, { message, result }, at) => {
    state.result = result ?? state.result;
    enter(state, RunStatus.RUN_STATUS_COMPLETED, message, at);
  },
  workflowExecutionFailed: (state, { message, error, phase }, at) => {
    state.stage = phase ?? state.stage;
    fail(state, error, message, at);
  },
  workflowExecutionPaused: (state, { reason }, at) => enter(state, RunStatus.RUN_STATUS_PAUSED, reason, at),
  workflowExecutionResumed: (state, { message }, at) => enter(state, RunStatus.RUN_STATUS_RUNNING, message, at),
  containerCreated: (state, { message }, at) => enter(state, RunStatus.RUN_STATUS_QUEUED, message, at),
  containerStarted: (state, { message }, at) => enter(state, RunStatus.RUN_STATUS_RUNNING, message, at),
  containerStopped: (state, { message, exitCode }, at) => {
    state.exitCode = exitCode ?? state.exitCode;
    enter(state, RunStatus.RUN_STATUS_STOPPED, message, at);
  },
  containerError: (state, { message, error, exitCode }, at) => {
    state.exitCode = exitCode ?? state.exitCode;
    fail(state, error, message, at);
  },
};

function keepMetrics({ metrics }: TopicState, said: readonly (readonly [string, number])[]): void {
  let room: number | undefined; // counted once an event, and only if it has a new name
  for (const [name, value] of said) {
    if (!Object.hasOwn(metrics, name)) {
      // Assigning this one would set the prototype; as the name of a map's entry it is refused everywhere.
      if (name.length > MAX_STATE_METRIC_NAME || name === "__proto__") continue;
      room ??= MAX_STATE_METRICS - Object.keys(metrics).length;
      if (room <= 0) continue;
      room -= 1;
    }
    metrics[name] = value;
  }
}

function progress(state: TopicState, said: Progress | StepProgress): void {
  state.progress = said.progress ?? state.progress;
  state.step = said.step ?? state.step;
  state.totalSteps = said.totalSteps ?? state.totalSteps;
  state.stage = said.stage ?? state.stage;
  state.message = said.message ?? state.message;
  // What comes after the end was on its way.
  state.etaSeconds = isEnded(state.status) ? undefined : said.etaSeconds;
}

function phase(
  state: TopicState,
  said: {
    phase?: string | undefined;
    phaseNumber?: number | undefined;
    totalPhases?: number | undefined;
    message?: string | undefined;
  },
): void {
  state.stage = said.phase ?? state.stage;
  state.step = said.phaseNumber ?? state.step;
  state.totalSteps = said.totalPhases ?? state.totalSteps;
  state.message = said.message ?? state.message;
}

function enter(state: TopicState, status: RunStatus, message: string | undefined, at: Timestamp | undefined): void {
  state.status = status;
  state.message = message ?? state.message;
  if (status === RunStatus.RUN_STATUS_RUNNING) state.startedAt ??= at;
  if (!isEnded(status)) return;
  state.finishedAt = at;
  state.etaSeconds = undefined;
}

function fail(
  state: TopicState,
  error: string | undefined,
  message: string | undefined,
  at: Timestamp | undefined,
): void {
  state.error = error ?? message;
  enter(state, RunStatus.RUN_STATUS_FAILED, message, at);
}
