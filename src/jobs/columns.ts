// Which columns of a CSV mean what, found by their names in its header.
import { TidewireError } from "../errors.js";
import { missingSignals } from "../inference/signal-errors.js";
import { type CsvRecord, noCsv } from "./records.js";

/** Columns that hold the time where the request names none. */
const TIME_COLUMNS = ["timestamp", "time", "datetime", "date"];
/** A separator other than the comma leaves one cell that holds it. */
const OTHER_SEPARATOR = /[;\t|]/;

/** The signals that the columns are looked for. */
export interface SignalLists {
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
}

/** A column of the file. */
export interface Column {
  readonly name: string;
  readonly index: number;
}

/** Where things stand in each record. */
export interface Columns {
  /** Undefined where the file has none. */
  readonly time: Column | undefined;
  /** By boundary signal. */
  readonly readings: readonly Column[];
  /** By signal: its true value; undefined where the file has none. */
  readonly truths: readonly (Column | undefined)[];
}

/**
 * Finds the columns of an ensemble's signals.
 *
 * @param timeColumn as the request names it
 * @throws TidewireError MISSING_SIGNALS naming boundary signals without a column; INVALID_MESSAGE for a header that is no
 *   text, names one of the columns twice, or lacks the time column
 */
export function findColumns(header: CsvRecord, lists: SignalLists, timeColumn?: string): Columns {
  const names = header.map((name) => name.trim());
  if (names.some((name) => name.includes("\0") || name.includes("\uFFFD"))) throw noCsv("its first line is no text");
  const places = new Map<string, number>();
  for (const [index, name] of names.entries()) if (!places.has(name)) places.set(name, index);
  const find = (name: string): Column | undefined => {
    const index = places.get(name);
    return index === undefined ? undefined : { name, index };
  };
  const readings = lists.boundarySignals.map(find).filter((column) => column !== undefined);
  if (readings.length < lists.boundarySignals.length) throw missingColumns(names, places, lists.boundarySignals);
  const truths = lists.signals.map(find);
  const time = timeColumn === undefined ? findTime(names, lists) : find(timeColumn);
  if (timeColumn !== undefined && !time) {
    throw new TidewireError("INVALID_MESSAGE", `time_column: the file has no column "${timeColumn}"`, {
      field: "time_column",
    });
  }
  assertUnique(names, [...readings, ...truths, time]);
  return { time, readings, truths };
}

function findTime(names: readonly string[], { boundarySignals, signals }: SignalLists): Column | undefined {
  for (const wanted of TIME_COLUMNS) {
    const index = names.findIndex((name) => name.toLowerCase() === wanted);
    const name = names[index];
    if (name !== undefined && !boundarySignals.includes(name) && !signals.includes(name)) return { name, index };
  }
  return undefined;
}

/** The cells themselves are not told: a path may name a file whose content is nobody's business. */
function missingColumns(
  names: readonly string[],
  places: ReadonlyMap<string, number>,
  wanted: readonly string[],
): TidewireError {
  const { message, details } = missingSignals(wanted.filter((name) => !places.has(name)));
  const hint = names.length === 1 && OTHER_SEPARATOR.test(names[0] ?? "") ? "; columns are separated by commas" : "";
  const count = names.length === 1 ? "1 column" : `${names.length} columns`;
  return new TidewireError("MISSING_SIGNALS", `${message}; the file's header has ${count}${hint}`, details);
}

function assertUnique(names: readonly string[], columns: readonly (Column | undefined)[]): void {
  for (const column of columns) {
    if (column && names.lastIndexOf(column.name) !== column.index) {
      throw new TidewireError("INVALID_MESSAGE", `the file has two columns "${column.name}"`, { field: "file" });
    }
  }
}
