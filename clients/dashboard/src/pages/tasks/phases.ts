// The phases of a workflow's execution, as its events tell them.
import type { RunStatus, TidewireEvent } from "@tidewire/client";
import { hasEnded } from "../../lives/life.js";

export interface Phase {
  readonly name: string;
  readonly status: RunStatus | undefined;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** As its owner says; else it is the time between start and end. */
  readonly durationMs: number | undefined;
}

type PhaseEvent = Extract<TidewireEvent, { readonly type: "workflow_phase_started" | "workflow_phase_completed" }>;

/**
 * Phases in the order of their beginning, and those that are still to come, as far as their count is known.
 *
 * @param status of the execution: a phase that has not ended when it has, has ended with it
 */
export function toPhases(
  events: readonly TidewireEvent[],
  status: RunStatus | undefined,
  count: number | undefined,
): readonly Phase[] {
  const phases = new Map<string, Phase>();
  for (const event of events) {
    if (event.type !== "workflow_phase_started" && event.type !== "workflow_phase_completed") continue;
    const name = nameOf(event);
    phases.set(name, next(phases.get(name), name, event));
  }
  const told = [...phases.values()].map((phase) => closed(phase, status));
  const missing = Math.max(0, Math.min(MAX_PHASES, count ?? 0) - told.length);
  const waiting = Array.from({ length: missing }, (_, i) => ({ ...NOTHING, name: `Phase ${told.length + i + 1}` }));
  return hasEnded(status) ? told : [...told, ...waiting];
}

/** Phases that are drawn although nothing is known of them. */
const MAX_PHASES = 50;

const NOTHING = { status: undefined, startedAt: undefined, finishedAt: undefined, durationMs: undefined };

function nameOf({ phase, phaseNumber }: PhaseEvent): string {
  return phase ?? (phaseNumber === undefined ? "Phase" : `Phase ${phaseNumber}`);
}

function next(before: Phase | undefined, name: string, event: PhaseEvent): Phase {
  const { timestamp } = event;
  // A phase that begins again is under way again.
  if (event.type === "workflow_phase_started") return { ...NOTHING, name, status: "running", startedAt: timestamp };
  const startedAt = before?.startedAt;
  const spent = startedAt && timestamp.getTime() - startedAt.getTime();
  const durationMs = event.durationSeconds === undefined ? spent : event.durationSeconds * 1000;
  return { name, status: "completed", startedAt, finishedAt: timestamp, durationMs };
}

function closed(phase: Phase, status: RunStatus | undefined): Phase {
  if (phase.status !== "running" || status === "running") return phase;
  return status === undefined ? phase : { ...phase, status };
}
