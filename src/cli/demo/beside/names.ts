// The topics that belong to the demo, and their numbers.
import type { TidewireClient, TopicSummary } from "@tidewire/client";

/** Training runs are demo-mlp-1, demo-mlp-2, …: multilayer perceptrons. */
export const RUN_PREFIX = "demo-mlp-";
/** A workflow's executions bear the numbers of their runs. */
export const WORKFLOW_ID = "demo-retrain";
export const PROJECT_ID = "demo";
export const EXPORT_PREFIX = "export-";
/** Evaluations are known by their files. */
export const TRAINING_FILE = "demo_training_rows.csv";
export const VALIDATION_FILE = "demo_validation_rows.csv";
/** Folder of the exports in the data directory. */
export const EXPORT_FOLDER = "exports/demo";

/** Patterns of the topics above. */
export const RUNS = "training.*";
export const EXECUTIONS = `workflow.${WORKFLOW_ID}.*`;
export const EXPORTS = `task.${PROJECT_ID}.*`;

/** Topics of one request for a list: the most that the server gives. */
const PAGE = 1000;

/** The demo's topics that match a pattern. @throws TidewireClientError */
export async function* demoTopics(client: TidewireClient, pattern: string): AsyncGenerator<TopicSummary> {
  let after: string | undefined;
  do {
    const page = await client.topics.list({ pattern, after, limit: PAGE });
    yield* page.topics.filter(({ topic }) => numberOf(topic) !== undefined);
    after = page.next;
  } while (after !== undefined);
}

/** A number that none of the topics has had, larger than all of theirs. @throws TidewireClientError */
export async function nextNumber(client: TidewireClient, ...patterns: readonly string[]): Promise<number> {
  let highest = 0;
  for (const pattern of patterns) {
    for await (const { topic } of demoTopics(client, pattern)) highest = Math.max(highest, numberOf(topic) ?? 0);
  }
  return highest + 1;
}

/** The number of a topic of the demo; undefined for any other. */
export function numberOf(topic: string): number | undefined {
  const heads = [`training.${RUN_PREFIX}`, `workflow.${WORKFLOW_ID}.`, `task.${PROJECT_ID}.${EXPORT_PREFIX}`];
  const head = heads.find((each) => topic.startsWith(each));
  const digits = head === undefined ? "" : topic.slice(head.length);
  return /^[1-9]\d{0,14}$/.test(digits) ? Number(digits) : undefined;
}
