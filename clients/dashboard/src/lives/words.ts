// When something is worth saying to those who do not look at it.
import { formatPercent } from "../format/numbers.js";
import type { Life } from "./life.js";

/** Progress that is worth saying, in points. */
const STEP = 10;
/** Between two of these, at least, in milliseconds: who hears every step of what is quick hears nothing else. */
const SHORTEST_MS = 3_000;
/** Slow progress is said after this time, in milliseconds. */
const LONGEST_MS = 30_000;

/** What was said last. */
export interface Said {
  readonly status: Life["shown"];
  readonly percent: number;
  readonly atMs: number;
  /** Empty at first: what was so before anybody came is no news. */
  readonly words: string;
  /** Whether it cannot wait. */
  readonly isUrgent: boolean;
}

type Facts = Pick<Life, "name" | "shown" | "progress" | "place" | "message">;

/** What is to be said now; what was said last where that still holds. */
export function wordsFor(last: Said | undefined, facts: Facts, nowMs: number): Said {
  const { name, shown, progress = 0, place, message } = facts;
  const isUrgent = shown === "failed";
  const now = { status: shown, percent: progress, atMs: nowMs, isUrgent };
  if (last === undefined) return { ...now, words: "", isUrgent: false };
  if (shown !== last.status) return { ...now, words: sentence(name, shown, isUrgent ? message : undefined) };
  const [moved, waitedMs] = [progress - last.percent, nowMs - last.atMs];
  const isDue = (moved >= STEP && waitedMs >= SHORTEST_MS) || (moved >= 1 && waitedMs >= LONGEST_MS);
  if (shown !== "running" || !isDue) return last;
  return { ...now, words: `${name}: ${[formatPercent(progress), place].filter(Boolean).join(", ")}` };
}

function sentence(name: string, status: Life["shown"], why: string | undefined): string {
  const word = status === "cancelling" ? "cancel requested" : (status ?? "unknown");
  return `${name}: ${word}${why === undefined ? "" : `. ${why}`}`;
}
