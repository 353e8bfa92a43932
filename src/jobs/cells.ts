// Cells of a CSV that is written.
import { float32Text } from "../inference/history-numbers.js";

/** Ends a line, as RFC 4180 has it. */
export const LINE_END = "\r\n";

/** Beginnings by which a spreadsheet takes a cell for a formula. */
const FORMULA = /^[=+\-@\t\r\n]/;

/**
 * A cell for a file that people open: one that a spreadsheet would compute gets a `'` in front, numbers such as -1.5 stay as
 * they are, and what holds a comma, a quote or a line's end is quoted.
 */
export function quotedCell(text: string): string {
  const plain = FORMULA.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** A cell for each float32 of a row, each after a comma. */
export function floatCells(values: Float32Array, at: number, count: number): string {
  let text = "";
  for (let i = at; i < at + count; i += 1) text += `,${float32Text(values[i] as number)}`;
  return text;
}
