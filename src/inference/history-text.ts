// A history as text: CSV and JSON Lines, a piece at a time.
import type { HistoryRows } from "./history.js";
import { float32Text, instantText } from "./history-numbers.js";

/** Values a piece of text holds: about a millisecond's work, so that nobody else waits longer. */
const PIECE_VALUES = 4096;

const TIMESTAMP = "timestamp";

/** A column for each value of a row. */
export interface HistoryColumns {
  readonly timestamp: string;
  readonly readings: readonly string[];
  readonly predictions: readonly string[];
}

/** Names of the columns: each signal's own, and where a name is taken already, with the end `_reading` or `_predicted`. */
export function columnsOf({ boundarySignals, signals }: HistoryRows): HistoryColumns {
  const taken = new Set([TIMESTAMP]);
  const unique = (name: string, end: string): string => {
    let column = name;
    while (taken.has(column)) column += end;
    taken.add(column);
    return column;
  };
  const readings = boundarySignals.map((name) => unique(name, "_reading"));
  return { timestamp: TIMESTAMP, readings, predictions: signals.map((name) => unique(name, "_predicted")) };
}

/** RFC 4180: a header, then a line a row; lines end with CRLF. */
export function* csvPieces(rows: HistoryRows): Generator<string> {
  const columns = columnsOf(rows);
  yield `${[columns.timestamp, ...columns.readings, ...columns.predictions].map(quoted).join(",")}\r\n`;
  yield* pieces(rows, (row) => {
    let line = instantText(rows.timestampsMs[row] as number);
    for (const value of rowOf(rows.readings, row, rows.boundarySignals.length)) line += `,${float32Text(value)}`;
    for (const value of rowOf(rows.predictions, row, rows.signals.length)) line += `,${float32Text(value)}`;
    return `${line}\r\n`;
  });
}

/** One object a line: `{"timestamp", "boundary_signals":{…}, "predictions":{…}}`. */
export function* jsonlPieces(rows: HistoryRows): Generator<string> {
  const readingKeys = rows.boundarySignals.map((name) => JSON.stringify(name));
  const predictionKeys = rows.signals.map((name) => JSON.stringify(name));
  yield* pieces(rows, (row) => {
    const readings = jsonObject(readingKeys, rowOf(rows.readings, row, readingKeys.length));
    const predictions = jsonObject(predictionKeys, rowOf(rows.predictions, row, predictionKeys.length));
    const timestamp = instantText(rows.timestampsMs[row] as number);
    return `{"timestamp":"${timestamp}","boundary_signals":${readings},"predictions":${predictions}}\n`;
  });
}

function* pieces(rows: HistoryRows, lineOf: (row: number) => string): Generator<string> {
  const step = Math.max(1, Math.floor(PIECE_VALUES / (1 + rows.boundarySignals.length + rows.signals.length)));
  for (let first = 0; first < rows.count; first += step) {
    let piece = "";
    for (let row = first; row < Math.min(first + step, rows.count); row++) piece += lineOf(row);
    yield piece;
  }
}

function rowOf(values: Float32Array, row: number, width: number): Float32Array {
  return values.subarray(row * width, (row + 1) * width);
}

/** JSON has no NaN and no infinities: they are written as strings. */
function jsonObject(keys: readonly string[], values: Float32Array): string {
  const members = keys.map((key, index) => {
    const value = values[index] as number;
    return `${key}:${Number.isFinite(value) ? float32Text(value) : `"${value}"`}`;
  });
  return `{${members.join(",")}}`;
}

function quoted(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
