// CSV files in the browser: read as they come, numbers kept by column.

/** A cell where one begins: a quoted one may hold commas and doubled quotes (RFC 4180). */
const CELL = /"((?:[^"]|"")*)"|([^,]*)/y;
/** A record that has not ended by then is none: a file without line ends is no table. */
const MAX_RECORD_LENGTH = 1024 * 1024;
/** Columns of a table; a wider file is something else. */
const MAX_COLUMNS = 1024;
const FIRST_ROOM = 1024;

/** Records out of text that comes in pieces. */
export class CsvReader {
  #rest = "";

  /** The records that this piece completes. @throws Error for a record that does not end */
  push(piece: string): string[][] {
    const text = this.#rest + piece;
    const records: string[][] = [];
    let start = 0;
    for (;;) {
      const end = endOfRecord(text, start);
      if (end < 0) break;
      addRecord(records, text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > MAX_RECORD_LENGTH) throw new Error(`a line is longer than ${MAX_RECORD_LENGTH} characters`);
    return records;
  }

  /** The last record, where no line end followed it. */
  end(): string[][] {
    const records: string[][] = [];
    addRecord(records, this.#rest);
    this.#rest = "";
    return records;
  }
}

/** Where the record's line end is; -1 where it has not come yet. Line ends in quotes are part of a cell. */
function endOfRecord(text: string, start: number): number {
  let from = start;
  let isQuoted = false;
  for (;;) {
    const end = text.indexOf("\n", from);
    if (end < 0) return -1;
    // Of this line only: to look for the next quote of the whole text would be to read it once for each line.
    if (text.slice(from, end).split('"').length % 2 === 0) isQuoted = !isQuoted;
    if (!isQuoted) return end;
    from = end + 1;
  }
}

/** Empty lines are no records. */
function addRecord(records: string[][], line: string): void {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  if (text === "") return;
  if (!text.includes('"')) records.push(text.split(","));
  else records.push(cellsOf(text));
}

function cellsOf(text: string): string[] {
  const cells: string[] = [];
  for (let at = 0; at >= 0; ) {
    CELL.lastIndex = at;
    const [, quoted, plain = ""] = CELL.exec(text) ?? [];
    cells.push(quoted?.replaceAll('""', '"') ?? plain);
    const comma = text.indexOf(",", CELL.lastIndex);
    at = comma < 0 ? comma : comma + 1;
  }
  return cells;
}

/** The numbers of a file; cells that are none are NaN. */
export interface NumberTable {
  readonly columns: readonly string[];
  readonly rows: number;
  /** Whether the file has more rows than were kept. */
  readonly isShortened: boolean;
  /** `rows` numbers; undefined where there is no such column. */
  column(name: string): Float64Array | undefined;
}

/** Which part of a file is kept. */
export interface TableOptions {
  readonly maxRows: number;
  /** Columns wanted; the others are not kept. Default: all. */
  readonly wants?: ((column: string) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a file with a header row. @throws Error for one that is no table, or the signal's reason */
export async function readTable(
  file: Blob,
  { maxRows, wants = () => true, signal }: TableOptions,
): Promise<NumberTable> {
  const reader = new CsvReader();
  let table: GrowingTable | undefined;
  const take = (records: readonly string[][]) => {
    for (const record of records) {
      if (table) table.add(record);
      else table = new GrowingTable(record, wants, maxRows);
    }
  };
  const pieces = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    signal?.throwIfAborted();
    const { value, done } = await pieces.read();
    take(done ? reader.end() : reader.push(value));
    if (done || table?.isShortened) break;
  }
  await pieces.cancel();
  if (!table) throw new Error("the file is empty");
  return table;
}

class GrowingTable implements NumberTable {
  readonly columns: readonly string[];
  rows = 0;
  isShortened = false;
  readonly #maxRows: number;
  readonly #numbers = new Map<string, { readonly index: number; numbers: Float64Array }>();

  constructor(header: readonly string[], wants: (column: string) => boolean, maxRows: number) {
    if (header.length > MAX_COLUMNS)
      throw new Error(`the file has ${header.length} columns, at most ${MAX_COLUMNS} are read`);
    this.columns = header.map((name) => name.trim());
    this.#maxRows = maxRows;
    for (const [index, name] of this.columns.entries()) {
      if (wants(name)) this.#numbers.set(name, { index, numbers: new Float64Array(FIRST_ROOM) });
    }
  }

  add(record: readonly string[]): void {
    if (this.rows === this.#maxRows) {
      this.isShortened = true;
      return;
    }
    for (const column of this.#numbers.values()) {
      if (this.rows === column.numbers.length) column.numbers = grown(column.numbers);
      const cell = record[column.index]?.trim() ?? "";
      column.numbers[this.rows] = cell === "" ? Number.NaN : Number(cell);
    }
    this.rows += 1;
  }

  column(name: string): Float64Array | undefined {
    return this.#numbers.get(name)?.numbers.subarray(0, this.rows);
  }
}

function grown(numbers: Float64Array): Float64Array {
  const larger = new Float64Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
