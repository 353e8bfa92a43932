// `tidewire runs --watch`: the table of runs on a screen, kept up to date by events.

import { type RunRow, tableLines } from "./runs-text.js";
import type { Palette } from "./terminal.js";
import type { Board } from "./watch-board.js";
import type { TopicRow } from "./watch-row.js";
import { headLines, inOrder, type Surface } from "./watch-screen.js";
import { type Outputs, ScreenView } from "./watch-views.js";

/** Draws the runs on a board as a table. */
export class RunsView extends ScreenView {
  constructor(outputs: Outputs, patterns: readonly string[], url: string) {
    super(outputs, patterns, url, runsScreen);
  }
}

/** The whole screen: what runs on top. */
export function runsScreen(board: Board, surface: Surface, paint: Palette): string[] {
  const rows = inOrder(board.rows);
  const head = headLines(board, rows, surface, paint);
  const room = Math.max(1, surface.rows - head.length - 1);
  const shown = rows.length <= room ? rows : rows.slice(0, Math.max(1, room - 1));
  const hidden = rows.length - shown.length;
  const more = hidden === 0 ? [] : [paint.dim(`and ${hidden} more`)];
  const table =
    rows.length === 0 ? [paint.dim("no training runs yet")] : tableLines(shown.map(toRow), surface.nowMs, paint);
  return [...head, ...[...table, ...more].map((line) => ` ${line}`)].slice(0, surface.rows);
}

function toRow({ topic, status, epoch, totalEpochs, percent, metrics, updatedAt }: TopicRow): RunRow {
  return { id: topic.slice(topic.indexOf(".") + 1), status, epoch, totalEpochs, percent, metrics, updatedAt };
}
