// Saves a session's history as a file in the data directory.
import { constants } from "node:fs";
import { type FileHandle, lstat, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { HistoryFormat, type HistorySaved, type SaveHistory } from "../../generated/ts/tidewire/v1/http.js";
import { TidewireError } from "../errors.js";
import type { HistoryRows } from "./history.js";
import { type ExportFolder, exportFolder, unless } from "./history-folder.js";
import { writeParquet } from "./history-parquet.js";
import type { HistoryStore } from "./history-store.js";
import { csvPieces, jsonlPieces } from "./history-text.js";

const DEFAULT_FOLDER = "exports";
/** Saves that may wait; they are written one after the other, so that they cannot take the event loop together. */
const MAX_WAITING = 32;

/** One form of the file. */
interface Format {
  readonly extension: string;
  write(rows: HistoryRows, file: FileHandle): Promise<void>;
}

const FORMATS: Readonly<Partial<Record<HistoryFormat, Format>>> = {
  [HistoryFormat.HISTORY_FORMAT_CSV]: { extension: "csv", write: (rows, file) => writePieces(csvPieces(rows), file) },
  [HistoryFormat.HISTORY_FORMAT_JSONL]: {
    extension: "jsonl",
    write: (rows, file) => writePieces(jsonlPieces(rows), file),
  },
  [HistoryFormat.HISTORY_FORMAT_PARQUET]: { extension: "parquet", write: writeParquet },
};

/** Writes histories into files, one at a time. */
export class HistoryFiles {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param now the time that names a file */
  constructor(
    private readonly store: HistoryStore,
    private readonly dataDir: string,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /**
   * Writes the session's newest history as it is when its turn comes. The file appears whole or not at all, and never
   * replaces another.
   *
   * @param mayRead is asked for the ensemble that predicted; what it throws is thrown, and nothing is written
   * @throws TidewireError INVALID_MESSAGE, INVALID_PATH, SESSION_NOT_FOUND, OVERLOADED; errors of the disk as they are
   */
  async save(request: SaveHistory, mayRead: (ensemble: string) => void = () => undefined): Promise<HistorySaved> {
    const format = FORMATS[request.format ?? HistoryFormat.HISTORY_FORMAT_UNSPECIFIED];
    if (!format) throw wrongField("format", "format must be csv, jsonl or parquet");
    const sessionId = request.sessionId;
    if (!sessionId) throw wrongField("session_id", "session_id is missing");
    mayRead(this.store.newest(sessionId).ensemble);
    return this.#inTurn(async () => {
      const folder = await exportFolder(this.dataDir, request.outputDir ?? DEFAULT_FOLDER);
      const history = this.store.newest(sessionId);
      mayRead(history.ensemble); // it may be another by now
      const rows = history.rows();
      const name = await this.#write(rows, folder, `stream_history_${fileToken(sessionId)}`, format);
      const message = `Saved ${rows.count} ${rows.count === 1 ? "sample" : "samples"}`;
      return { message, outputPath: folder.name === "" ? name : `${folder.name}/${name}`, samplesSaved: rows.count };
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING) {
      throw new TidewireError("OVERLOADED", `${MAX_WAITING} histories are being saved already`, undefined, {
        retryAfterMs: 1000,
      });
    }
    this.#waiting++;
    const turn = this.#last.then(work, work);
    this.#last = turn;
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }

  async #write(rows: HistoryRows, folder: ExportFolder, stem: string, format: Format): Promise<string> {
    const temporary = join(folder.path, `.${stem}.${format.extension}.part`);
    await rm(temporary, { force: true });
    try {
      const file = await open(
        temporary,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0),
      );
      try {
        await format.write(rows, file);
        await file.sync();
      } finally {
        await file.close();
      }
      const name = await this.#freeName(folder, stem, format);
      await rename(temporary, join(folder.path, name));
      return name;
    } catch (error) {
      await rm(temporary, { force: true }).catch(unless("EROFS", "EACCES", "EPERM", "EIO", "ENOTDIR"));
      throw error;
    }
  }

  /** A second save within one second takes the next second's name. */
  async #freeName(folder: ExportFolder, stem: string, format: Format): Promise<string> {
    for (let timeMs = this.now().getTime(); ; timeMs += 1000) {
      const name = `${stem}_${secondText(timeMs)}.${format.extension}`;
      if (!(await lstat(join(folder.path, name)).catch(unless("ENOENT")))) return name;
    }
  }
}

async function writePieces(pieces: Iterable<string>, file: FileHandle): Promise<void> {
  for (const piece of pieces) await file.writeFile(piece);
}

/** UTC as `YYYYMMDD_HHMMSS`. */
function secondText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "_");
}

/** Session ids are the server's own and safe; whatever else came would still name no other folder. */
function fileToken(sessionId: string): string {
  return sessionId.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 128);
}

function wrongField(field: string, message: string): TidewireError {
  return new TidewireError("INVALID_MESSAGE", message, { field });
}
