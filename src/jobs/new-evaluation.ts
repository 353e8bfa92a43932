// What an evaluation is made of when it is asked for.
import type { Evaluation, StartEvaluation } from "../../generated/ts/tidewire/v1/evaluation.js";
import { RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import type { Ensemble } from "../inference/ensemble.js";
import type { EvaluationTask } from "./evaluate.js";
import type { EvaluationFolder } from "./folder.js";
import type { InputFile } from "./input-file.js";
import { timestampNow } from "./time.js";
import { topicOf } from "./topic.js";

/** What is to be done. */
export function taskOf(
  request: StartEvaluation,
  ensemble: Ensemble,
  boosts: readonly boolean[],
  input: InputFile,
  folder: EvaluationFolder,
): EvaluationTask {
  return {
    ensemble,
    boosts,
    inputPath: input.path,
    inputBytes: input.bytes,
    resultPath: folder.resultPath,
    timeColumn: request.timeColumn,
    includeReadings: request.includeReadings ?? true,
  };
}

/** What is told of it before it has begun. */
export function newEvaluation(id: string, task: EvaluationTask, path?: string, fileName?: string): Evaluation {
  const { ensemble, boosts, inputBytes } = task;
  return {
    id,
    topic: topicOf(id),
    status: RunStatus.RUN_STATUS_QUEUED,
    ensembleName: ensemble.name,
    modelSha256: ensemble.manifest.sha256,
    signalsUsedBoost: ensemble.signals.filter((_, i) => boosts[i]),
    path,
    fileName,
    inputBytes,
    progress: 0,
    rows: 0,
    rowsSkipped: 0,
    quality: {},
    error: undefined,
    createdAt: timestampNow(),
    startedAt: undefined,
    finishedAt: undefined,
  };
}
