// Cells of a CSV that is written.
import { float32Text } from "../inference/history-numbers.js";

/** Ends a line, as RFC 4180 has it. */
export const LINE_END = "\r\n";

/** A cell that holds a comma, a quote or a line's end is quoted. */
export function quotedCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A cell for each float32 of a row, each after a comma. */
export function floatCells(values: Float32Array, at: number, count: number): string {
  let text = "";
  for (let i = at; i < at + count; i += 1) text += `,${float32Text(values[i] as number)}`;
  return text;
}
