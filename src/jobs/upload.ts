// A file on its way in: bounded, and gone unless an evaluation is started with it.
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { TidewireError } from "../errors.js";
import type { EvaluationFolder } from "./folder.js";
import type { Place } from "./queue.js";

/** A client that sends nothing for so long is given up: an upload holds a place in the queue. */
const STALL_MS = 30_000;

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

  /** Writes the file. @throws TidewireError FRAME_TOO_LARGE, INVALID_MESSAGE for a second file, DEADLINE_EXCEEDED when it stalls */
  async write(file: Readable): Promise<void> {
    if (this.#state !== "empty") throw new TidewireError("INVALID_MESSAGE", "file: one is expected, more came");
    const stalled = new TidewireError("DEADLINE_EXCEEDED", `nothing of the file came for ${STALL_MS} ms`);
    const watchdog = setTimeout(() => file.destroy(stalled), STALL_MS);
    try {
      await pipeline(file, this.#counted(watchdog), createWriteStream(this.#folder.inputPath, { flags: "wx" }));
    } finally {
      clearTimeout(watchdog);
    }
    this.#state = "whole";
  }

  #counted(watchdog: NodeJS.Timeout) {
    return async function* (this: Upload, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const piece of source) {
        watchdog.refresh();
        this.#bytes += piece.length;
        if (this.#bytes > this.#maxBytes) throw uploadTooLarge(this.#maxBytes);
        yield piece;
      }
    }.bind(this);
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
