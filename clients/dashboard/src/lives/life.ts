// What lists show of a run, an evaluation, a task, an execution of a workflow or a container.
import type { Family, RunStatus, TopicSnapshot, TopicState } from "@tidewire/client";
import { toPath } from "../router/match.js";

/** Below this share, in percent, no time left is estimated: the beginning says little of the rest. */
const LEAST_ESTIMATE = 2;

/** Families that have a life; a host has none. */
export type LifeFamily = Exclude<Family, "system">;

export interface Life {
  readonly topic: string;
  readonly family: LifeFamily;
  /** Its own name: of a run, of a task. */
  readonly name: string;
  /** What it belongs to: a project, a workflow. */
  readonly group: string | undefined;
  readonly status: RunStatus | undefined;
  /** The status as a pill shows it: a stop that was asked for and has not happened is one of its own. */
  readonly shown: RunStatus | "cancelling" | undefined;
  readonly isEnded: boolean;
  /** 0 to 100; undefined where nothing says it. */
  readonly progress: number | undefined;
  /** "epoch 3 of 10", "step 2 of 5". */
  readonly place: string | undefined;
  readonly stage: string | undefined;
  /** What it said last, or why it failed. */
  readonly message: string | undefined;
  readonly state: TopicState;
  /** Where it is shown. */
  readonly path: string;
}

const NAMES: Readonly<Record<LifeFamily, readonly [group: string | undefined, name: string]>> = {
  training: [undefined, "experimentId"],
  evaluation: [undefined, "evaluationId"],
  task: ["projectId", "taskId"],
  workflow: ["workflowId", "executionId"],
  container: ["projectId", "containerId"],
};

/** Undefined for a host. */
export function toLife(snapshot: TopicSnapshot): Life | undefined {
  const { topic, state } = snapshot;
  const family = snapshot.family as Family;
  if (family === "system") return undefined;
  const ids = snapshot as unknown as Readonly<Record<string, string | undefined>>;
  const [group, own] = NAMES[family];
  const name = ids[own] ?? topic;
  const isEnded = hasEnded(state.status);
  return {
    topic,
    family,
    name,
    group: group === undefined ? undefined : ids[group],
    status: state.status,
    shown: state.cancelRequested && !isEnded ? "cancelling" : state.status,
    isEnded,
    progress: progressOf(family, state),
    place: placeOf(family, state),
    stage: state.stage,
    message: state.error ?? state.message,
    state,
    path: pathOf(family, name, topic),
  };
}

export function hasEnded(status: RunStatus | undefined): boolean {
  return status === "completed" || status === "failed" || status === "stopped";
}

/** What a topic's own page is; tasks, workflows and containers share one. */
function pathOf(family: LifeFamily, name: string, topic: string): string {
  if (family === "training") return toPath("/runs/:experimentId", { experimentId: name });
  if (family === "evaluation") return toPath("/evaluations/:evaluationId", { evaluationId: name });
  return `/tasks?topic=${encodeURIComponent(topic)}`;
}

/** What was said, else what epochs, steps or phases come to; all of it once it has completed. */
export function progressOf(family: Family, state: TopicState): number | undefined {
  const { progress, epoch, totalEpochs, step, totalSteps } = state;
  if (state.status === "completed") return 100;
  if (progress !== undefined) return within(progress);
  if (family === "training" && epoch !== undefined && totalEpochs) return within((100 * epoch) / totalEpochs);
  // The step that is named is under way, and not done.
  if (family !== "training" && step !== undefined && totalSteps) return within((100 * (step - 1)) / totalSteps);
  return undefined;
}

function placeOf(family: Family, { epoch, totalEpochs, step, totalSteps }: TopicState): string | undefined {
  if (family === "training") return epoch === undefined ? undefined : of("epoch", epoch, totalEpochs);
  if (step === undefined) return undefined;
  return of(family === "workflow" ? "phase" : "step", step, totalSteps);
}

function of(word: string, at: number, all: number | undefined): string {
  return all === undefined ? `${word} ${at}` : `${word} ${at} of ${all}`;
}

function within(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}

/** Time left, in milliseconds: as the publisher said it, less what has passed since, else by how long it took so far. */
export function leftMs(
  { status, etaSeconds, startedAt, updatedAt }: TopicState,
  progress: number | undefined,
  nowMs: number,
): { readonly ms: number; readonly isEstimate: boolean } | undefined {
  if (status !== "running") return undefined;
  if (etaSeconds !== undefined) {
    const passed = updatedAt ? Math.max(0, nowMs - updatedAt.getTime()) : 0;
    return { ms: Math.max(0, etaSeconds * 1000 - passed), isEstimate: false };
  }
  if (progress === undefined || progress < LEAST_ESTIMATE || !startedAt || !updatedAt) return undefined;
  // The progress is as old as what was said last.
  const ran = updatedAt.getTime() - startedAt.getTime();
  const left = (ran * (100 - progress)) / progress - Math.max(0, nowMs - updatedAt.getTime());
  // What should have ended by now is slower than it was: nothing is known of its end.
  return ran > 0 && left > 0 ? { ms: left, isEstimate: true } : undefined;
}

/** When it changed last, in milliseconds since 1970; what says no time is the oldest. */
export function changedMs({ state }: Life): number {
  return state.updatedAt?.getTime() ?? 0;
}
