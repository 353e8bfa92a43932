// Refusals of readings, which name the signals at fault.
import { TidewireError } from "../errors.js";

/** Most names told in one error, so that a reading of 65,536 signals gets no error of a megabyte. */
const MAX_NAMES = 64;

const list = (names: readonly string[]): string => {
  const shown = names.slice(0, MAX_NAMES).map((name) => `'${name}'`);
  return `[${shown.join(", ")}${names.length > MAX_NAMES ? ", …" : ""}]`;
};

const inRow = (row: number | undefined): string => (row === undefined ? "" : ` in row ${row}`);
const rowDetail = (row: number | undefined): { row?: number } => (row === undefined ? {} : { row });

/** Boundary signals that a reading lacks; `row` counts from 0 within a batch. */
export function missingSignals(names: readonly string[], row?: number): TidewireError {
  const details = { missing_signals: names.slice(0, MAX_NAMES), ...rowDetail(row) };
  return new TidewireError("MISSING_SIGNALS", `Missing boundary signals${inRow(row)}: ${list(names)}`, details);
}

/** Boundary signals whose value is no finite float32. */
export function invalidSignals(names: readonly string[], row?: number): TidewireError {
  const details = { invalid_signals: names.slice(0, MAX_NAMES), ...rowDetail(row) };
  const message = `Invalid boundary signals${inRow(row)}: ${list(names)}; each must be a finite number within float32`;
  return new TidewireError("INVALID_SIGNALS", message, details);
}

/** Signals that the ensemble does not predict. */
export function unknownSignals(names: readonly string[], known: readonly string[]): TidewireError {
  const message = `Unknown signals: ${list(names)}; the ensemble has ${list(known)}`;
  return new TidewireError("UNKNOWN_SIGNALS", message, { unknown_signals: names.slice(0, MAX_NAMES) });
}
