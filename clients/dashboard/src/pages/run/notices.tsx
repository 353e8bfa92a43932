// What must be known of a run before anything else is read: it is lost, it has failed, something is missing.
import type { TrainingView } from "@tidewire/react";
import { formatCount } from "../../format/numbers.js";
import { formatDateTime } from "../../format/time.js";
import { Notice } from "../../ui/notice.js";

interface NoticesProps {
  readonly run: Pick<TrainingView, "status" | "gap" | "error"> & {
    /** Why it failed. */
    readonly why: string | undefined;
    /** When the server gave it up. */
    readonly lostAt: Date | undefined;
  };
  /** What the reader asked for and did not get. */
  readonly problem: string | undefined;
}

export function Notices({ run, problem }: NoticesProps) {
  const { status, why, lostAt, gap, error } = run;
  return (
    <>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {error && <Notice tone="bad">This run is not followed any more: {error.message}</Notice>}
      {status === "lost" && (
        <Notice tone="lost">
          <b>Nothing has been heard of this run for longer than its lease.</b>{" "}
          {lostAt && `The server gave it up at ${formatDateTime(lostAt)}. `}It is not known to have failed: with its
          next word it runs again.
        </Notice>
      )}
      {status === "failed" && (
        <Notice tone="bad">
          <b>The run has failed.</b> {why}
        </Notice>
      )}
      {gap && (
        <Notice tone="warn">
          <b>{gap.skipped > 0 ? `${formatCount(gap.skipped)} events were skipped` : "Events may be missing"}</b> (
          {GAPS[gap.reason] ?? gap.reason}). The state is right; what is missing between is loaded where the server
          still has it.
        </Notice>
      )}
    </>
  );
}

const GAPS: Readonly<Record<string, string>> = {
  slow_consumer: "this page was too slow for them",
  retention: "the server no longer keeps them",
  restart: "the server began a new history",
  position_lost: "the server could not go on from where this page was",
};
