// Runs graphs on the event loop, for models that cost less than a change of thread.
import type { Executor, RowBatch, RowOutput, TensorRequest } from "./executor.js";
import type { Graphs } from "./graphs.js";
import type { PlainTensor } from "./tensors.js";

/** Cost of a run, fitted by calibration: `fixedUs + rows × rowUs`. */
export interface RunCost {
  readonly fixedUs: number;
  readonly rowUs: number;
}

/**
 * Longest run the event loop is held for. Half of the 10 ms that the loop may be late, since two
 * models may run in one turn.
 */
export const INLINE_BATCH_LIMIT_US = 5_000;

/**
 * Runs small batches on the loop; a batch that would hold it for longer than
 * {@link INLINE_BATCH_LIMIT_US} goes to a worker, which is started for the first of them.
 */
export class InlineExecutor implements Executor {
  readonly kind = "inline";
  readonly #graphs: Graphs;
  readonly #cost: RunCost;
  readonly #startWorker: () => Executor;
  #worker: Executor | undefined;
  /** Settles with the last run of tensors; its outcome is its caller's. */
  #lastTensors: Promise<void> = Promise.resolve();

  constructor(graphs: Graphs, cost: RunCost, startWorker: () => Executor) {
    this.#graphs = graphs;
    this.#cost = cost;
    this.#startWorker = startWorker;
  }

  get isDown(): boolean {
    return this.#worker?.isDown === true;
  }

  async runRows(seal: () => RowBatch): Promise<RowOutput> {
    let large: RowBatch | undefined;
    const output = await this.#graphs.runRows(() => {
      const batch = seal();
      if (!this.#isLarge(batch.rows)) return batch;
      large = batch;
      return EMPTY_BATCH;
    });
    const batch = large as RowBatch | undefined;
    return batch ? this.#large.runRows(() => batch, "waiting") : output;
  }

  runTensors(request: TensorRequest): Promise<PlainTensor[]> {
    if (this.#isLarge(this.#timesMeasured(request))) return this.#large.runTensors(request);
    // One after another: each takes a turn of its own, and other connections are heard between them.
    const run = this.#lastTensors.then(() => this.#graphs.runTensors(request));
    this.#lastTensors = run.then(ignore, ignore);
    return run;
  }

  /** How many times the measured run's input this is: rows, or the elements of a tensor whose sizes may be any. */
  #timesMeasured(request: TensorRequest): number {
    const count = (dims: readonly number[]): number => dims.reduce((product, size) => product * Math.abs(size), 1);
    const specs = new Map(this.#graphs.specs.inputs.map((spec) => [spec.name, spec]));
    return Math.max(1, ...request.inputs.map(({ name, dims }) => count(dims) / count(specs.get(name)?.shape ?? dims)));
  }

  #isLarge(rows: number): boolean {
    return this.#cost.fixedUs + rows * this.#cost.rowUs > INLINE_BATCH_LIMIT_US;
  }

  get #large(): Executor {
    this.#worker ??= this.#startWorker();
    return this.#worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.[Symbol.asyncDispose]();
    await this.#graphs[Symbol.asyncDispose]();
  }
}

const ignore = (): void => {};

const EMPTY_BATCH: RowBatch = { input: new Float32Array(0), rows: 0, wantsResidual: false };
