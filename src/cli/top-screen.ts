// The screen of `tidewire top`: the board as lines for a terminal of a given size. Pure.
import { count } from "./numbers.js";
import { fit, type Palette } from "./terminal.js";
import { type HostRow, staleMs, type TopBoard } from "./top-board.js";
import { hostLines, hostName, serverLines } from "./top-host.js";
import type { Sessions } from "./top-sessions.js";
import { ms, wrapped } from "./top-text.js";
import { apart, inOrder, linkText, type Surface, topicLines } from "./watch-screen.js";
import { clean, joined, loadText, span } from "./watch-text.js";

/** Sessions that are listed; the others are counted. */
const MAX_SESSIONS = 5;
/** Names of ensembles and of other hosts. */
const NAME_CELLS = 20;

/** The whole screen: at most `rows` lines; runs get what the host and the sessions leave. */
export function topLines(board: TopBoard, surface: Surface, paint: Palette): string[] {
  const width = surface.columns - 2;
  const [own, ...others] = board.hosts(surface.nowMs);
  const above = [
    ...headLines(board, own, width, surface.nowMs, paint),
    ...(own ? ownLines(own, width, surface.nowMs, paint) : [paint.dim(waiting(board))]),
    ...others.map((host) => otherLine(host, surface.nowMs, paint)),
    ...sessionLines(board.sessions, width, surface.nowMs, paint),
  ];
  const room = Math.max(1, surface.rows - above.length - 2);
  const lines = [...above, ...runLines(board, width, room, surface.nowMs, paint)];
  return lines.slice(0, surface.rows).map((line) => (line === "" ? "" : ` ${fit(line, width)}`));
}

function headLines(
  { url, runs }: TopBoard,
  own: HostRow | undefined,
  width: number,
  nowMs: number,
  paint: Palette,
): string[] {
  const state = linkText(runs.link, nowMs - runs.linkMs, paint);
  const name = own ? hostName(own.load, own.topic) : "";
  return [apart(`${paint.bold("top")} ${paint.dim(url)}`, state, width), apart(name, paint.dim("q quits"), width), ""];
}

function waiting({ runs }: TopBoard): string {
  return runs.link.is === "connected" || runs.link.is === "resumed" ? "waiting for the first sample" : "";
}

/** The server's host; figures that are old are set back, and it is said how old. */
function ownLines(host: HostRow, width: number, nowMs: number, paint: Palette): string[] {
  const { load } = host;
  const old = staleMs(host, nowMs);
  const isOld = old > 0;
  const told = isOld ? plain(paint) : paint;
  const lines = [...hostLines(load, width, told), ...(load.server ? ["", ...serverLines(load.server, width)] : [])];
  return isOld ? [paint.warn(`as it was ${span(old)} ago`), ...lines.map(paint.dim)] : lines;
}

/** No colours: what is old must not look alive. */
function plain({ dim }: Palette): Palette {
  const same = (text: string): string => text;
  return { bold: same, dim, good: same, warn: same, bad: same };
}

/** Another host that publishes its load, in one line. */
function otherLine(host: HostRow, nowMs: number, paint: Palette): string {
  const old = staleMs(host, nowMs);
  const name = clean(host.load.hostname ?? host.topic).padEnd(NAME_CELLS);
  const text = `${name} ${loadText(host.load)}`;
  return old > 0 ? paint.dim(`${text}  ${span(old)} ago`) : text;
}

function sessionLines(sessions: Sessions | undefined, width: number, nowMs: number, paint: Palette): string[] {
  if (!sessions) return [];
  const { connections, total_predictions: total, average_latency_ms: latencyMs } = sessions;
  const facts = [
    count(connections.length),
    `${count(total)} readings predicted`,
    total > 0 ? `mean latency ${ms(latencyMs)}` : undefined,
  ];
  const head = wrapped(paint.bold("Sessions"), facts, width);
  const busiest = [...connections].sort((a, b) => b.predictions_count - a.predictions_count);
  const shown = busiest.slice(0, MAX_SESSIONS).map((session) => {
    const { predictions_count: readings, connected_at: since, mode } = session;
    const open = since === undefined ? undefined : `open ${span(nowMs - Date.parse(since))}`;
    const name = fit(clean(session.ensemble_name), NAME_CELLS).padEnd(NAME_CELLS);
    return `${name} ${joined([`${count(readings)} readings`, open, mode])}  ${paint.dim(clean(session.session_id))}`;
  });
  const hidden = connections.length - shown.length;
  return ["", ...head, ...shown, ...(hidden > 0 ? [paint.dim(`and ${count(hidden)} more`)] : [])];
}

/** What is under way; what has ended is counted. */
function runLines(board: TopBoard, width: number, room: number, nowMs: number, paint: Palette): string[] {
  const { runs } = board;
  const active = inOrder(board.active);
  const ended = [...runs.rows].filter(({ isEnded }) => isEnded).length;
  const counts = joined([`${count(active.length)} active`, ended > 0 ? `${count(ended)} ended` : undefined]);
  const lines = active.length === 0 ? [] : topicLines(active, runs, width, room, nowMs, paint);
  return ["", `${paint.bold("Runs, tasks, workflows")} ${counts}`, ...lines];
}
