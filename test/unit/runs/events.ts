// Publishes in short, for the tests of runs: the type as JSON names it, for status_changed with the status.
import type { RunStatus } from "../../../generated/ts/tidewire/v1/events.js";
import type { Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import { type Case, FAMILIES, type FamilyName, type Kind, typeOf } from "../../../src/runs/families.js";
import { createMessage, planOf } from "../../../src/wire/plan.js";

/** A topic of each family. */
export const TOPICS = {
  system: "system.host",
  training: "training.exp",
  evaluation: "evaluation.ev",
  task: "task.p.t",
  workflow: "workflow.w.e",
  container: "container.p.c",
} as const satisfies Record<FamilyName, string>;

export const FAMILY_NAMES = Object.keys(FAMILIES) as FamilyName[];

/** Every case that any family takes. */
export const CASES: readonly Case[] = [...new Set(FAMILY_NAMES.flatMap((name) => [...FAMILIES[name].cases]))];

const BY_TYPE = new Map(CASES.map((name) => [typeOf(name), name]));

/** JSON names of the statuses, by number. */
export const STATUS_NAMES = ["none", "queued", "running", "paused", "completed", "failed", "stopped", "lost"] as const;
export type StatusName = (typeof STATUS_NAMES)[number];

export function statusOf(name: string): RunStatus | undefined {
  const found = STATUS_NAMES.indexOf(name as StatusName);
  if (found < 0) throw new Error(`no status ${name}`);
  return found === 0 ? undefined : (found as RunStatus);
}

/**
 * A publish without a timestamp.
 *
 * @param said "log", "status_changed running"
 */
export function event(topic: string, said: string, more: Partial<Publish> = {}): Publish {
  const [type = "", status] = said.split(" ");
  const $case = BY_TYPE.get(type);
  const plan = $case && planOf("Publish").byCase.get($case)?.plan;
  if (!plan) throw new Error(`no type ${type}`);
  const value = createMessage(plan);
  if (status !== undefined) value.status = statusOf(status);
  if (type === "metrics") value.metrics = { loss: 1 };
  return { topic, timestamp: undefined, kind: { $case, value } as unknown as Kind, ...more };
}
