// Which files of the log need not be looked through at the start: those that are as the log itself left them.
import { type BigIntStats, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What tells a file from one that somebody has written to since: the system changes the times with each write. */
type Mark = readonly [bytes: string, writtenNs: string, changedNs: string];

/** Marks of files, kept in a file beside them. One that is missing or damaged costs a look, no more. */
export class TrustedFiles {
  readonly #path: string;
  readonly #marks: Map<string, Mark>;

  constructor(folder: string) {
    this.#path = join(folder, "trusted.json");
    this.#marks = readMarks(this.#path);
  }

  /** Whether a file is as it was when it was trusted. */
  has(name: string, path: string): boolean {
    const mark = this.#marks.get(name);
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return mark !== undefined && stats !== undefined && markOf(stats).every((part, i) => part === mark[i]);
  }

  /** Trusts a file that nobody writes to any more. It must have been flushed. */
  add(name: string, path: string): void {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats) this.#marks.set(name, markOf(stats));
  }

  remove(name: string): void {
    this.#marks.delete(name);
  }

  /** Keeps the marks for the next start. Nothing happens where there is no room: that start takes longer. */
  keep(): void {
    const part = `${this.#path}.part`;
    try {
      writeFileSync(part, JSON.stringify(Object.fromEntries(this.#marks)));
      renameSync(part, this.#path);
    } catch {
      rmSync(part, { force: true });
    }
  }
}

function markOf({ size, mtimeNs, ctimeNs }: BigIntStats): Mark {
  return [String(size), String(mtimeNs), String(ctimeNs)];
}

function readMarks(path: string): Map<string, Mark> {
  try {
    const marks = Object.entries(JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>);
    return new Map(marks.filter((entry): entry is [string, Mark & string[]] => Array.isArray(entry[1])));
  } catch {
    return new Map();
  }
}
