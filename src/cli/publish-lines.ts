// Lines of a stream, one at a time, with their numbers.

/** Longest line, in characters: an event of the largest log message, escaped, fits several times. */
export const MAX_LINE = 1024 * 1024;

/** A line without its end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** The lines that are not blank. @throws RangeError naming the line that is too long */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<Line> {
  let number = 0;
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const text of parts) {
      number += 1;
      check(number, text);
      if (text.trim() !== "") yield { number, text };
    }
    check(number + 1, rest);
  }
  if (rest.trim() !== "") yield { number: number + 1, text: rest };
}

function check(number: number, text: string): void {
  if (text.length > MAX_LINE) throw new RangeError(`line ${number} is longer than ${MAX_LINE} characters`);
}
