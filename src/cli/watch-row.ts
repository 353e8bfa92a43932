// What is known of one topic: its snapshot, and the events after it.
import type { Family, RunStatus, TidewireEvent, TopicSnapshot, TopicState } from "@tidewire/client";
import { loadText } from "./watch-text.js";

/** Metrics of a topic that are kept: more than a line shows. */
const MAX_METRICS = 16;

type Type = TidewireEvent["type"];

/** Statuses that events bring with them; `status_changed` and the progress events say it themselves. */
const STATUS_AFTER: Partial<Record<Type, RunStatus>> = {
  task_queued: "queued",
  task_started: "running",
  task_completed: "completed",
  task_failed: "failed",
  task_cancelled: "stopped",
  workflow_execution_created: "queued",
  workflow_execution_started: "running",
  workflow_execution_paused: "paused",
  workflow_execution_resumed: "running",
  workflow_execution_completed: "completed",
  workflow_execution_failed: "failed",
  container_created: "queued",
  container_started: "running",
  container_stopped: "stopped",
  container_error: "failed",
};

/** Everything that events may say of a topic's state. */
interface Said {
  readonly progress?: number;
  readonly step?: number;
  readonly totalSteps?: number;
  readonly phaseNumber?: number;
  readonly totalPhases?: number;
  readonly epoch?: number;
  readonly totalEpochs?: number;
  readonly stage?: string;
  readonly phase?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly error?: string;
  readonly exitCode?: number;
}

/** One line of what is watched. */
export class TopicRow {
  readonly topic: string;
  readonly family: Family;
  generation = 0;
  status: RunStatus | undefined;
  progress: number | undefined;
  step: number | undefined;
  totalSteps: number | undefined;
  epoch: number | undefined;
  totalEpochs: number | undefined;
  stage: string | undefined;
  message: string | undefined;
  error: string | undefined;
  exitCode: number | undefined;
  /** When it is expected to end, by this machine's clock. */
  etaMs: number | undefined;
  /** The newest values, those that were told last at the front. */
  metrics: Readonly<Record<string, number>> = {};
  /** A host's load, in words. */
  load: string | undefined;
  isCancelRequested = false;
  updatedAt: Date | undefined;
  finishedAt: Date | undefined;

  constructor(topic: string, family: Family) {
    this.topic = topic;
    this.family = family;
  }

  get isEnded(): boolean {
    return this.status === "completed" || this.status === "failed" || this.status === "stopped";
  }

  /** How much is done, 0 to 100: as it was told, else by epochs or steps. */
  get percent(): number | undefined {
    if (this.status === "completed") return 100;
    if (this.progress !== undefined) return this.progress;
    const [done, total] =
      this.totalEpochs === undefined ? [this.step, this.totalSteps] : [this.epoch, this.totalEpochs];
    return done === undefined || !total ? undefined : Math.min(100, (done / total) * 100);
  }

  snapshot({ position, state }: TopicSnapshot, nowMs: number): void {
    const { status, progress, step, totalSteps, epoch, totalEpochs, stage, message, error, exitCode } = state;
    Object.assign(this, { status, progress, step, totalSteps, epoch, totalEpochs, stage, message, error, exitCode });
    this.generation = position.generation;
    this.metrics = newest(state.metrics, {});
    this.isCancelRequested = state.cancelRequested;
    this.updatedAt = state.updatedAt;
    this.finishedAt = state.finishedAt;
    this.#load(state.systemStats);
    this.#eta(state.etaSeconds, nowMs);
  }

  event(event: TidewireEvent, nowMs: number): void {
    const { generation } = event.position;
    // The topic was removed and began anew: nothing of before holds.
    if (generation > this.generation && this.generation > 0) Object.assign(this, new TopicRow(this.topic, this.family));
    this.generation = generation;
    this.updatedAt = event.timestamp;
    if (event.type === "metrics") this.#measured(event);
    else if (event.type === "system_stats") this.#load(event);
    else if (event.type === "cancel_requested") this.isCancelRequested = true;
    else if (event.type !== "log") this.#told(event);
    if (event.type === "progress" || event.type === "step_progress") this.#eta(event.etaSeconds, nowMs);
    const status = "status" in event ? event.status : STATUS_AFTER[event.type];
    if (status) this.#enter(status, event.timestamp);
  }

  #measured({ metrics, epoch, step }: Extract<TidewireEvent, { type: "metrics" }>): void {
    this.metrics = newest(metrics, this.metrics);
    this.epoch = epoch ?? this.epoch;
    this.step = step ?? this.step;
  }

  #told(event: TidewireEvent): void {
    const said: Said = event as unknown as Said;
    this.progress = said.progress ?? this.progress;
    this.step = said.step ?? said.phaseNumber ?? this.step;
    this.totalSteps = said.totalSteps ?? said.totalPhases ?? this.totalSteps;
    this.totalEpochs = said.totalEpochs ?? this.totalEpochs;
    this.stage = said.stage ?? said.phase ?? this.stage;
    this.message = said.message ?? said.reason ?? this.message;
    this.error = said.error ?? this.error;
    this.exitCode = said.exitCode ?? this.exitCode;
  }

  #enter(status: RunStatus, at: Date): void {
    this.status = status;
    if (!this.isEnded) return;
    this.finishedAt = at;
    this.etaMs = undefined;
  }

  #load(stats: TopicState["systemStats"]): void {
    if (stats !== undefined) this.load = loadText(stats);
  }

  #eta(seconds: number | undefined, nowMs: number): void {
    this.etaMs = seconds === undefined ? undefined : nowMs + seconds * 1000;
  }
}

/** The values over those known before, as many as are kept. */
function newest(
  told: Readonly<Record<string, number>>,
  known: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const rest = Object.entries(known).filter(([name]) => !Object.hasOwn(told, name));
  return Object.fromEntries([...Object.entries(told), ...rest].slice(0, MAX_METRICS));
}
