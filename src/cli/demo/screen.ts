// The demo's screen: a state as lines for a given width.

import { count, duration } from "../numbers.js";
import { fit, type Palette, widthOf } from "../terminal.js";
import type { DemoState, SignalState } from "./state.js";
import { fixed, goings, lookHere, milliseconds, paceOf, perSecond, signed, tryIt } from "./text.js";
import { DEMO_YEAR } from "./turbine.js";

/** Beyond this the screen grows no wider: lines that the eye can follow. */
const MAX_COLUMNS = 120;
/** Cells on each side of a deviation's middle; the outermost stands for this many RMSE and more. */
const DEVIATION_CELLS = 8;
const DEVIATION_RMSE = 2;

/** A rest of the year shorter than this is not told: it is over when it has been read. */
const SHORT_MS = 2000;

/** A column of the table of signals. */
interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: "left" | "right";
  /** Shown from this many columns of the terminal on. */
  readonly from: number;
  cell(signal: SignalState, paint: Palette): string;
}

const COLUMNS: readonly Column[] = [
  { title: "Signal", width: 6, align: "left", from: 0, cell: ({ name }, paint) => paint.bold(name) },
  { title: "", width: 26, align: "left", from: 104, cell: ({ meaning }, paint) => paint.dim(meaning) },
  { title: "predicted", width: 11, align: "right", from: 0, cell: ({ predicted, digits }) => fixed(predicted, digits) },
  { title: "true", width: 9, align: "right", from: 0, cell: ({ truth, digits }) => fixed(truth, digits) },
  { title: "error", width: 9, align: "right", from: 0, cell: errorCell },
  { title: "RMSE", width: 9, align: "right", from: 44, cell: ({ rmse, digits }) => fixed(rmse, digits + 1) },
  { title: "unit", width: 6, align: "left", from: 56, cell: ({ unit }, paint) => paint.dim(unit) },
  { title: "boost", width: 5, align: "left", from: 64, cell: ({ boost }, paint) => (boost ? "on" : paint.dim("off")) },
  { title: "error in RMSE", width: 2 * DEVIATION_CELLS + 1, align: "left", from: 80, cell: deviationCell },
];

/** The whole screen. What is least needed gives way where the terminal is too low for all. */
export function screenLines(state: DemoState, columns: number, rows: number, paint: Palette): string[] {
  const width = Math.min(columns, MAX_COLUMNS) - 2;
  const top = [
    ...headLines(state, width, paint),
    "",
    ...readingLines(state, width, paint),
    "",
    ...tableLines(state, columns, paint),
    "",
    ...progressLines(state, width, paint),
  ];
  const beside = besideLines(state, width, paint);
  const hints = [paint.dim("Open to other clients meanwhile; in another terminal:"), ...tryIt(state.setup, width)];
  const note = state.note === undefined ? [] : ["", ...wrap(state.note, width).map(paint.warn)];
  const room = rows - 1 - top.length - beside.length - note.length;
  const shown = room > hints.length ? ["", ...hints] : [];
  return ["", ...[...top, ...beside, ...shown, ...note].map((line) => ` ${line}`)];
}

/** What else is alive, as much of it as one line holds, and where it is to be seen. */
function besideLines({ beside, setup }: DemoState, width: number, paint: Palette): string[] {
  if (beside === undefined) return [];
  const { page, command } = lookHere(setup);
  const head = `${paint.dim("dashboard")} ${page}`;
  const line = `${head}   ${paint.dim(command)}`;
  return ["", joined(goings(beside), width) || paint.dim("…"), ...(widthOf(line) <= width ? [line] : [head])];
}

/** Texts side by side, those that fit; the first one is cut rather than left out. */
function joined([first = "", ...others]: readonly string[], width: number): string {
  let line = fit(first, width);
  for (const text of others) if (widthOf(line) + 3 + widthOf(text) <= width) line += `   ${text}`;
  return line;
}

function headLines({ setup }: DemoState, width: number, paint: Palette): string[] {
  const { url, ensemble, version, yearRows } = setup;
  const left = `${paint.bold("Tidewire demo")}  ${url}`;
  return [
    apart(left, paint.dim("Ctrl-C ends it"), width),
    paint.dim(`${count(yearRows)} real readings of ${DEMO_YEAR} → binary WebSocket → ${ensemble} ${version}`),
  ];
}

/** The reading, as many signals to a line as fit. */
function readingLines({ reading }: DemoState, width: number, paint: Palette): string[] {
  const lines = [paint.bold("Reading")];
  for (const { name, value, unit, digits } of reading) {
    const text = `${paint.dim(name)} ${fixed(value, digits).padStart(5)} ${paint.dim(unit)}`;
    const last = lines.at(-1) as string;
    if (widthOf(last) + 3 + widthOf(text) <= width) lines[lines.length - 1] = `${last}   ${text}`;
    else lines.push(`${" ".repeat(7)}   ${text}`);
  }
  return lines;
}

function tableLines({ signals }: DemoState, columns: number, paint: Palette): string[] {
  const shown = COLUMNS.filter((column) => column.from <= columns);
  const row = (cells: readonly string[]): string => cells.map((cell, i) => pad(cell, shown[i] as Column)).join(" ");
  const head = row(shown.map(({ title }, i) => (i === 0 ? paint.bold("Signal") : paint.dim(title))));
  return [head, ...signals.map((signal) => row(shown.map((column) => column.cell(signal, paint))))];
}

function progressLines(state: DemoState, width: number, paint: Palette): string[] {
  const { rowsOfTotal, total, setup, rowsPerSecond, p50Ms, p99Ms, failed } = state;
  const share = rowsOfTotal / total;
  const percent = `${(share * 100).toFixed(1)} %`.padStart(7);
  const rows = `${count(rowsOfTotal)} of ${count(total)} rows`;
  const bar = progressBar(share, Math.max(8, width - percent.length - rows.length - 4), paint);
  const facts = [`${perSecond(rowsPerSecond)} ${paint.dim(`(${paceOf(setup)})`)}`];
  const leftMs = ((total - rowsOfTotal) * 1000) / rowsPerSecond;
  if (leftMs > SHORT_MS && Number.isFinite(leftMs)) facts.push(`${duration(leftMs)} left`);
  if (state.year > 1) facts.push(`pass ${count(state.year)}`);
  if (failed > 0) facts.push(paint.bad(`${count(failed)} failed`));
  const latency = `${paint.dim("round trip")} p50 ${milliseconds(p50Ms)}   p99 ${milliseconds(p99Ms)}`;
  return [`${bar}  ${percent}  ${rows}`, facts.join("   "), latency];
}

function progressBar(share: number, cells: number, paint: Palette): string {
  const full = Math.min(cells, Math.floor(share * cells));
  return paint.good("━".repeat(full)) + paint.dim("─".repeat(cells - full));
}

function errorCell(signal: SignalState, paint: Palette): string {
  return paint[gradeOf(signal)](signed(signal.error, signal.digits));
}

/** The error's size against what is usual for the signal: left of the middle too low, right of it too high. */
function deviationCell(signal: SignalState, paint: Palette): string {
  const { error, rmse } = signal;
  const share = error === undefined || !rmse ? 0 : error / rmse / DEVIATION_RMSE;
  const cells = Math.min(DEVIATION_CELLS, Math.round(Math.abs(share) * DEVIATION_CELLS));
  const bar = paint[gradeOf(signal)]("█".repeat(cells));
  const rest = " ".repeat(DEVIATION_CELLS - cells);
  const none = " ".repeat(DEVIATION_CELLS);
  return share < 0 ? `${rest}${bar}${paint.dim("│")}${none}` : `${none}${paint.dim("│")}${bar}${rest}`;
}

function gradeOf({ error, rmse }: SignalState): "good" | "warn" | "bad" {
  const size = error === undefined || !rmse ? 0 : Math.abs(error) / rmse;
  return size <= 1 ? "good" : size <= DEVIATION_RMSE ? "warn" : "bad";
}

function pad(cell: string, { width, align }: Column): string {
  const space = " ".repeat(Math.max(0, width - widthOf(cell)));
  return align === "left" ? cell + space : space + cell;
}

/** One text at the left edge, one at the right where there is room for it. */
function apart(left: string, right: string, width: number): string {
  const space = width - widthOf(left) - widthOf(right);
  return space < 2 ? left : left + " ".repeat(space) + right;
}

/** The text in lines of at most `width`, broken between words; a longer word is cut. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(fit(word, width));
  }
  return lines;
}
