// One evaluation's life: queued, running, ended, each told to its topic and kept in its folder.
import type { Logger } from "pino";
import type { Error as ErrorMessage } from "../../generated/ts/tidewire/v1/error.js";
import type { Evaluation } from "../../generated/ts/tidewire/v1/evaluation.js";
import { type Progress, RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import { TidewireError } from "../errors.js";
import { toTidewireError } from "../machine-faults.js";
import {
  type EvaluationOutcome,
  type EvaluationTask,
  type EvaluationWatch,
  evaluate,
  STAGES,
  type Stage,
} from "./evaluate.js";
import type { EvaluationFolder } from "./folder.js";
import type { Place } from "./queue.js";
import { timestampNow } from "./time.js";
import type { EndStatus, EvaluationTopic } from "./topic.js";

/** An estimate of the time left is told after so long: earlier it would only be noise. */
const ETA_AFTER_MS = 1_000;
/** As far as it is before its result is in place. */
const NOT_DONE = 99;

/** What the system says when the disk takes no more. */
const DISK_FULL = ["ENOSPC", "EDQUOT", "EFBIG"];
/** What it says of a file that was there when the evaluation was asked for. */
const FILE_GONE = ["ENOENT", "ENOTDIR", "ELOOP", "EACCES", "EISDIR"];

/** Somebody wants it to stop; the message says who. */
export class StopRequest extends Error {
  override readonly name = "StopRequest";
}

/** What a job works with. */
export interface JobParts {
  /** What GET tells; changed here as it goes on. */
  readonly evaluation: Evaluation;
  readonly task: EvaluationTask;
  readonly folder: EvaluationFolder;
  readonly topic: EvaluationTopic;
  readonly place: Place;
  readonly log: Logger;
}

/** Runs one evaluation, once. */
export class EvaluationJob implements EvaluationWatch {
  readonly #parts: JobParts;
  readonly #abort = new AbortController();
  #stage: Stage = "reading";
  #sinceMs = 0;

  constructor(parts: JobParts) {
    this.#parts = parts;
  }

  /** Makes it end as soon as it can: with a {@link StopRequest} as stopped, with any other reason as failed. Idempotent. */
  stop(reason: StopRequest | TidewireError): void {
    this.#abort.abort(reason);
  }

  /** Waits for its turn and runs. Never rejects; once it resolves, its end is kept and told. */
  async run(): Promise<void> {
    const { place, task } = this.#parts;
    try {
      await place.turn(this.#abort.signal);
      await this.#begin();
      await this.#complete(await evaluate(task, this, this.#abort.signal));
    } catch (error) {
      await this.#endBadly(error);
    } finally {
      place.leave();
    }
  }

  async #begin(): Promise<void> {
    const { evaluation, folder, topic } = this.#parts;
    evaluation.status = RunStatus.RUN_STATUS_RUNNING;
    evaluation.startedAt = timestampNow();
    await folder.save(evaluation);
    await topic.running();
  }

  entered(stage: Stage): void {
    this.#stage = stage;
    this.#sinceMs = performance.now();
    this.#parts.evaluation.stage = stage;
    this.#parts.topic.progress(this.#progress(), true);
  }

  advanced(bytesRead: number, rows: number, rowsSkipped: number): void {
    const { evaluation, topic } = this.#parts;
    evaluation.progress = Math.min(NOT_DONE, (bytesRead / evaluation.inputBytes) * 100);
    evaluation.rows = rows;
    evaluation.rowsSkipped = rowsSkipped;
    topic.progress(this.#progress(), false);
  }

  #progress(): Progress {
    const { status, progress, rows, rowsSkipped } = this.#parts.evaluation;
    const completed = rows + rowsSkipped;
    return {
      status,
      progress,
      step: STAGES.indexOf(this.#stage) + 1,
      totalSteps: STAGES.length,
      stage: this.#stage,
      message: `${rows} rows predicted${rowsSkipped > 0 ? `, ${rowsSkipped} skipped` : ""}`,
      // The count of all rows is an estimate, by bytes, until the file has been read.
      details: {
        current: completed,
        completed,
        total:
          completed > 0 && progress > 0 ? Math.max(completed, Math.round(completed / (progress / 100))) : undefined,
      },
      etaSeconds: this.#etaSeconds(progress),
    };
  }

  #etaSeconds(progress: number): number | undefined {
    const elapsedMs = performance.now() - this.#sinceMs;
    if (this.#stage !== "predicting" || elapsedMs < ETA_AFTER_MS || progress <= 0) return undefined;
    return Math.round((elapsedMs * (100 - progress)) / progress / 100) / 10;
  }

  async #complete(outcome: EvaluationOutcome): Promise<void> {
    const { evaluation } = this.#parts;
    Object.assign(evaluation, outcome, { progress: 100 });
    const total = outcome.rows + outcome.rowsSkipped;
    const details = { current: total, completed: total, total };
    await this.#end(RunStatus.RUN_STATUS_COMPLETED, outcome.message, { ...this.#progress(), details });
  }

  async #endBadly(thrown: unknown): Promise<void> {
    const { evaluation, log } = this.#parts;
    const { signal } = this.#abort;
    // Whatever came of it: once it was told to stop, that is why it ended.
    const reason = signal.aborted ? signal.reason : thrown;
    if (reason instanceof StopRequest) return this.#end(RunStatus.RUN_STATUS_STOPPED, reason.message);
    const error = toFailure(reason);
    if (error.cause !== undefined) log.error({ err: error.cause, evaluation: evaluation.id }, "an evaluation failed");
    evaluation.error = toErrorMessage(error);
    await this.#end(RunStatus.RUN_STATUS_FAILED, error.message);
  }

  /** Kept before it is told: after a kill in between, the next start tells it. */
  async #end(status: EndStatus, message: string, last?: Progress): Promise<void> {
    const { evaluation, folder, topic, log } = this.#parts;
    evaluation.status = status;
    evaluation.message = message;
    evaluation.stage = undefined;
    evaluation.finishedAt = timestampNow();
    try {
      await folder.tidy(status === RunStatus.RUN_STATUS_COMPLETED);
      await folder.save(evaluation);
    } catch (error) {
      log.error({ err: error, evaluation: evaluation.id }, "an evaluation's end could not be kept");
    }
    await topic.ended(status, message, last);
  }
}

/** What a client is told of a failure. */
function toFailure(thrown: unknown): TidewireError {
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (thrown instanceof TidewireError) return thrown;
  const options = { cause: thrown };
  if (DISK_FULL.includes(code)) return new TidewireError("INTERNAL_ERROR", "the disk is full", undefined, options);
  if (FILE_GONE.includes(code)) {
    return new TidewireError("INVALID_PATH", "the file cannot be opened any more", { field: "path" }, options);
  }
  return toTidewireError(thrown);
}

/** An error as an evaluation keeps it. */
export function toErrorMessage(error: TidewireError): ErrorMessage {
  return {
    errorCode: error.row.wireNumber as ErrorMessage["errorCode"],
    message: error.message,
    details: error.details === undefined ? undefined : { ...error.details },
    retryable: error.retryable,
    retryAfterMs: error.retryAfterMs,
  };
}
