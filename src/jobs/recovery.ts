// What becomes of an evaluation that an earlier process has left.
import { RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import { TidewireError } from "../errors.js";
import { toErrorMessage } from "./job.js";
import type { KeptEvaluation } from "./store.js";
import { timestampNow } from "./time.js";
import { type EvaluationTopic, isEnd } from "./topic.js";

/**
 * One that had not ended has failed now, and its topic is told. One that had is told again only where the topic lacks the
 * end: a topic that the log has forgotten since stays forgotten.
 */
export async function recoverEvaluation(
  kept: KeptEvaluation,
  topic: EvaluationTopic,
  told: RunStatus | undefined,
): Promise<void> {
  const { evaluation } = kept;
  const hadEnded = isEnd(evaluation.status);
  if (!hadEnded) await failedByRestart(kept);
  if (hadEnded && told === undefined) return;
  const { status, message = "" } = evaluation;
  if (isEnd(status)) await topic.endedBefore(told, status, message);
}

/** What it had begun is removed. */
async function failedByRestart({ evaluation, folder }: KeptEvaluation): Promise<void> {
  const error = new TidewireError("SHUTTING_DOWN", "the server was restarted");
  evaluation.status = RunStatus.RUN_STATUS_FAILED;
  evaluation.message = error.message;
  evaluation.error = toErrorMessage(error);
  evaluation.stage = undefined;
  evaluation.finishedAt = timestampNow();
  await folder.tidy(false);
  await folder.save(evaluation);
}
