// What happened, in a line for people.
import type { EventType, TidewireEvent } from "@tidewire/client";
import { formatPercent } from "../../format/numbers.js";

/** Fields that say something to people, in the order in which they are read. */
const SAID = ["phase", "stage", "message", "error", "reason", "worker", "image"] as const;

/** "phase started" of "workflow_phase_started". */
export function wordsOf(type: EventType): string {
  return type.replace(/^(workflow_execution|workflow|task|container)_/, "").replaceAll("_", " ");
}

export function textOf(event: TidewireEvent): string {
  const fields = event as unknown as Readonly<Record<string, unknown>>;
  const parts = SAID.flatMap((name) => (typeof fields[name] === "string" ? [fields[name] as string] : []));
  const { progress, step, totalSteps, exitCode } = fields;
  if (typeof step === "number")
    parts.unshift(totalSteps === undefined ? `step ${step}` : `step ${step} of ${totalSteps}`);
  if (typeof progress === "number") parts.unshift(formatPercent(progress));
  if (typeof exitCode === "number") parts.push(`exit code ${exitCode}`);
  return parts.join(" · ");
}
