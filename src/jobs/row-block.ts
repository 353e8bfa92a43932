// Rows of a CSV made ready for one prediction: readings as float32, true values, and the text that the result repeats.
import { quotedCell } from "./cells.js";
import type { Columns } from "./columns.js";
import type { CsvRecord } from "./records.js";

/** Most rows that are read before they are predicted: enough to make the cost of a run disappear. */
const BLOCK_ROWS = 256;
/** Most values of a block, for ensembles of very many signals. */
const BLOCK_VALUES = 256 * 1024;
/** Most text of a block, for files of very long rows. */
const BLOCK_CHARACTERS = 1024 * 1024;
/** Skipped rows that are told by number. */
const TOLD_SKIPS = 5;
/** Signals named for a skipped row. */
const TOLD_SIGNALS = 3;

/** A row that is no reading has no place among them. */
const NO_READING = -1;

/** The rows that were no readings. */
export class SkippedRows {
  count = 0;
  readonly #told: string[] = [];

  add(row: number, signals: readonly string[]): void {
    this.count += 1;
    if (this.#told.length >= TOLD_SKIPS) return;
    const names = signals.slice(0, TOLD_SIGNALS).join(", ") + (signals.length > TOLD_SIGNALS ? ", …" : "");
    this.#told.push(`row ${row}: ${names} ${signals.length > 1 ? "are no numbers" : "is no number"}`);
  }

  /** The first ones, for people; empty without any. */
  get text(): string {
    return this.#told.join("; ") + (this.count > this.#told.length ? "; …" : "");
  }
}

/** Rows of a block, at most, for an ensemble of so many boundary signals and signals. */
export function rowsPerBlock(boundarySignals: number, signals: number): number {
  return Math.max(1, Math.min(BLOCK_ROWS, Math.floor(BLOCK_VALUES / Math.max(1, boundarySignals, signals))));
}

/** A block of rows. */
export class RowBlock {
  /** float32 [readings, boundary signals]. */
  readonly values: Float32Array;
  /** float64 [rows, signals]; NaN where the file tells no true value. */
  readonly truths: Float64Array;
  /** Rows, skipped ones included. */
  rows = 0;
  /** Rows that are readings. */
  readings = 0;
  readonly skipped = new SkippedRows();
  readonly #columns: Columns;
  readonly #capacity: number;
  /** Columns of the file that stand in the result. */
  readonly #copied: readonly number[];
  /** By row: the text of its first cells, and its place in `values`. */
  readonly #texts: string[] = [];
  readonly #places: number[] = [];
  #characters = 0;
  #total = 0;

  /** @param copied indices of the cells that the result repeats, after the row's number */
  constructor(columns: Columns, copied: readonly number[]) {
    this.#columns = columns;
    this.#copied = copied;
    this.#capacity = rowsPerBlock(columns.readings.length, columns.truths.length);
    this.values = new Float32Array(this.#capacity * columns.readings.length);
    this.truths = new Float64Array(this.#capacity * columns.truths.length);
  }

  /** Rows since the beginning, skipped ones included. */
  get total(): number {
    return this.#total;
  }

  get isFull(): boolean {
    return this.rows >= this.#capacity || this.#characters >= BLOCK_CHARACTERS;
  }

  /** Takes a row; one that is no reading is kept without a place among them. There must be room. */
  add(record: CsvRecord): void {
    this.#total += 1;
    this.#places.push(this.#readValues(record) ? this.readings++ : NO_READING);
    this.#readTruths(record);
    let text = String(this.#total);
    for (const index of this.#copied) text += `,${quotedCell(record[index] ?? "")}`;
    this.#texts.push(text);
    this.#characters += text.length;
    this.rows += 1;
  }

  #readValues(record: CsvRecord): boolean {
    const { readings } = this.#columns;
    const at = this.readings * readings.length;
    let isReading = true;
    for (let i = 0; i < readings.length; i += 1) {
      this.values[at + i] = numberIn(record[readings[i]?.index as number]);
      if (!Number.isFinite(this.values[at + i])) isReading = false;
    }
    if (isReading) return true;
    const faults = readings.filter((_, i) => !Number.isFinite(this.values[at + i])).map(({ name }) => name);
    this.skipped.add(this.#total, faults);
    return false;
  }

  #readTruths(record: CsvRecord): void {
    const { truths } = this.#columns;
    const at = this.rows * truths.length;
    for (let i = 0; i < truths.length; i += 1) {
      const column = truths[i];
      const value = column ? numberIn(record[column.index]) : Number.NaN;
      // Beyond float32 nothing can be predicted, and its square might be no number any more.
      this.truths[at + i] = Number.isFinite(Math.fround(value)) ? value : Number.NaN;
    }
  }

  /** Place of a row among the readings; undefined for a skipped one. */
  readingOf(row: number): number | undefined {
    const place = this.#places[row];
    return place === NO_READING ? undefined : place;
  }

  /** The row's number and its copied cells. */
  textOf(row: number): string {
    return this.#texts[row] as string;
  }

  /** Makes room; the rows taken so far stay counted. */
  clear(): void {
    this.rows = 0;
    this.readings = 0;
    this.#texts.length = 0;
    this.#places.length = 0;
    this.#characters = 0;
  }
}

/** The number that a cell holds; NaN where it holds none. */
function numberIn(cell: string | undefined): number {
  return cell === undefined || cell.trim() === "" ? Number.NaN : Number(cell);
}
