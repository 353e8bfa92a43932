// What stays of former runs: the newest; and nothing that seems to go on after its process has died.
import { type RunStatus, type TidewireClient, TidewireClientError } from "@tidewire/client";
import { isRefused } from "./life.js";
import { demoTopics, EXECUTIONS, EXPORTS, numberOf, RUNS, TRAINING_FILE, VALIDATION_FILE } from "./names.js";

/** Ended runs that are kept, with their curves; enough to compare the choices of hyperparameters. */
const KEPT_RUNS = 10;
/** Ended evaluations of the demo that are kept: two for each of the newest runs. */
const KEPT_EVALUATIONS = 6;

const GOING: ReadonlySet<RunStatus | undefined> = new Set<RunStatus>(["queued", "running", "paused", "lost"]);
const DIED = "the demo that did it has died";

/** Says of what an earlier demo has left without a word that it has failed. A data directory has one server, so none lives. @throws TidewireClientError */
export async function endOrphans(client: TidewireClient): Promise<void> {
  const { training, events } = client;
  await each(client, RUNS, (topic) => training.setStatus(idOf(topic), "failed", DIED));
  await each(client, EXECUTIONS, (topic) => events.publish(topic, { type: "workflow_execution_failed", error: DIED }));
  await each(client, EXPORTS, (topic) => events.publish(topic, { type: "task_failed", error: DIED }));
}

async function each(client: TidewireClient, pattern: string, end: (topic: string) => Promise<unknown>): Promise<void> {
  for await (const { topic, status } of demoTopics(client, pattern)) if (GOING.has(status)) await end(topic);
}

/** Removes all ended runs and evaluations of the demo but the newest. @throws TidewireClientError */
export async function keepNewest(client: TidewireClient): Promise<void> {
  const runs: string[] = [];
  for await (const { topic, status } of demoTopics(client, RUNS)) if (!GOING.has(status)) runs.push(topic);
  runs.sort((a, b) => (numberOf(b) ?? 0) - (numberOf(a) ?? 0));
  for (const topic of runs.slice(KEPT_RUNS)) await unlessGone(client.training.remove(idOf(topic)));

  const files: ReadonlySet<string | undefined> = new Set([TRAINING_FILE, VALIDATION_FILE]);
  const evaluations = await client.evaluations.list();
  const ours = evaluations.filter(({ fileName, status }) => files.has(fileName) && !GOING.has(status));
  for (const { id } of ours.slice(KEPT_EVALUATIONS)) await unlessGone(client.evaluations.remove(id));
}

/** Somebody else may have removed it first. */
async function unlessGone(removal: Promise<void>): Promise<void> {
  await removal.catch((error) => {
    const isGone = error instanceof TidewireClientError && error.code === "TASK_NOT_FOUND";
    if (!isGone && !isRefused(error)) throw error;
  });
}

function idOf(topic: string): string {
  return topic.slice(topic.indexOf(".") + 1);
}
