// The file of an evaluation's predictions: whole under its name, or not there.
import { type FileHandle, open, rename, rm } from "node:fs/promises";

/** Text kept before it is written: fewer calls of the system, and no more memory than a block of rows. */
const BUFFER_CHARACTERS = 64 * 1024;

/** Bytes after which the disk is made to keep up: what is left for the end takes it no second, so that a stop is quick. */
const SYNC_BYTES = 32 * 1024 * 1024;

/** A file that is being written beside the place it will have. */
export class ResultFile {
  readonly #path: string;
  readonly #part: string;
  readonly #file: FileHandle;
  #text = "";
  #bytes = 0;
  #syncedBytes = 0;

  private constructor(path: string, part: string, file: FileHandle) {
    this.#path = path;
    this.#part = part;
    this.#file = file;
  }

  /** Begins a file. Its folder must be there. */
  static async create(path: string): Promise<ResultFile> {
    const part = `${path}.part`;
    return new ResultFile(path, part, await open(part, "w"));
  }

  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= BUFFER_CHARACTERS) await this.#flush();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    await this.#file.writeFile(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes - this.#syncedBytes < SYNC_BYTES) return;
    await this.#file.datasync();
    this.#syncedBytes = this.#bytes;
  }

  /** Puts the file in its place. @returns its size in bytes @throws the signal's reason when it is aborted until then */
  async finish(signal: AbortSignal): Promise<number> {
    await this.#flush();
    await this.#file.sync();
    await this.#file.close();
    signal.throwIfAborted();
    await rename(this.#part, this.#path);
    return this.#bytes;
  }

  /** Removes what was written so far. */
  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#part, { force: true });
  }
}
