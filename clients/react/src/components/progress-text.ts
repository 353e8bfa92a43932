// How far something is, in words.
import type { RunStatus } from "@tidewire/client";
import { formatDuration, formatPercent } from "./format.js";

/** What is known of it. */
export interface Facts {
  readonly status?: RunStatus | undefined;
  readonly progress?: number | undefined;
  readonly step?: number | undefined;
  readonly totalSteps?: number | undefined;
  readonly epoch?: number | undefined;
  readonly totalEpochs?: number | undefined;
  readonly etaSeconds?: number | undefined;
}

/** "Running"; nothing is said of what has no status. */
export function statusText(status: RunStatus | undefined): string {
  return status ? status[0]?.toUpperCase() + status.slice(1) : "No status";
}

/** "epoch 3 of 10", "step 3 of 10", "step 3" */
export function stepText({ step, totalSteps, epoch, totalEpochs }: Facts): string | undefined {
  if (epoch !== undefined) return count("epoch", epoch, totalEpochs);
  return step === undefined ? undefined : count("step", step, totalSteps);
}

/** "epoch 3 of 10, 27 %, about 4 min left" */
export function progressText(facts: Facts): string {
  const { progress, etaSeconds, status } = facts;
  const said = [
    stepText(facts),
    progress === undefined ? undefined : formatPercent(progress),
    etaSeconds === undefined ? undefined : etaText(etaSeconds),
  ].filter((each) => each !== undefined);
  return said.length > 0 ? said.join(", ") : statusText(status).toLowerCase();
}

/** "about 4 min left"; nobody needs the seconds of hours. */
export function etaText(seconds: number): string {
  const rounded = seconds < 60 ? Math.ceil(seconds / 5) * 5 : Math.round(seconds / 60) * 60;
  return `about ${formatDuration(rounded)} left`;
}

/** How much is done, as far as it can be told: of what tells its epochs or steps alone, those that are over. */
export function percentOf(facts: Facts): number | undefined {
  if (facts.status === "completed") return 100;
  const { progress, epoch, totalEpochs, step, totalSteps } = facts;
  const told = progress ?? share(epoch, totalEpochs) ?? share(step === undefined ? step : step - 1, totalSteps);
  return told === undefined ? undefined : Math.min(100, Math.max(0, told));
}

function share(done: number | undefined, of: number | undefined): number | undefined {
  return done === undefined || !of ? undefined : (100 * done) / of;
}

function count(what: string, at: number, of: number | undefined): string {
  return of === undefined ? `${what} ${at}` : `${what} ${at} of ${of}`;
}
