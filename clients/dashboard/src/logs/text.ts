// Log lines as text.
import { formatDateTime } from "../format/time.js";
import type { Line } from "./selection.js";

/** Sequences that terminals take as colours, links and movements (ECMA-48), and other control characters but tab and line feed. */
const CONTROLS = new RegExp(
  ["\\x1b\\[[0-9;?]*[ -/]*[@-~]", "\\x1b\\][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)", "[\\x00-\\x08\\x0b-\\x1f\\x7f]"].join(
    "|",
  ),
  "g",
);

/** The message without what only a terminal understands; of a line that was written over, the last version. */
export function toReadable(message: string): string {
  if (!/[^\n\t -~\u0080-\uffff]/.test(message)) return message;
  // Bars of tqdm come as one line with many carriage returns: what is behind the last one is what stands there.
  const lines = message.split("\n").map((line) => line.replace(/\r+$/, "").split("\r").at(-1) ?? "");
  return lines.join("\n").replace(CONTROLS, "");
}

/** The line as a file has it: time, level, source and message. */
export function toText({ time, level, source, message }: Line): string {
  const at = new Date(time);
  const ms = String(at.getMilliseconds()).padStart(3, "0");
  const from = source === undefined ? "" : ` [${source}]`;
  return `${formatDateTime(at)}.${ms} ${level.padEnd(8)}${from} ${toReadable(message)}`;
}
