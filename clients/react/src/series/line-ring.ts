// Fills a log buffer: the newest lines, bounded in number and size. Loaded with a buffer's first listener.
import type { LogLevel } from "@tidewire/client";
import { type LogContent, type LogLine, MAX_LINES, noLines } from "./log-buffer.js";

/** Text that is kept, in characters: 50 000 lines of 64 KiB would be more than a page may have. */
export const MAX_CHARACTERS = 32 * 1024 * 1024;

/** Lines in the order of their events. At the bound, the newest push out the oldest. */
export class LineRing implements LogContent {
  /** A ring, as long as the bound allows; grows as lines come. */
  #lines: (LogLine | undefined)[] = new Array(64);
  #first = 0;
  #length = 0;
  #characters = 0;
  #dropped = 0;
  readonly #counts: Record<LogLevel, number> = noLines();

  get length(): number {
    return this.#length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get counts(): Readonly<Record<LogLevel, number>> {
    return this.#counts;
  }

  at(index: number): LogLine | undefined {
    return index < 0 || index >= this.#length ? undefined : this.#lines[(this.#first + index) % this.#lines.length];
  }

  indexOf(seq: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.at(middle) as LogLine).seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  *[Symbol.iterator](): Generator<LogLine, void, undefined> {
    for (let i = 0; i < this.#length; i++) yield this.at(i) as LogLine;
  }

  append(line: LogLine): void {
    while (this.#isTooMuch(line)) this.#shift();
    this.#makeRoom();
    this.#lines[(this.#first + this.#length) % this.#lines.length] = line;
    this.#count(line, 1);
  }

  /** Whether no older line would find room. */
  get isFull(): boolean {
    return this.#length >= MAX_LINES || this.#characters >= MAX_CHARACTERS;
  }

  /** A line from before all others, if there is room. */
  prepend(line: LogLine): void {
    if (this.#isTooMuch(line)) return;
    this.#makeRoom();
    this.#first = (this.#first + this.#lines.length - 1) % this.#lines.length;
    this.#lines[this.#first] = line;
    this.#count(line, 1);
  }

  clear(): void {
    while (this.#length > 0) this.#shift();
    this.#dropped = 0;
  }

  #isTooMuch({ message }: LogLine): boolean {
    return this.#length > 0 && (this.#length >= MAX_LINES || this.#characters + message.length > MAX_CHARACTERS);
  }

  #shift(): void {
    const line = this.at(0) as LogLine;
    this.#lines[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#lines.length;
    this.#count(line, -1);
    this.#dropped++;
  }

  #count({ level, message }: LogLine, by: 1 | -1): void {
    this.#length += by;
    this.#characters += by * message.length;
    this.#counts[level] += by;
  }

  #makeRoom(): void {
    if (this.#length < this.#lines.length) return;
    const lines = [...this];
    this.#lines = [...lines, ...new Array(lines.length)];
    this.#first = 0;
  }
}
