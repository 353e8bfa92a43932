// Notices that files have changed, by looking: renames, links that are switched and network folders tell nobody.
import { type Stats, statSync } from "node:fs";
import { stat } from "node:fs/promises";

/** Time between two looks. */
const POLL_MS = 1000;

/** Looks at some files until it is disposed of. Make it before they are read, or a change meanwhile is not seen. */
export class FileWatch implements Disposable {
  readonly #paths: readonly string[];
  readonly #changed: () => void;
  readonly #timer: NodeJS.Timeout;
  #seen: string;
  #isLooking = false;

  /** @param changed is called after a look that found any of them changed, come or gone */
  constructor(paths: readonly string[], changed: () => void) {
    this.#paths = paths;
    this.#changed = changed;
    this.#seen = paths.map((path) => signOf(statSync(path, { throwIfNoEntry: false }))).join();
    this.#timer = setInterval(() => void this.#look(), POLL_MS).unref();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return; // a folder on a network may take longer than the time between two looks
    this.#isLooking = true;
    const signs = await Promise.all(this.#paths.map((path) => stat(path).then(signOf, () => "none")));
    this.#isLooking = false;
    if (signs.join() === this.#seen) return;
    this.#seen = signs.join();
    this.#changed();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function signOf(stats: Stats | undefined): string {
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}` : "none";
}
