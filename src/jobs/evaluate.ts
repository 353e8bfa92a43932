// One evaluation from its file to its result: read, predicted, measured and written a block of rows at a time.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { SignalEvaluation } from "../../generated/ts/tidewire/v1/evaluation.js";
import { TidewireError } from "../errors.js";
import type { Ensemble } from "../inference/ensemble.js";
import { floatCells, LINE_END, quotedCell } from "./cells.js";
import { type Column, type Columns, findColumns } from "./columns.js";
import { Predictor } from "./predictor.js";
import { SignalTally } from "./quality.js";
import { type CsvRecord, noCsv, readRecords } from "./records.js";
import { ResultFile } from "./result-file.js";
import { RowBlock } from "./row-block.js";

/** What an evaluation does, in this order. */
export const STAGES = ["reading", "predicting", "writing result"] as const;
/** One of {@link STAGES}. */
export type Stage = (typeof STAGES)[number];

/** What is evaluated, and how. */
export interface EvaluationTask {
  readonly ensemble: Ensemble;
  /** By signal: whether the result has the boost's residual. */
  readonly boosts: readonly boolean[];
  /** The CSV: a regular file's path, and how much of it is read. */
  readonly inputPath: string;
  readonly inputBytes: number;
  /** Where the result is put. */
  readonly resultPath: string;
  readonly timeColumn: string | undefined;
  readonly includeReadings: boolean;
}

/** Told how far it is. */
export interface EvaluationWatch {
  entered(stage: Stage): void;
  advanced(bytesRead: number, rows: number, rowsSkipped: number): void;
}

/** What an evaluation gave. */
export interface EvaluationOutcome {
  readonly rows: number;
  readonly rowsSkipped: number;
  /** By signal with a true value. */
  readonly quality: Readonly<Record<string, SignalEvaluation>>;
  readonly resultBytes: number;
  readonly message: string;
}

/** Runs an evaluation. A result is there only if it succeeds. @throws TidewireError; the signal's reason when it is aborted */
export async function evaluate(
  task: EvaluationTask,
  watch: EvaluationWatch,
  signal: AbortSignal,
): Promise<EvaluationOutcome> {
  watch.entered("reading");
  const file = await openInput(task.inputPath);
  let pass: Pass | undefined;
  try {
    for await (const { records, bytesRead } of readRecords(file, task.inputBytes, signal)) {
      for (const record of records) {
        if (pass) await pass.take(record);
        else {
          pass = await Pass.begin(task, record, signal);
          watch.entered("predicting");
        }
      }
      if (pass) watch.advanced(bytesRead, pass.rows, pass.rowsSkipped);
    }
    if (!pass) throw noCsv("it has no header");
    return await pass.finish(() => watch.entered("writing result"));
  } catch (error) {
    await pass?.discard();
    throw error;
  } finally {
    await file.close();
  }
}

/** Reads a file's header and finds the signals' columns in it, so that a wrong file is refused before it waits for its turn. */
export async function checkColumns(
  task: Pick<EvaluationTask, "ensemble" | "inputPath" | "inputBytes" | "timeColumn">,
  signal: AbortSignal,
): Promise<void> {
  const file = await openInput(task.inputPath);
  try {
    for await (const { records } of readRecords(file, task.inputBytes, signal)) {
      if (records[0]) {
        findColumns(records[0], task.ensemble, task.timeColumn);
        return;
      }
    }
    throw noCsv("it has no header");
  } finally {
    await file.close();
  }
}

/** Whatever has taken a file's place meanwhile is not waited for. */
function openInput(path: string): ReturnType<typeof open> {
  return open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0));
}

/** The rows behind a header on their way into the result. */
class Pass {
  rows = 0;
  readonly #task: EvaluationTask;
  readonly #block: RowBlock;
  readonly #predictor: Predictor;
  readonly #tallies: readonly SignalTally[];
  readonly #result: ResultFile;
  readonly #signal: AbortSignal;

  private constructor(
    task: EvaluationTask,
    columns: Columns,
    block: RowBlock,
    result: ResultFile,
    signal: AbortSignal,
  ) {
    const { ensemble, boosts } = task;
    // Base and boost are told beside each other where there is a truth to compare them with.
    const hasTruths = columns.truths.some((column) => column !== undefined);
    const wantsResidual = boosts.includes(true) || (hasTruths && ensemble.manifest.boostPath !== undefined);
    this.#task = task;
    this.#block = block;
    this.#predictor = new Predictor(ensemble, wantsResidual, signal);
    this.#tallies = boosts.map((boosted) => new SignalTally(boosted, wantsResidual));
    this.#result = result;
    this.#signal = signal;
  }

  /** Begins with the header. @throws TidewireError as {@link findColumns} */
  static async begin(task: EvaluationTask, header: CsvRecord, signal: AbortSignal): Promise<Pass> {
    const columns = findColumns(header, task.ensemble, task.timeColumn);
    const copied = copiedColumns(columns, task.includeReadings);
    const result = await ResultFile.create(task.resultPath);
    const block = new RowBlock(
      columns,
      copied.map(({ index }) => index),
    );
    await result.write(headOf(copied, task.ensemble.signals));
    return new Pass(task, columns, block, result, signal);
  }

  get rowsSkipped(): number {
    return this.#block.skipped.count;
  }

  async take(record: CsvRecord): Promise<void> {
    this.#block.add(record);
    if (this.#block.isFull) await this.#flush();
  }

  async #flush(): Promise<void> {
    const block = this.#block;
    const { base, boost } = await this.#predictor.predict(block.values, block.readings);
    const predictions = boost ? this.#mixed(base, boost) : base;
    const width = this.#tallies.length;
    const empty = ",".repeat(width);
    let text = "";
    for (let row = 0; row < block.rows; row += 1) {
      const place = block.readingOf(row);
      text += block.textOf(row);
      text += place === undefined ? empty : floatCells(predictions, place * width, width);
      text += LINE_END;
      if (place !== undefined) this.#measure(row * width, base, boost ?? base, place * width);
    }
    this.rows += block.readings;
    block.clear();
    await this.#result.write(text);
    this.#signal.throwIfAborted();
  }

  /** Each signal's predictions, boosted where that is asked for. */
  #mixed(base: Float32Array, boost: Float32Array): Float32Array {
    const { boosts } = this.#task;
    return base.map((value, i) => (boosts[i % boosts.length] ? (boost[i] as number) : value));
  }

  #measure(truthAt: number, base: Float32Array, boost: Float32Array, at: number): void {
    for (let i = 0; i < this.#tallies.length; i += 1) {
      this.#tallies[i]?.add(this.#block.truths[truthAt + i] as number, base[at + i] as number, boost[at + i] as number);
    }
  }

  /** Predicts what is left and puts the result in its place. @throws TidewireError EMPTY_BATCH, INVALID_SIGNALS without any reading */
  async finish(entered: () => void): Promise<EvaluationOutcome> {
    if (this.#block.rows > 0) await this.#flush();
    const { skipped, total } = this.#block;
    if (total === 0) throw new TidewireError("EMPTY_BATCH", "the file has a header and no rows");
    if (this.rows === 0) {
      const message = `none of the file's ${total} rows is a reading: ${skipped.text}`;
      throw new TidewireError("INVALID_SIGNALS", message, { rows_skipped: skipped.count });
    }
    entered();
    const resultBytes = await this.#result.finish(this.#signal);
    return {
      rows: this.rows,
      rowsSkipped: skipped.count,
      quality: Object.fromEntries(this.#evaluations()),
      resultBytes,
      message: `${this.rows} rows predicted${skipped.count > 0 ? `, ${skipped.count} skipped: ${skipped.text}` : ""}`,
    };
  }

  #evaluations(): [string, SignalEvaluation][] {
    return this.#task.ensemble.signals.flatMap((name, i) => {
      const evaluation = this.#tallies[i]?.evaluation;
      return evaluation ? [[name, evaluation] as [string, SignalEvaluation]] : [];
    });
  }

  discard(): Promise<void> {
    return this.#result.discard();
  }
}

/** Columns of the file that the result repeats; one that is two things stands there once. */
function copiedColumns({ time, readings, truths }: Columns, includeReadings: boolean): Column[] {
  const wanted = [time, ...(includeReadings ? readings : []), ...truths].filter((column) => column !== undefined);
  return [...new Map(wanted.map((column) => [column.index, column])).values()];
}

/** The result's header: `row`, the file's own columns, `predicted_` and each signal; a name that is taken gets a `_` behind it. */
function headOf(copied: readonly Column[], signals: readonly string[]): string {
  const taken = new Set(copied.map(({ name }) => name));
  const unique = (wanted: string): string => {
    let name = wanted;
    while (taken.has(name)) name += "_";
    taken.add(name);
    return name;
  };
  const names = [
    unique("row"),
    ...copied.map(({ name }) => name),
    ...signals.map((name) => unique(`predicted_${name}`)),
  ];
  return names.map(quotedCell).join(",") + LINE_END;
}
