// The watcher's screen: a board as lines for a terminal of a given size. Pure.
import { count } from "./numbers.js";
import { fit, type Palette, widthOf } from "./terminal.js";
import { type Board, type BoardLine, endOf, MAX_TOPICS } from "./watch-board.js";
import type { TopicRow } from "./watch-row.js";
import {
  clean,
  joined,
  levelText,
  metricsText,
  NO_EVENTS,
  ofTotal,
  percent,
  span,
  statusText,
  timeOfDay,
} from "./watch-text.js";

/** How long it is said that nothing was missed, in milliseconds. */
const RESUMED_SHOWN_MS = 10_000;
/** Share of the screen that topics leave to lines, when there are more topics than fit. */
const LINES_SHARE = 0.4;
/** Widest column of topics, as a share of the screen. */
const TOPIC_SHARE = 0.4;
const MIN_TOPIC = 12;
const STATUS_CELLS = "completed".length;
/** Lines above the topics, and between them and the lines below. */
const HEAD_LINES = 3;

/** A terminal at an instant. */
export interface Surface {
  readonly columns: number;
  readonly rows: number;
  readonly nowMs: number;
}

/** The whole screen: at most `rows` lines, the newest line at the bottom. */
export function screenLines(board: Board, surface: Surface, paint: Palette): string[] {
  const width = surface.columns - 2;
  const room = Math.max(0, surface.rows - HEAD_LINES);
  const rows = inOrder(board.rows);
  const forLines = board.lines.length === 0 ? 0 : Math.min(board.lines.length + 1, Math.floor(room * LINES_SHARE));
  const topics = topicLines(rows, board, width, Math.max(1, room - forLines), surface.nowMs, paint);
  const space = room - topics.length;
  const lines = space > 1 && board.lines.length > 0 ? newestLines(board, width, space, paint) : [];
  const below = [...topics, ...lines].map((line) => (line === "" ? "" : ` ${line}`));
  return [...headLines(board, rows, surface, paint), ...below].slice(0, surface.rows);
}

// ---- the head ----

/** What is watched, how the connection is, how many of what: {@link HEAD_LINES} lines. */
export function headLines(board: Board, rows: readonly TopicRow[], surface: Surface, paint: Palette): string[] {
  const width = surface.columns - 2;
  return [` ${headLine(board, surface, width, paint)}`, ` ${countLine(board, rows, width, paint)}`, ""];
}

function headLine({ patterns, url, link, linkMs }: Board, { nowMs }: Surface, width: number, paint: Palette): string {
  const state = linkText(link, nowMs - linkMs, paint);
  const left = `${paint.bold("watch")} ${patterns.join(" ")}  ${paint.dim(url)}`;
  return apart(fit(left, Math.max(1, width - widthOf(state) - 2)), state, width);
}

/** How the connection is, and for how long. */
export function linkText(link: Board["link"], sinceMs: number, paint: Palette): string {
  switch (link.is) {
    case "connected":
      return paint.good(link.overHttp ? "connected over HTTP" : "connected");
    case "resumed":
      return paint.good(sinceMs < RESUMED_SHOWN_MS ? "resumed, nothing missed" : "connected");
    case "reconnecting":
      return paint.bad(`reconnecting for ${span(sinceMs)}: ${clean(link.reason)}`);
    default:
      return paint.warn(link.is);
  }
}

function countLine({ gaps, skipped, isFull }: Board, rows: readonly TopicRow[], width: number, paint: Palette): string {
  const counts = new Map<string, number>();
  for (const { status } of rows) if (status) counts.set(status, (counts.get(status) ?? 0) + 1);
  const left = joined([
    `${count(rows.length)} topic${rows.length === 1 ? "" : "s"}`,
    ...[...counts].map(([status, of]) => `${of} ${status}`),
    isFull ? paint.warn(`more than ${count(MAX_TOPICS)}: not all are shown`) : undefined,
    gaps === 0 ? undefined : paint.warn(`${count(gaps)} gap${gaps === 1 ? "" : "s"}, ${count(skipped)} events skipped`),
  ]);
  return apart(left, paint.dim("q quits"), width);
}

// ---- topics ----

/** What runs on top, by name; what has ended below, the last first. */
export function inOrder(rows: Iterable<TopicRow>): TopicRow[] {
  return [...rows].sort(
    (a, b) => rankOf(a) - rankOf(b) || (a.isEnded ? endOf(b) - endOf(a) : 0) || (a.topic < b.topic ? -1 : 1),
  );
}

function rankOf({ status, isEnded }: TopicRow): number {
  if (isEnded) return 5;
  return status === undefined ? 4 : ["running", "lost", "paused", "queued"].indexOf(status);
}

/** A line a topic, at most `room` of them. */
export function topicLines(
  rows: readonly TopicRow[],
  board: Board,
  width: number,
  room: number,
  nowMs: number,
  paint: Palette,
): string[] {
  if (rows.length === 0) return [paint.dim(board.link.is === "connecting" ? "" : "nothing yet: waiting for events")];
  const shown = rows.length <= room ? rows : rows.slice(0, Math.max(1, room - 1));
  const longest = Math.max(...shown.map(({ topic }) => topic.length));
  const topicCells = Math.min(longest, Math.max(MIN_TOPIC, Math.floor(width * TOPIC_SHARE)));
  const lines = shown.map((row) => topicLine(row, topicCells, barCells(width), nowMs, paint));
  const hidden = rows.length - shown.length;
  return hidden === 0 ? lines : [...lines, paint.dim(`and ${count(hidden)} more`)];
}

function topicLine(row: TopicRow, topicCells: number, bar: number, nowMs: number, paint: Palette): string {
  const topic = fit(row.topic, topicCells).padEnd(topicCells);
  const { percent: done } = row;
  const share = (done === undefined ? "" : percent(done)).padStart("99.9%".length);
  const facts = factsOf(row, nowMs);
  const rest = row.isEnded ? paint.dim(`${share}  ${facts}`) : `${share}  ${facts}`;
  const name = row.isEnded ? paint.dim(topic) : topic;
  const cells = bar === 0 ? "" : `${barText(row, done, bar, paint)} `;
  return `${statusText(row.status, paint, STATUS_CELLS)} ${name} ${cells}${rest}`.trimEnd();
}

function barText({ isEnded, status }: TopicRow, done: number | undefined, cells: number, paint: Palette): string {
  if (done === undefined) return " ".repeat(cells);
  const full = Math.floor((Math.min(100, Math.max(0, done)) / 100) * cells);
  const colour = status === "failed" || status === "lost" ? paint.bad : isEnded ? paint.dim : paint.good;
  return colour("━".repeat(full)) + paint.dim("─".repeat(cells - full));
}

function barCells(width: number): number {
  return width >= 100 ? 20 : width >= 70 ? 10 : 0;
}

/** What there is to say of a topic, what matters most first: the edge of the screen cuts the rest. */
function factsOf(row: TopicRow, nowMs: number): string {
  const { error, status, etaMs, message, stage, exitCode } = row;
  const left = etaMs === undefined || row.isEnded ? undefined : `eta ${span(etaMs - nowMs)}`;
  const epoch = ofTotal(row.epoch, row.totalEpochs);
  const step = ofTotal(row.step, row.totalSteps);
  if (row.updatedAt === undefined) return NO_EVENTS;
  return joined([
    status === "failed" && error ? clean(error) : undefined,
    exitCode === undefined ? undefined : `exit code ${exitCode}`,
    row.isCancelRequested && !row.isEnded ? "asked to stop" : undefined,
    epoch && `epoch ${epoch}`,
    step && `step ${step}`,
    left,
    stage && clean(stage),
    row.load,
    metricsText(row.metrics),
    message && message !== error ? clean(message) : undefined,
  ]);
}

// ---- lines ----

function newestLines({ lines, patterns }: Board, width: number, space: number, paint: Palette): string[] {
  // Where one topic is watched, its name says nothing.
  const isOne = patterns.length === 1 && !/[*>]/.test(patterns[0] ?? "");
  const newest = lines.slice(-(space - 1));
  return [paint.dim("─".repeat(width)), ...newest.map((line) => lineText(line, isOne, paint))];
}

function lineText({ at, topic, kind, text }: BoardLine, isOne: boolean, paint: Palette): string {
  const time = Number.isNaN(at.getTime()) ? "--:--:--" : timeOfDay(at);
  const where = isOne ? "" : `${paint.dim(topic)} `;
  const what =
    kind === "event" ? paint.dim("event   ") : kind === "gap" ? paint.warn("gap     ") : levelText(kind, paint);
  return `${paint.dim(time)} ${what} ${where}${kind === "gap" ? paint.warn(text) : text}`;
}

/** One text at the left edge, one at the right; the left one is cut where both do not fit. */
export function apart(left: string, right: string, width: number): string {
  const space = width - widthOf(left) - widthOf(right);
  if (space >= 2) return left + " ".repeat(space) + right;
  return fit(`${left}  ${right}`, width);
}
