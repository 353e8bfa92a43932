// The newest lines of a log, with a number for each: what log views read.
import type { LogLevel } from "@tidewire/client";
import type { Frames } from "../store/frames.js";
import { type Retain, Source } from "./source.js";

/** Lines that are kept: a page can still search all of them between two frames. */
export const MAX_LINES = 50_000;
/** Text that is kept, in characters: 50 000 lines of 64 KiB would be more than a page may have. */
export const MAX_CHARACTERS = 32 * 1024 * 1024;

/** The levels, from the least on. */
export const LEVELS: readonly LogLevel[] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

/** One line. */
export interface LogLine {
  /** Its offset in the topic: rises from line to line, not by one, and stays the same over reloads. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly source: string | undefined;
}

/** Lines in the order of their events. At the bound, the newest push out the oldest. */
export class LogBuffer extends Source {
  /** A ring, as long as the bound allows; grows as lines come. */
  #lines: (LogLine | undefined)[] = new Array(64);
  #first = 0;
  #length = 0;
  #characters = 0;
  #dropped = 0;
  readonly #counts: Record<LogLevel, number> = { DEBUG: 0, INFO: 0, WARNING: 0, ERROR: 0, CRITICAL: 0 };

  constructor(frames: Frames, retain: Retain) {
    super(frames, retain);
  }

  get length(): number {
    return this.#length;
  }

  /** Lines that came and are no longer kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many of the kept lines have each level; changes in place. */
  get counts(): Readonly<Record<LogLevel, number>> {
    return this.#counts;
  }

  /** @param index from 0, the oldest; the lines' indexes fall by one with each line that is pushed out */
  at(index: number): LogLine | undefined {
    return index < 0 || index >= this.#length ? undefined : this.#lines[(this.#first + index) % this.#lines.length];
  }

  /** Index of the line with the number, or of the first one behind it; `length` when there is none. */
  indexOf(seq: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.at(middle) as LogLine).seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The lines from the oldest on. */
  *[Symbol.iterator](): Generator<LogLine, void, undefined> {
    for (let i = 0; i < this.#length; i++) yield this.at(i) as LogLine;
  }

  /** Of its owner. */
  append(line: LogLine): void {
    while (this.#isFull(line)) this.#shift();
    this.#makeRoom();
    this.#lines[(this.#first + this.#length) % this.#lines.length] = line;
    this.#count(line, 1);
    this.changed();
  }

  /** Of its owner: a line from before all others. @returns whether there was room */
  prepend(line: LogLine): boolean {
    if (this.#isFull(line)) return false;
    this.#makeRoom();
    this.#first = (this.#first + this.#lines.length - 1) % this.#lines.length;
    this.#lines[this.#first] = line;
    this.#count(line, 1);
    this.changed();
    return true;
  }

  /** Of its owner: forgets everything. */
  clear(): void {
    while (this.#length > 0) this.#shift();
    this.#dropped = 0;
    this.changed();
  }

  #isFull({ message }: LogLine): boolean {
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
    this.#lines = lines.concat(new Array(lines.length));
    this.#first = 0;
  }
}
