// An executor whose runs end when the test says so, and streams that keep what they were told.
import type { Batch, BatchStream, RowRequest } from "../../../src/inference/batch.js";
import type { Executor, RowBatch, RowOutput, RowsAre } from "../../../src/inference/executor.js";
import type { Scheduler } from "../../../src/inference/scheduler.js";

/** Values of a row: which request it belongs to, and which of its rows it is. */
export const WIDTH = 2;
/** Why a run fails that holds a row of a bad request. */
export class BadRow extends Error {}

/** A request as the test made it. */
export interface AskedFor {
  readonly key: number;
  readonly stream: FakeStream;
  readonly rows: number;
  readonly isBad: boolean;
  readonly isLate: boolean;
}

/** Predicts `key × 1000 + row`, as soon as it is let. */
export class FakeExecutor implements Executor {
  /** Keys of the requests in each run, in order; a request that was split would stand there twice. */
  readonly runs: number[][] = [];
  readonly bad = new Set<number>();
  /** Called with the keys of each batch as it is sealed. */
  onSeal: (keys: readonly number[]) => void = () => {};
  readonly isDown = false;
  isRunning = false;
  #release: (() => void) | undefined;
  #isFree = false;

  constructor(readonly kind: Executor["kind"] = "inline") {}

  async runRows(seal: () => RowBatch, rowsAre: RowsAre = "this turn"): Promise<RowOutput> {
    if (this.isRunning) throw new Error("runs are serial");
    this.isRunning = true;
    try {
      if (this.kind === "inline" || rowsAre === "this turn") await turn();
      const { input, rows } = seal();
      if (input.length !== rows * WIDTH) throw new Error(`${input.length} values for ${rows} rows`);
      const keys = keysOf(input);
      this.runs.push(keys);
      this.onSeal(keys);
      const base = Float32Array.from({ length: rows }, (_, row) => predictionOf(input, row));
      if (!this.#isFree) {
        await new Promise<void>((resolve) => {
          this.#release = resolve;
        });
      }
      if (keys.some((key) => this.bad.has(key))) throw new BadRow("a row of this batch cannot be predicted");
      return { base, residual: undefined };
    } finally {
      this.isRunning = false;
    }
  }

  /** Lets the run under way end. */
  finish(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** From now on runs end by themselves. */
  free(): void {
    this.#isFree = true;
    this.finish();
  }

  async runTensors(): Promise<never> {
    throw new Error("rows only");
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function predictionOf(input: Float32Array, row: number): number {
  return (input[row * WIDTH] as number) * 1000 + (input[row * WIDTH + 1] as number);
}

/** Keys in order; one that comes again after another stands there again. */
function keysOf(input: Float32Array): number[] {
  const keys: number[] = [];
  for (let at = 0; at < input.length; at += WIDTH) {
    const key = input[at] as number;
    if (input[at + 1] === 0 || keys.at(-1) !== key) keys.push(key);
  }
  return keys;
}

/** What became of a request. */
export type Outcome = { is: "predicted"; values: number[] } | { is: "failed"; error: unknown } | { is: "expired" };

/** Keeps every outcome by the request's key. */
export class FakeStream implements BatchStream {
  readonly wantsResidual = false;
  isOpen = true;
  readonly outcomes = new Map<number, Outcome[]>();
  onOutcome: () => void = () => {};

  deliver(batch: Batch, from: number, to: number, output: RowOutput): void {
    for (let i = from; i < to; i += 1) {
      const values = [...output.base.subarray(batch.firstRows[i] as number, batch.endRow(i))];
      this.#keep(batch, i, { is: "predicted", values });
    }
  }

  fail(batch: Batch, index: number, error: unknown): void {
    this.#keep(batch, index, { is: "failed", error });
  }

  broke(error: unknown): void {
    throw error;
  }

  expire(batch: Batch, index: number): void {
    this.#keep(batch, index, { is: "expired" });
  }

  #keep(batch: Batch, index: number, outcome: Outcome): void {
    if (batch.streams[index] !== this) throw new Error("told of another stream's request");
    const key = batch.ids[index] as number;
    this.outcomes.set(key, [...(this.outcomes.get(key) ?? []), outcome]);
    this.onOutcome();
  }
}

/** Commits a request as a stream does. @throws TidewireError OVERLOADED */
export function ask(scheduler: Scheduler, { key, stream, rows, isLate }: AskedFor): void {
  const batch = scheduler.batchFor(rows);
  const at = batch.reserve(rows);
  for (let row = 0; row < rows; row += 1) batch.values.set([key, row], at + row * WIDTH);
  const deadlineMs = isLate ? 0 : Number.POSITIVE_INFINITY;
  const asker: RowRequest | undefined = isLate ? { deadlineMs, credit: 1, answered: () => {} } : undefined;
  batch.commit(stream, key, rows, 0, asker);
  scheduler.committed(rows);
}

/** The next turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
