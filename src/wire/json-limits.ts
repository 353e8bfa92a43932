// How much a JSON text may hold, seen before it is parsed: a text of 16 MiB can hold millions of
// values, and parsing them holds the event loop for seconds while it makes a gigabyte of objects.
import { FrameError } from "./codec.js";

/** Objects and lists inside one another; the schema's own messages need 8, a Struct in them 32. */
export const MAX_JSON_DEPTH = 64;
/** Values in one text: 4096 readings of 63 signals. More belong into a matrix. */
export const MAX_JSON_VALUES = 1 << 18;
/** Characters of a text that is parsed unseen: it holds at most 16,384 values, which parse in 0.1 ms (1.5 cold). */
const HARMLESS_LENGTH = 16 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
/** `{` and `[` without the bit that tells them apart; `}` and `]` likewise. */
const OPENING = 0x5b;
const CLOSING = 0x5d;
const BRACE_BIT = 0x20;

/** Lets a text pass whose parsing is cheap enough. @throws FrameError INVALID_MESSAGE naming the limit */
export function checkJsonSize(text: string): void {
  if (text.length <= HARMLESS_LENGTH) return;
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) values += 1;
    else if ((code & ~BRACE_BIT) === CLOSING) depth -= 1;
    else if ((code & ~BRACE_BIT) === OPENING) {
      values += 1;
      depth += 1;
      if (depth > MAX_JSON_DEPTH) throw tooMuch(`nested more than ${MAX_JSON_DEPTH} deep`);
    }
    if (values > MAX_JSON_VALUES) throw tooMuch(`more than ${MAX_JSON_VALUES} values; send many readings as a matrix`);
  }
}

/** Index of the quote that ends the string begun at `start`; the text's length where none does. */
function endOfString(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let first = end;
    while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((end - first) % 2 === 0) return end;
  }
}

function tooMuch(what: string): FrameError {
  return new FrameError(0, "INVALID_MESSAGE", `the JSON text is too much: ${what}`);
}
