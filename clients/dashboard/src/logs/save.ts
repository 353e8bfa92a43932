// Lines as a file of the reader's.
import { saveBlob } from "../format/file.js";
import type { Lines } from "./selection.js";
import { toText } from "./text.js";

/** Hands the lines to the browser as a text file. */
export function save(lines: Lines, fileName: string): void {
  const text: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines.at(i);
    if (line) text.push(toText(line), "\n");
  }
  saveBlob(new Blob(text, { type: "text/plain" }), fileName);
}
