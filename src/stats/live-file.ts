// A file of /proc or /sys that is read every second: opened once, read from its beginning each time. Such a read takes
// some µs, less than handing it to another thread; nothing here may be a file of a disk or of a network.
import { closeSync, openSync, readSync } from "node:fs";

const FIRST_BYTES = 16 * 1024;
/** The largest of them, /proc/stat of a host with a thousand processors and as many interrupts, is below it. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Reads that are skipped after one that failed: what is not there costs nothing, and what comes is found. */
const READS_BETWEEN_TRIES = 10;

/** All files are read one after the other, so they share the room. */
let room = Buffer.allocUnsafe(FIRST_BYTES);

/** One file. Its text is ASCII; other bytes come as Latin-1. */
export class LiveFile implements Disposable {
  readonly #path: string;
  #fd: number | undefined;
  #skip = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** What it holds now; undefined where it cannot be read. */
  read(): string | undefined {
    if (this.#skip > 0) {
      this.#skip -= 1;
      return undefined;
    }
    try {
      this.#fd ??= openSync(this.#path, "r");
      return readAll(this.#fd);
    } catch {
      // Absent, forbidden, or gone with its cgroup: all of it means that the system does not tell.
      this[Symbol.dispose]();
      this.#skip = READS_BETWEEN_TRIES;
      return undefined;
    }
  }

  /** Lets go of the file; the next read opens it again. */
  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#skip = 0;
  }
}

function readAll(fd: number): string {
  let length = 0;
  for (;;) {
    const read = readSync(fd, room, length, room.length - length, length);
    length += read;
    if (read === 0 || length >= MAX_BYTES) return room.toString("latin1", 0, length);
    if (length === room.length) room = Buffer.concat([room], room.length * 2);
  }
}
