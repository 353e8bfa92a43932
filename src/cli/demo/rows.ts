// The rows that the demo replays: a CSV with the boundary signals and the true values of the signals.
import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { CommandError } from "../context.js";

/** Readings with the values that were measured at the same time. */
export interface TrueRows {
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
  /** Each in the order of `boundarySignals`. */
  readonly readings: readonly (readonly number[])[];
  /** Each in the order of `signals`. */
  readonly truths: readonly (readonly number[])[];
}

/**
 * Reads all rows of a CSV with a header line.
 *
 * @throws CommandError naming file, column and line where something is missing or no number
 */
export async function readRows(path: string, names: Pick<TrueRows, "boundarySignals" | "signals">): Promise<TrueRows> {
  const [header = [], ...lines] = parse(await readText(path), { skip_empty_lines: true }) as string[][];
  const take = (columns: readonly string[]) => {
    const at = columns.map((name) => columnOf(header, name, path));
    return lines.map((line, row) => at.map((column) => numberOf(line[column], path, row + 2)));
  };
  return { ...names, readings: take(names.boundarySignals), truths: take(names.signals) };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new CommandError(`the demo's rows cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function columnOf(header: readonly string[], name: string, path: string): number {
  const at = header.indexOf(name);
  if (at >= 0) return at;
  throw new CommandError(`${path} has no column ${name}; it has ${header.join(", ")}`);
}

function numberOf(text: string | undefined, path: string, line: number): number {
  const value = text?.trim() ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new CommandError(`${path}, line ${line}: "${text ?? ""}" is no number`);
}
