// The folder of an evaluation in the data directory, and the folder of all of them.
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Evaluation } from "../../generated/ts/tidewire/v1/evaluation.js";
import { EVALUATIONS_FOLDER, makePrivate } from "../data-folder.js";
import { unless } from "../inference/history-folder.js";
import { readMessage, writeMessage } from "../wire/json.js";

const ID_BYTES = 8;
const ID = /^[0-9a-f]{16}$/;
const RECORD = "evaluation.json";

/** Files of one evaluation; nothing in it is named by a client. */
export class EvaluationFolder {
  readonly id: string;
  readonly path: string;

  constructor(dataDir: string, id: string) {
    this.id = id;
    this.path = join(dataDir, EVALUATIONS_FOLDER, id);
  }

  /** Makes the folder of a new evaluation. */
  static async create(dataDir: string): Promise<EvaluationFolder> {
    await makePrivate(join(dataDir, EVALUATIONS_FOLDER));
    const folder = new EvaluationFolder(dataDir, randomBytes(ID_BYTES).toString("hex"));
    await mkdir(folder.path);
    return folder;
  }

  /** All of them, in no order. Whatever else lies there is left alone. */
  static async all(dataDir: string): Promise<EvaluationFolder[]> {
    const names = (await readdir(join(dataDir, EVALUATIONS_FOLDER)).catch(unless("ENOENT"))) ?? [];
    return names.filter((name) => ID.test(name)).map((name) => new EvaluationFolder(dataDir, name));
  }

  /** The uploaded file. */
  get inputPath(): string {
    return join(this.path, "input.csv");
  }

  get resultPath(): string {
    return join(this.path, "result.csv");
  }

  /** Keeps what GET tells, in the same form; the record is the old one or the new one, also after a loss of power. */
  async save(evaluation: Evaluation): Promise<void> {
    const path = join(this.path, RECORD);
    const file = await open(`${path}.part`, "w");
    try {
      await file.writeFile(`${JSON.stringify(writeMessage("Evaluation", evaluation), undefined, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.part`, path);
  }

  /** What was kept; undefined where nothing was. @throws Error for a record that cannot be read */
  async load(): Promise<Evaluation | undefined> {
    const text = await readFile(join(this.path, RECORD), "utf8").catch(unless("ENOENT", "ENOTDIR"));
    return text === undefined ? undefined : readMessage("Evaluation", JSON.parse(text));
  }

  /** Removes the uploaded file and what was written of a result; the record stays, and the result of `keepResult`. */
  async tidy(keepResult: boolean): Promise<void> {
    await rm(this.inputPath, { force: true });
    await rm(`${this.resultPath}.part`, { force: true });
    if (!keepResult) await rm(this.resultPath, { force: true });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
