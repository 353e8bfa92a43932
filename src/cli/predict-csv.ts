// A CSV through an ensemble: read, predicted and written row by row, so that its length does not matter.
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { InferenceSession } from "@tidewire/client";
import { parse } from "csv-parse";
import { type CommandContext, CommandError } from "./context.js";
import { shortest } from "./numbers.js";

/** Width of a column of the printed table. */
const CELL = 11;

/** What is read and where it goes. */
export interface CsvOptions {
  /** Path, or - for the standard input. */
  readonly csv: string;
  readonly out?: string;
  readonly json?: true;
}

/** One row as the file has it, by column. */
type Row = Readonly<Record<string, string>>;
type Predictions = Readonly<Record<string, number>>;

/** How rows become lines. */
interface Format {
  head(columns: readonly string[], signals: readonly string[]): string;
  line(row: Row, predictions: Predictions): string;
}

/** @throws CommandError naming file and line */
export async function predictCsv(
  session: InferenceSession,
  options: CsvOptions,
  context: CommandContext,
): Promise<void> {
  const { csv, out, json } = options;
  const format = out !== undefined ? csvFormat() : json ? JSON_FORMAT : TABLE_FORMAT;
  let rows = 0;
  const startMs = performance.now();
  const lines = predictLines(session, csv, format, () => {
    rows += 1;
  });
  try {
    if (out === undefined) await pipeline(lines, context.stdout as Writable, { end: false });
    else await writeWhole(lines, out);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return; // whoever read the lines has enough
    throw toCommandError(error, csv, rows);
  }
  if (out === undefined) return;
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  context.stderr.write(`${rows} rows predicted in ${seconds} s: ${out}\n`);
}

/** Writes beside the file and puts it in place when it is whole: what was there stays until then, be it the input itself. */
async function writeWhole(lines: AsyncIterable<string>, path: string): Promise<void> {
  const part = `${path}.part`;
  try {
    await pipeline(lines, createWriteStream(part));
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function* predictLines(
  session: InferenceSession,
  path: string,
  format: Format,
  predicted: () => void,
): AsyncGenerator<string> {
  const { boundarySignals, signals } = await session.ready();
  /** Rows whose prediction has not come; it comes in their order. */
  const waiting: Row[] = [];
  let isFirst = true;
  const source = readingsOf(path, boundarySignals, (row) => waiting.push(row));
  for await (const { predictions } of session.stream(source)) {
    const row = waiting.shift() as Row;
    if (isFirst) yield format.head(Object.keys(row), signals);
    isFirst = false;
    yield format.line(row, predictions);
    predicted();
  }
}

/** The readings of a CSV; what is no number is left out, and the server tells that it is missing. */
async function* readingsOf(path: string, names: readonly string[], taken: (row: Row) => void) {
  const input = path === "-" ? createReadStream("", { fd: 0 }) : createReadStream(path);
  const parser = parse({ columns: true, bom: true, skip_empty_lines: true });
  input.on("error", (error) => parser.destroy(error));
  let isFirst = true;
  for await (const row of input.pipe(parser) as AsyncIterable<Row>) {
    if (isFirst) checkColumns(row, names, path);
    isFirst = false;
    taken(row);
    const cells = names.map((name) => [name, row[name]?.trim()] as const);
    yield Object.fromEntries(cells.filter(([, text]) => text).map(([name, text]) => [name, Number(text)]));
  }
}

function checkColumns(row: Row, names: readonly string[], path: string): void {
  const missing = names.filter((name) => !Object.hasOwn(row, name));
  if (missing.length === 0) return;
  const has = Object.keys(row).join(", ");
  throw new CommandError(
    `${path} has no column ${missing.join(", ")}; it has ${has}. The ensemble wants ${names.join(", ")}`,
  );
}

/** Predictions come in the rows' order: the row behind the last predicted one is the one at fault. */
function toCommandError(error: unknown, path: string, rows: number): unknown {
  if (error instanceof CommandError || !(error instanceof Error)) return error;
  if (error.name === "TidewireClientError") {
    return new CommandError(`${path}, row ${rows + 1}: ${error.message}`, { cause: error });
  }
  const isFile = "syscall" in error || error.name === "CsvError" || "code" in error;
  return isFile ? new CommandError(`${path}: ${error.message}`, { cause: error }) : error;
}

const JSON_FORMAT: Format = { head: () => "", line: (_, predictions) => toJsonLine(predictions) };

const TABLE_FORMAT: Format = {
  head: (_, signals) => `${signals.map((name) => name.padStart(CELL)).join(" ")}\n`,
  line: (_, predictions) =>
    `${Object.values(predictions)
      .map((value) => value.toFixed(3).padStart(CELL))
      .join(" ")}\n`,
};

/** The file's own columns, then a column for each predicted signal. */
function csvFormat(): Format {
  return {
    head: (columns, signals) => toCsvLine([...columns, ...signals.map((name) => `predicted_${name}`)]),
    line: (row, predictions) =>
      toCsvLine([...Object.values(row), ...Object.values(predictions).map((value) => String(shortest(value)))]),
  };
}

/** Cells that hold a comma, a quote or a line's end are quoted, as RFC 4180 has it. */
function toCsvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
}

/** Predictions as a line of JSON, with what else there is to say. */
export function toJsonLine(predictions: Predictions, more: object = {}): string {
  const values = Object.entries(predictions).map(([name, value]) => [name, shortest(value)]);
  return `${JSON.stringify({ predictions: Object.fromEntries(values), ...more })}\n`;
}
