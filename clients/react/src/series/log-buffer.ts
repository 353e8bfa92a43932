// The newest lines of a log, with a number for each: what log views read.
import type { LogLevel } from "@tidewire/client";
import { Source } from "./source.js";

/** Lines that are kept: a page can still search all of them between two frames. */
export const MAX_LINES = 50_000;
/** The levels, from the least on. */
export const LEVELS: readonly LogLevel[] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

/** One line. */
export interface LogLine {
  /** Its offset in the topic: rises from line to line, not always by one, and is the same after a reload. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly source: string | undefined;
}

/** What fills a buffer. */
export interface LogContent {
  readonly length: number;
  readonly dropped: number;
  readonly counts: Readonly<Record<LogLevel, number>>;
  at(index: number): LogLine | undefined;
  indexOf(seq: number): number;
  [Symbol.iterator](): Iterator<LogLine>;
}

/** Lines in the order of their events. */
export class LogBuffer extends Source<LogContent> {
  get length(): number {
    return this.content?.length ?? 0;
  }

  /** Lines that came and are no longer kept: the oldest go. */
  get dropped(): number {
    return this.content?.dropped ?? 0;
  }

  /** How many of the kept lines have each level. */
  get counts(): Readonly<Record<LogLevel, number>> {
    return this.content?.counts ?? noLines();
  }

  /** @param index from 0, the oldest; it falls by one with each line that goes, and rises as older ones are fetched */
  at(index: number): LogLine | undefined {
    return this.content?.at(index);
  }

  /** Index of the line with the number, or of the first one behind it; `length` when there is none. */
  indexOf(seq: number): number {
    return this.content?.indexOf(seq) ?? 0;
  }

  /** The lines from the oldest on. */
  [Symbol.iterator](): Iterator<LogLine> {
    return (this.content ?? [])[Symbol.iterator]();
  }
}

export function noLines(): Record<LogLevel, number> {
  return { DEBUG: 0, INFO: 0, WARNING: 0, ERROR: 0, CRITICAL: 0 };
}
