"use client";
// The phases of a workflow, as they came.
import type { TidewireEvent } from "@tidewire/client";
import { useEvents } from "../hooks/use-topics.js";
import { formatDuration } from "./format.js";

const TYPES = ["workflow_phase_started", "workflow_phase_completed", "workflow_execution_failed"] as const;

interface Phase {
  readonly name: string;
  readonly state: "running" | "completed" | "failed";
  readonly seconds: number | undefined;
}

const WORDS: Readonly<Record<Phase["state"], string>> = { running: "Running", completed: "Done", failed: "Failed" };

/** A list of what has begun, is done, or has failed. */
export function Phases({ topic }: { readonly topic: string }) {
  const { events } = useEvents(topic, TYPES);
  const phases = phasesOf(events);
  if (phases.length === 0) return null;
  return (
    <ol className="tidewire-phases">
      {phases.map(({ name, state, seconds }) => (
        <li key={name} data-state={state}>
          <span className="tidewire-phases__sign" aria-hidden="true" />
          {name}{" "}
          <span className="tidewire-faint">{seconds === undefined ? WORDS[state] : formatDuration(seconds)}</span>
        </li>
      ))}
    </ol>
  );
}

function phasesOf(events: readonly TidewireEvent[]): readonly Phase[] {
  const phases = new Map<string, Phase>();
  for (const event of events) {
    if (event.type === "workflow_phase_started" && event.phase)
      phases.set(event.phase, { name: event.phase, state: "running", seconds: undefined });
    else if (event.type === "workflow_phase_completed" && event.phase)
      phases.set(event.phase, { name: event.phase, state: "completed", seconds: event.durationSeconds });
    else if (event.type === "workflow_execution_failed" && event.phase)
      phases.set(event.phase, { name: event.phase, state: "failed", seconds: undefined });
  }
  return [...phases.values()];
}
