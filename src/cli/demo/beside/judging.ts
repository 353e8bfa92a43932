// Evaluations that the server runs for the demo: its ensemble over rows of the demo's CSV.
import { readFile } from "node:fs/promises";
import { type Evaluation, TidewireClientError } from "@tidewire/client";
import { CommandError } from "../../context.js";
import { Halt } from "./halt.js";
import { isRefused, type Life } from "./life.js";
import { TRAINING_FILE, VALIDATION_FILE } from "./names.js";
import type { Setting } from "./setting.js";

const NEWLINE = 10;

/** The demo's rows as two files, each with the header. */
export interface RowFiles {
  readonly training: File;
  readonly validation: File;
}

/** Cuts a CSV behind its first `border` rows, without a look at them: a row is a line there. */
export async function splitRows(path: string, border: number): Promise<RowFiles> {
  const bytes = await readFile(path);
  const headEnd = bytes.indexOf(NEWLINE) + 1;
  let at = headEnd;
  for (let row = 0; row < border && at < bytes.length; row += 1) at = bytes.indexOf(NEWLINE, at) + 1;
  const head = bytes.subarray(0, headEnd);
  const file = (name: string, rows: Buffer) => new File([head, rows], name, { type: "text/csv" });
  return {
    training: file(TRAINING_FILE, bytes.subarray(headEnd, at)),
    validation: file(VALIDATION_FILE, bytes.subarray(at)),
  };
}

/**
 * Has the server judge its ensemble on the rows of a file.
 *
 * @returns the evaluation, completed
 * @throws Halt when the work ends meanwhile: the evaluation is cancelled then; or when somebody has stopped it; CommandError when it has failed
 */
export async function judge({ client, ensemble, activity }: Setting, file: File, life: Life): Promise<Evaluation> {
  life.signal.throwIfAborted();
  const { id, topic } = await client.evaluations.start({ ensembleName: ensemble, file });
  activity.evaluation = { topic, at: "running" };
  try {
    await ended(client, id, life.signal);
  } catch (error) {
    if (life.signal.aborted) await client.evaluations.cancel(id, life.signal.reason.message).catch(ignoreRefusal);
    throw error;
  } finally {
    activity.evaluation = undefined;
  }
  const evaluation = await client.evaluations.get(id);
  if (evaluation.status === "completed") return evaluation;
  if (evaluation.status === "stopped") throw new Halt("elsewhere", `${topic} was stopped`);
  throw new CommandError(`${topic}: ${evaluation.message ?? "it has failed"}`);
}

/** Resolves when the evaluation has ended, however. @throws the signal's reason, TidewireClientError */
function ended(client: Setting["client"], evaluationId: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => done(() => reject(signal.reason));
    const done = (settle: () => void): void => {
      signal.removeEventListener("abort", aborted);
      subscription.unsubscribe();
      settle();
    };
    const subscription = client.getProgress().subscribeToEvaluation({
      evaluationId,
      onComplete: () => done(resolve),
      onFailed: () => done(resolve),
      onCancelled: () => done(resolve),
      onError: (error) => done(() => reject(error)),
    });
    signal.addEventListener("abort", aborted);
    if (signal.aborted) aborted();
  });
}

/** It has ended by itself meanwhile, or somebody has removed it. */
function ignoreRefusal(error: unknown): void {
  const isGone = error instanceof TidewireClientError && error.code === "TASK_NOT_FOUND";
  if (!isGone && !isRefused(error)) throw error;
}
