// One line of a log.
import { memo } from "react";
import { formatClock, formatDateTime } from "../format/time.js";
import type { Line } from "./selection.js";
import { toReadable } from "./text.js";

/** Levels in a narrow column. */
const SHORT: Readonly<Record<Line["level"], string>> = {
  DEBUG: "DEBUG",
  INFO: "INFO",
  WARNING: "WARN",
  ERROR: "ERROR",
  CRITICAL: "CRIT",
};

interface RowProps {
  readonly line: Line;
  readonly isMarked: boolean;
  /** Whether it has room for one line of text only. */
  readonly isFlat?: boolean;
  readonly onMark: (seq: number) => void;
}

/** A press on its time marks it: the address then leads to this very line. */
export const Row = memo(function Row({ line, isMarked, isFlat = false, onMark }: RowProps) {
  const { seq, time, level, message, source } = line;
  const at = new Date(time);
  return (
    <div className="log-row" data-level={level} data-marked={isMarked || undefined}>
      <button
        type="button"
        tabIndex={-1}
        className="log-time"
        title={`${formatDateTime(at)}, line ${seq}: link to it`}
        onClick={() => onMark(seq)}
      >
        {formatClock(at)}
      </button>
      <span className="log-level">{SHORT[level]}</span>
      <span className="log-message">
        {source !== undefined && <span className="log-source">{source} </span>}
        {isFlat ? toReadable(message).replaceAll("\n", " ⏎ ") : toReadable(message)}
      </span>
    </div>
  );
});
