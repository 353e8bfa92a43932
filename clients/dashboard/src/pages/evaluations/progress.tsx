// How far an evaluation is.
import { formatCount } from "../../format/numbers.js";
import { formatDuration } from "../../format/time.js";
import type { LiveEvaluation } from "./use-evaluations.js";

interface ProgressProps {
  readonly evaluation: LiveEvaluation;
  /** In a row of a table. */
  readonly isSmall?: boolean;
}

export function Progress({ evaluation, isSmall = false }: ProgressProps) {
  const { progress, live } = evaluation;
  const stage = live?.stage ?? evaluation.stage ?? evaluation.status;
  const percent = `${Math.floor(progress)} %`;
  return (
    <div className="evaluations-progress" data-small={isSmall || undefined}>
      <div
        className="evaluations-track"
        role="progressbar"
        aria-label="Progress of the evaluation"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(progress)}
        aria-valuetext={`${stage}, ${percent}`}
      >
        <span style={{ width: `${progress}%` }} />
      </div>
      <span className="evaluations-progress-text">
        <b>{percent}</b> {stage}
        {!isSmall && live?.completed !== undefined && <> · {formatCount(live.completed)} rows</>}
        {!isSmall && live?.etaSeconds !== undefined && <> · {formatDuration(live.etaSeconds * 1000)} left</>}
      </span>
    </div>
  );
}
