// How far a life is: a bar with what it is about.
import { formatPercent } from "../format/numbers.js";
import { formatDuration } from "../format/time.js";
import { useNowMs } from "../ui/time.js";
import { type Life, leftMs } from "./life.js";

/** In a cell of a table: a bar, and behind it the share, or the place where the share is not known. */
export function LifeProgress({ life }: { readonly life: Life }) {
  const { progress, place, name, isEnded, shown } = life;
  if (progress === undefined && (isEnded || life.status === "queued" || life.family === "container"))
    return <span className="quiet">{place ?? "–"}</span>;
  return (
    <span className="life-progress" data-status={shown}>
      <span
        className="bar"
        role="progressbar"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={progress === undefined ? undefined : Math.round(progress)}
        aria-valuetext={[progress === undefined ? "" : formatPercent(progress), place].filter(Boolean).join(", ")}
        data-unknown={progress === undefined || undefined}
      >
        <span className="bar-fill" style={{ width: `${progress ?? 30}%` }} />
      </span>
      <span className="life-share">{progress === undefined ? (place ?? "") : formatPercent(progress)}</span>
    </span>
  );
}

/** Time left; "~" before what is only estimated. */
export function Left({ life }: { readonly life: Life }) {
  const now = useNowMs();
  const left = leftMs(life.state, life.progress, now);
  if (!left) return <span className="quiet">–</span>;
  return (
    <span title={left.isEstimate ? "Estimated from how long it took so far" : "As the run says"}>
      {left.isEstimate && "~"}
      {left.ms < 1000 ? "a moment" : formatDuration(left.ms)}
    </span>
  );
}
