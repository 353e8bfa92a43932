// How far a life is: a bar with what it is about.
import { ProgressBar } from "@tidewire/react";
import { formatPercent } from "../format/numbers.js";
import { formatDuration } from "../format/time.js";
import { useNowMs } from "../ui/time.js";
import { type Life, leftMs } from "./life.js";

/** In a cell of a table: a bar, and behind it the share, or the place where the share is not known. */
export function LifeProgress({ life }: { readonly life: Life }) {
  const { progress, place, name, shown } = life;
  if (progress === undefined && (life.status !== "running" || life.family === "container"))
    return <span className="quiet">{place ?? "–"}</span>;
  return (
    <span className="life-progress" data-status={shown}>
      <ProgressBar hidesLabel label={name} value={progress} status={life.status} valueText={textOf(life)} />
      <span className="life-share">{progress === undefined ? (place ?? "") : formatPercent(progress)}</span>
    </span>
  );
}

/** What is read aloud: "27 %, epoch 3 of 10". */
export function textOf({ progress, place, stage }: Life): string | undefined {
  const parts = [progress === undefined ? undefined : formatPercent(progress), place, stage].filter(Boolean);
  return parts.length === 0 ? undefined : parts.join(", ");
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
