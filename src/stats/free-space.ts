// What the file system of a folder has left, asked now and then: a remote one may take its time, so nobody waits for it.
import { statfs } from "node:fs/promises";

/** Between two looks. A log that fills a disk faster than that is told by its own failures. */
const EVERY_MS = 5_000;

/** Space of a file system, in bytes. */
export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Looks at a folder's file system until it is disposed of. */
export class FreeSpace implements Disposable {
  readonly #folder: string;
  readonly #timer: NodeJS.Timeout;
  #space: Space | undefined;
  #isLooking = false;

  constructor(folder: string) {
    this.#folder = folder;
    this.#timer = setInterval(() => void this.#look(), EVERY_MS).unref();
    void this.#look();
  }

  /** As of the last look; undefined before it, and where the folder cannot be looked at. */
  get last(): Space | undefined {
    return this.#space;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#space = await spaceOf(this.#folder);
    this.#isLooking = false;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** What may be had without being root. A folder that is not there has no space that could be told. */
async function spaceOf(folder: string): Promise<Space | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}
