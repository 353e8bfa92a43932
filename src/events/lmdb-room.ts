// Whether the log's folder can be written, and a little room that is kept there for the moment it cannot.
import { rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { TidewireError } from "../errors.js";
import { type LogFailure, RETRY_AFTER_MS, refusal, toLogFailure } from "./log-failure.js";

/**
 * What is kept free: enough for the transaction by which retention lets go of old segments, and more than what a disk that is
 * all but full gives back by chance.
 */
const RESERVE_BYTES = 256 * 1024;
const ZEROS = new Uint8Array(RESERVE_BYTES);

/**
 * Tells when the folder cannot be written. While it cannot, nobody else tries: every second a file as large as the reserve
 * is written and flushed, and when that succeeds, writing goes on.
 */
export class FolderRoom implements Disposable {
  readonly #folder: string;
  readonly #reserve: string;
  readonly #nowMs: () => number;
  #failure: LogFailure | undefined;
  #refusal: TidewireError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(folder: string, nowMs: () => number) {
    this.#folder = folder;
    this.#reserve = join(folder, "reserve");
    this.#nowMs = nowMs;
  }

  get failure(): LogFailure | undefined {
    return this.#failure;
  }

  /** What publishers are told while the folder cannot be written. */
  get refusal(): TidewireError | undefined {
    return this.#refusal;
  }

  /** Makes sure of the reserve. @throws the system's error when there is no room */
  async keep(): Promise<void> {
    if (statSync(this.#reserve, { throwIfNoEntry: false })?.size !== RESERVE_BYTES) await this.#write(false);
  }

  async #write(isFlushed: boolean): Promise<void> {
    const file = await open(this.#reserve, "w");
    try {
      await file.writeFile(ZEROS);
      if (isFlushed) await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Gives the reserve up to what is about to be written. */
  release(): void {
    rmSync(this.#reserve, { force: true });
  }

  /** A write has failed. @returns what its publisher is told */
  failed(error: unknown): TidewireError {
    this.#failure = toLogFailure(error, this.#folder, this.#failure?.sinceMs ?? this.#nowMs());
    this.#refusal = refusal(this.#failure.code, error);
    this.#schedule();
    return this.#refusal;
  }

  #schedule(): void {
    if (this.#isDisposed) return;
    this.#timer ??= setTimeout(() => void this.#try(), RETRY_AFTER_MS).unref();
  }

  async #try(): Promise<void> {
    try {
      await this.#write(true); // some file systems tell only then
      this.#failure = undefined;
      this.#refusal = undefined;
      this.#timer = undefined;
    } catch (error) {
      this.#timer = undefined;
      this.failed(error);
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
  }
}
