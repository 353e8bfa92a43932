// Training runs in words: a table of them, and one of them on a page. Pure.
import type { LogEntry, RunStatus, TrainingSession } from "@tidewire/client";
import { count } from "./numbers.js";
import { fit, type Palette, widthOf } from "./terminal.js";
import { age, clean, levelText, metricsText, number, ofTotal, percent, span, statusText } from "./watch-text.js";

/** Widest column of names. */
const MAX_NAME = 40;

/** A run in the table, wherever it was learnt. */
export interface RunRow {
  readonly id: string;
  readonly status: RunStatus | undefined;
  readonly epoch: number | undefined;
  readonly totalEpochs: number | undefined;
  /** 0 to 100. */
  readonly percent: number | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  readonly updatedAt: Date | undefined;
}

interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  cell(run: RunRow, nowMs: number, paint: Palette): string;
}

const COLUMNS: readonly Column[] = [
  { title: "RUN", align: "left", cell: ({ id }) => fit(id, MAX_NAME) },
  { title: "STATUS", align: "left", cell: ({ status }, _, paint) => statusText(status, paint) || "–" },
  { title: "EPOCH", align: "right", cell: ({ epoch, totalEpochs }) => ofTotal(epoch, totalEpochs) ?? "–" },
  { title: "DONE", align: "right", cell: (run) => (run.percent === undefined ? "–" : percent(run.percent)) },
  { title: "UPDATED", align: "right", cell: ({ updatedAt }, nowMs) => age(updatedAt, nowMs) },
  { title: "LAST METRICS", align: "left", cell: ({ metrics }) => metricsText(metrics) },
];

/** The table with its head, columns as wide as they need to be. */
export function tableLines(runs: readonly RunRow[], nowMs: number, paint: Palette): string[] {
  const cells = runs.map((run) => COLUMNS.map((column) => column.cell(run, nowMs, paint)));
  const widths = COLUMNS.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => widthOf(row[i] ?? ""))));
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, i) => pad(cell, i, widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [paint.dim(lineOf(COLUMNS.map(({ title }) => title))), ...cells.map(lineOf)];
}

function pad(cell: string, column: number, width: number): string {
  const space = " ".repeat(Math.max(0, width - widthOf(cell)));
  return COLUMNS[column]?.align === "right" ? space + cell : cell + space;
}

/** A run of the server's list. */
export function toRow(run: TrainingSession): RunRow {
  const { experimentId: id, status, epoch, totalEpochs, progress, metrics, updatedAt } = run;
  const counted = epoch === undefined || !totalEpochs ? undefined : Math.min(100, (epoch / totalEpochs) * 100);
  const done = status === "completed" ? 100 : (progress ?? counted);
  return { id, status, epoch, totalEpochs, percent: done, metrics, updatedAt };
}

/** One run: what is known of it, its last metrics, its last log lines. */
export function runLines(run: TrainingSession, log: readonly LogEntry[], nowMs: number, paint: Palette): string[] {
  const { epoch, totalEpochs, percent: done } = toRow(run);
  const at = (date: Date | undefined) =>
    date === undefined ? undefined : `${date.toISOString()}  (${age(date, nowMs)} ago)`;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["status", statusText(run.status, paint)],
    ["epoch", ofTotal(epoch, totalEpochs)],
    ["done", done === undefined ? undefined : percent(done)],
    ["time left", run.etaSeconds === undefined ? undefined : span(run.etaSeconds * 1000)],
    ["message", run.message === undefined ? undefined : clean(run.message)],
    ["asked to stop", run.cancelRequested ? "yes" : undefined],
    ["created", at(run.createdAt)],
    ["started", at(run.startedAt)],
    ["finished", at(run.finishedAt)],
    ["updated", at(run.updatedAt)],
    ["position", `${run.generation}-${run.offset}`],
    [
      "events",
      Object.entries(run.counts)
        .map(([type, of]) => `${type} ${count(of)}`)
        .join("  "),
    ],
    ["config", run.config === undefined ? undefined : clean(JSON.stringify(run.config))],
  ];
  const known = facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
  return [
    paint.bold(run.experimentId),
    ...columns(known, paint),
    ...section(
      "metrics",
      columns(
        Object.entries(run.metrics).map(([name, value]) => [clean(name), number(value)]),
        paint,
      ),
      paint,
    ),
    ...section(
      "log",
      log.map((entry) => logLine(entry, paint)),
      paint,
    ),
  ];
}

function section(title: string, lines: readonly string[], paint: Palette): string[] {
  return lines.length === 0 ? [] : ["", paint.bold(title), ...lines];
}

function columns(pairs: readonly (readonly [string, string])[], paint: Palette): string[] {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `  ${paint.dim(name.padEnd(width))}  ${value}`);
}

function logLine({ timestamp, level = "INFO", message, source }: LogEntry, paint: Palette): string {
  const text = clean(source === undefined ? message : `${message} (${source})`);
  return `  ${paint.dim(timestamp?.toISOString() ?? "-")} ${levelText(level, paint)} ${text}`;
}
