// A file on its way in: bounded, and gone unless an evaluation is started with it.
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { TidewireError } from "../errors.js";
import type { EvaluationFolder } from "./folder.js";
import type { Place } from "./queue.js";

/** What an evaluation takes over from its upload. */
export interface UploadedPlace {
  readonly folder: EvaluationFolder;
  readonly place: Place;
}

/** Room for one uploaded file. Disposed of, it leaves nothing behind, unless {@link take} has handed it on. */
export class Upload implements AsyncDisposable {
  readonly #folder: EvaluationFolder;
  readonly #place: Place;
  readonly #maxBytes: number;
  #state: "empty" | "whole" | "taken" = "empty";
  #bytes = 0;

  constructor(folder: EvaluationFolder, place: Place, maxBytes: number) {
    this.#folder = folder;
    this.#place = place;
    this.#maxBytes = maxBytes;
  }

  /** Writes the file. @throws TidewireError FRAME_TOO_LARGE, INVALID_MESSAGE for a second file */
  async write(file: Readable): Promise<void> {
    if (this.#state !== "empty") throw new TidewireError("INVALID_MESSAGE", "file: one is expected, more came");
    const counted = (source: AsyncIterable<Buffer>) => this.#counted(source);
    await pipeline(file, counted, createWriteStream(this.#folder.inputPath, { flags: "wx" }));
    this.#state = "whole";
  }

  async *#counted(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      this.#bytes += piece.length;
      if (this.#bytes > this.#maxBytes) throw uploadTooLarge(this.#maxBytes);
      yield piece;
    }
  }

  /** The file. @throws TidewireError INVALID_MESSAGE when none has come */
  get file(): { readonly path: string; readonly bytes: number } {
    if (this.#state !== "whole") throw new TidewireError("INVALID_MESSAGE", "file is missing", { field: "file" });
    return { path: this.#folder.inputPath, bytes: this.#bytes };
  }

  /** Hands the folder and the place on: whoever takes them looks after them. */
  take(): UploadedPlace {
    this.#state = "taken";
    return { folder: this.#folder, place: this.#place };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "taken") return;
    this.#place.leave();
    await this.#folder.remove();
  }
}

/** A file beyond the limit. */
export function uploadTooLarge(limit: number): TidewireError {
  const message = `the file is larger than ${limit} bytes; put it into the data directory and name its path instead`;
  return new TidewireError("FRAME_TOO_LARGE", message, { limit });
}
