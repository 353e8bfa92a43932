// What a topic's events add up to, as the server adds them up: from its snapshot on, each event changes the state.
import type { RunStatus, TidewireEvent, TopicState } from "@tidewire/client";

/** A state that is being added to; what is handed out is a copy. */
export type Draft = { -readonly [Name in keyof TopicState]: TopicState[Name] } & {
  metrics: Record<string, number>;
  counts: Record<string, number>;
};

/** Most metrics whose last value a state holds, as the server's; all values are in the log in any case. */
const MAX_METRICS = 1000;

/** The status that an event brings, by the last word of its type; a phase of a workflow brings none. */
const STATUS: Readonly<Record<string, RunStatus>> = {
  queued: "queued",
  created: "queued",
  started: "running",
  resumed: "running",
  paused: "paused",
  completed: "completed",
  failed: "failed",
  error: "failed",
  cancelled: "stopped",
  stopped: "stopped",
};

/** Fields of a state, and by which name some events say them. */
const KEPT: Readonly<Record<string, string>> = {
  message: "reason",
  step: "phaseNumber",
  totalSteps: "totalPhases",
  stage: "phase",
  progress: "progress",
  epoch: "epoch",
  result: "result",
  exitCode: "exitCode",
  config: "config",
  totalEpochs: "totalEpochs",
};

/** Whether nothing goes on after this status. */
export function isEnded(status: RunStatus | undefined): boolean {
  return status === "completed" || status === "failed" || status === "stopped";
}

/** A state to be added to. */
export function toDraft(state: TopicState): Draft {
  return { ...state, metrics: { ...state.metrics }, counts: { ...state.counts } };
}

/** Adds one event. */
export function fold(state: Draft, event: TidewireEvent): void {
  const { type, timestamp } = event;
  state.counts[type] = (state.counts[type] ?? 0) + 1;
  state.createdAt ??= timestamp;
  state.updatedAt = timestamp;
  if (event.type === "log") {
    const { level, message, source } = event;
    state.lastLog = source === undefined ? { level, message } : { level, message, source };
  } else if (event.type === "system_stats") state.systemStats = event;
  else keep(state, event);
}

function keep(state: Draft, event: Exclude<TidewireEvent, { readonly type: "log" | "system_stats" }>): void {
  if (event.type === "cancel_requested") {
    state.cancelRequested = true;
    return;
  }
  const said = event as Partial<Record<string, unknown>>;
  for (const [name, other] of Object.entries(KEPT)) {
    const value = said[name] ?? said[other];
    if (value !== undefined) Object.assign(state, { [name]: value });
  }
  if (event.type === "metrics") keepMetrics(state.metrics, event.metrics);
  else if (event.type.endsWith("progress")) setEta(state, isEnded(state.status) ? undefined : said.etaSeconds);
  else enter(state, statusOf(event), event);
}

function statusOf(event: TidewireEvent): RunStatus | undefined {
  if (event.type === "status_changed") return event.status;
  return event.type.includes("phase") ? undefined : STATUS[event.type.slice(event.type.lastIndexOf("_") + 1)];
}

function keepMetrics(metrics: Record<string, number>, said: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(said))
    if (Object.hasOwn(metrics, name) || Object.keys(metrics).length < MAX_METRICS) metrics[name] = value;
}

function enter(state: Draft, status: RunStatus | undefined, event: TidewireEvent): void {
  if (status === undefined) return;
  const { error, message } = event as { readonly error?: string; readonly message?: string };
  state.status = status;
  const failure = error ?? message;
  if (status === "failed" && failure !== undefined) state.error = failure;
  if (status === "running") state.startedAt ??= event.timestamp;
  if (!isEnded(status)) return;
  state.finishedAt = event.timestamp;
  setEta(state, undefined);
}

function setEta(state: Draft, etaSeconds: unknown): void {
  if (typeof etaSeconds === "number") state.etaSeconds = etaSeconds;
  else delete state.etaSeconds;
}
