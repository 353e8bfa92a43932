// The lines of a log that a reader wants to see, kept up to date as lines come and go.
import type { LogLevel } from "@tidewire/client";

/** One line. */
export interface Line {
  /** Rises from line to line. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly source: string | undefined;
}

/** Lines in rising order of their numbers, that grow at both ends and are dropped at the beginning. */
export interface Lines {
  readonly length: number;
  at(index: number): Line | undefined;
  /** Index of the first line whose number is not below. */
  indexOf(seq: number): number;
}

/** Says of a line whether it is wanted. */
export type Accepts = (line: Line) => boolean;

/** What a reader asks for. */
export interface LogQuery {
  /** Levels that are wanted; none is all. */
  readonly levels: readonly LogLevel[];
  /** Text that the message or its source contains, whatever its case; empty is any. */
  readonly text: string;
  /** Whether the text is a regular expression. */
  readonly isRegex: boolean;
}

/**
 * @returns what accepts the lines, undefined when all are wanted; and what is wrong with the expression, which is then
 *          taken as no text at all
 */
export function toFilter({ levels, text, isRegex }: LogQuery): { accepts?: Accepts; problem?: string } {
  const { finds, problem } = toFinder(text, isRegex);
  const wanted = new Set(levels);
  if (wanted.size === 0 && !finds) return { ...(problem === undefined ? {} : { problem }) };
  const accepts = (line: Line) => {
    if (wanted.size > 0 && !wanted.has(line.level)) return false;
    return !finds || finds(line.message) || (line.source !== undefined && finds(line.source));
  };
  return { accepts, ...(problem === undefined ? {} : { problem }) };
}

function toFinder(text: string, isRegex: boolean): { finds?: (within: string) => boolean; problem?: string } {
  if (text === "") return {};
  if (!isRegex) {
    // A pattern compares without regard to case faster than two lower-cased texts are made.
    const pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "i");
    return { finds: (within) => pattern.test(within) };
  }
  try {
    const pattern = new RegExp(text, "i");
    return { finds: (within) => pattern.test(within) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The accepted lines of a log. {@link refresh} looks at new lines only. */
export class Selection implements Lines {
  readonly #log: Lines;
  readonly #accepts: Accepts | undefined;
  #lines: Line[] = [];
  /** Lines before it in the array have left the log. */
  #start = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  /** @param accepts all, where it is not given */
  constructor(log: Lines, accepts?: Accepts) {
    this.#log = log;
    this.#accepts = accepts;
    this.refresh();
  }

  get length(): number {
    return this.#accepts ? this.#lines.length - this.#start : this.#log.length;
  }

  at(index: number): Line | undefined {
    if (!this.#accepts) return this.#log.at(index);
    return index < 0 ? undefined : this.#lines[this.#start + index];
  }

  indexOf(seq: number): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.at(middle) as Line).seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes over what has happened to the log since the last time. */
  refresh(): void {
    if (!this.#accepts) return;
    const log = this.#log;
    const [first, last] = [log.at(0), log.at(log.length - 1)];
    // Nothing of what was looked at is left: another history, or a filter that is new.
    if (!first || !last || first.seq > this.#last || last.seq < this.#last) this.#clear();
    if (!first || !last) return;
    if (this.#first !== Number.POSITIVE_INFINITY && first.seq < this.#first) {
      this.#lines = [...this.#find(0, log.indexOf(this.#first)), ...this.#lines.slice(this.#start)];
      this.#start = 0;
    }
    for (const line of this.#find(log.indexOf(this.#last + 1), log.length)) this.#lines.push(line);
    while (this.#start < this.#lines.length && (this.#lines[this.#start] as Line).seq < first.seq) this.#start++;
    // Half of it is of the past: the rest is moved once for as many lines as it has.
    if (this.#start > this.#lines.length / 2) {
      this.#lines = this.#lines.slice(this.#start);
      this.#start = 0;
    }
    this.#first = first.seq;
    this.#last = last.seq;
  }

  #clear(): void {
    this.#lines = [];
    this.#start = 0;
    this.#first = Number.POSITIVE_INFINITY;
    this.#last = Number.NEGATIVE_INFINITY;
  }

  #find(from: number, to: number): Line[] {
    const found: Line[] = [];
    for (let i = from; i < to; i++) {
      const line = this.#log.at(i);
      if (line && this.#accepts?.(line)) found.push(line);
    }
    return found;
  }
}
