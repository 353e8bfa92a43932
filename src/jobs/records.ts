// The records of a CSV file, a piece at a time, so that its length and the length of its lines do not matter to the memory.
import type { FileHandle } from "node:fs/promises";
import { CsvError, type Parser, parse } from "csv-parse";
import { TidewireError } from "../errors.js";

/** Bytes read and parsed at a time: about half a millisecond, so that nobody else on the event loop waits longer. */
const PIECE_BYTES = 16 * 1024;
/**
 * Longest record, the header included: 65,536 columns of 16 characters. A file without line ends, or with a quote that
 * is never closed, is refused there instead of being read into the memory.
 */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** The cells of a line, quotes resolved. */
export type CsvRecord = readonly string[];

/** What one read gave. */
export interface RecordPiece {
  /** In the file's order; blank lines are left out. */
  readonly records: readonly CsvRecord[];
  /** Of the file so far. */
  readonly bytesRead: number;
}

/**
 * Reads a file of comma-separated values as RFC 4180 has them, lenient with quotes and with the count of cells. A
 * byte-order mark is skipped, UTF-16 with one is understood.
 *
 * @param bytes where reading ends, so that a file that still grows has an end
 * @throws TidewireError INVALID_MESSAGE for a record beyond {@link MAX_RECORD_BYTES} or a quote that is never closed; the
 *   signal's reason once it is aborted
 */
export async function* readRecords(file: FileHandle, bytes: number, signal: AbortSignal): AsyncGenerator<RecordPiece> {
  const parser = parse({ bom: true, relax_column_count: true, relax_quotes: true });
  parser.on("error", () => {}); // whoever fed it is told
  let bytesRead = 0;
  const open = { records: 0, fromByte: 0 };
  while (bytesRead < bytes) {
    // A new buffer each time: the parser keeps the end of the last one.
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes - bytesRead));
    const came = await file.read(piece, 0, piece.length, bytesRead);
    signal.throwIfAborted();
    if (came.bytesRead === 0) break;
    bytesRead += came.bytesRead;
    const records = await feed(parser, (done) => parser.write(piece.subarray(0, came.bytesRead), done));
    assertNotTooLong(parser, open, bytesRead);
    yield { records, bytesRead };
  }
  yield { records: await feed(parser, (done) => parser.end(done)), bytesRead };
}

/** Gives the parser something, and takes what it makes of it. */
async function feed(
  parser: Parser,
  give: (done: (error?: Error | null) => void) => void,
): Promise<readonly CsvRecord[]> {
  const given = new Promise<void>((resolve, reject) => {
    give((error) => (error ? reject(error) : resolve()));
  });
  // Before waiting: a parser whose records nobody takes stands still.
  const records = takeRecords(parser);
  try {
    await given;
  } catch (error) {
    throw error instanceof CsvError ? noCsv(error.message) : error;
  }
  return [...records, ...takeRecords(parser)];
}

function takeRecords(parser: Parser): CsvRecord[] {
  const records: CsvRecord[] = [];
  for (let record = parser.read() as CsvRecord | null; record !== null; record = parser.read()) {
    if (record.length > 1 || record[0] !== "") records.push(record);
  }
  return records;
}

/** The record that has begun and not ended. */
interface OpenRecord {
  /** Records before it. */
  records: number;
  /** Not before it begins, and a piece behind at most. */
  fromByte: number;
}

/** The parser's own bound counts characters of cells only, and a line of commas has none. */
function assertNotTooLong({ info }: Parser, open: OpenRecord, bytesRead: number): void {
  if (info.records > open.records) {
    open.records = info.records;
    open.fromByte = bytesRead;
  }
  if (bytesRead - open.fromByte <= MAX_RECORD_BYTES) return;
  const where = `record ${info.records + 1} is longer than ${MAX_RECORD_BYTES} bytes`;
  throw noCsv(`${where}; are there line ends, and is each quote closed?`);
}

/** A file that cannot be read as CSV. */
export function noCsv(reason: string): TidewireError {
  return new TidewireError("INVALID_MESSAGE", `the file is no CSV: ${reason}`, { field: "file" });
}
