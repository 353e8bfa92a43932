// Natural batching: all rows that arrive in one turn of the event loop, from all connections, are
// one run; while a run is under way the next batch grows. Nothing waits for a timer unless asked to.
import { TidewireError } from "../errors.js";
import { Batch, type BatchStream } from "./batch.js";
import { BatchMeter, type Release } from "./batch-meter.js";
import type { Executor, RowOutput, RowsAre } from "./executor.js";
import { WorkerStartError } from "./worker-executor.js";

/** Empty batches kept for reuse, so that a steady stream allocates no columns. */
const SPARE_BATCHES = 2;

/** Bounds of one model's queue. */
export interface SchedulerLimits {
  /** Most rows in one run. */
  readonly maxBatchRows: number;
  /** Most rows that wait; beyond it OVERLOADED. */
  readonly maxQueuedRows: number;
  /** How long a batch is held open for more rows, in µs; 0 runs what is there. */
  readonly maxQueueDelayUs: number;
}

/** Collects rows into batches and runs them one after another. */
export class Scheduler {
  readonly meter = new BatchMeter();
  readonly #executor: Executor;
  readonly #width: number;
  readonly #limits: SchedulerLimits;
  readonly #afterDelivery: () => void;
  /** Batches in order of arrival; the last one may still grow. */
  readonly #queue: Batch[] = [];
  readonly #spare: Batch[] = [];
  /** Parts of batches that failed, the next one last. Their requests hold credit, which bounds them. */
  readonly #suspects: Batch[] = [];
  #tookSuspect = false;
  #queuedRows = 0;
  #state: "idle" | "holding" | "running" = "idle";
  #holdTimer: NodeJS.Timeout | undefined;

  /** @param afterDelivery called once after the answers of a run have been given out */
  constructor(executor: Executor, width: number, limits: SchedulerLimits, afterDelivery: () => void) {
    this.#executor = executor;
    this.#width = width;
    this.#limits = limits;
    this.#afterDelivery = afterDelivery;
  }

  /** Rows waiting for a run. */
  get queuedRows(): number {
    return this.#queuedRows;
  }

  /** Requests waiting for a run. */
  get queuedRequests(): number {
    return this.#queue.reduce((sum, batch) => sum + batch.requests, 0);
  }

  /** Most rows that may wait. */
  get maxQueuedRows(): number {
    return this.#limits.maxQueuedRows;
  }

  /**
   * A batch with room for a request's rows: fill `reserve`d rows, `commit` them, then call
   * {@link committed}; or leave them be, and nothing has happened. A request is never split.
   *
   * @throws TidewireError OVERLOADED when too many rows wait already
   */
  batchFor(rows: number): Batch {
    if (this.#queuedRows + rows > this.#limits.maxQueuedRows)
      throw overloaded(this.#queuedRows, this.#limits.maxQueuedRows);
    const last = this.#queue.at(-1);
    if (last?.hasRoom(rows)) return last;
    const batch = this.#spare.pop() ?? new Batch(this.#width, this.#limits.maxBatchRows);
    this.#queue.push(batch);
    return batch;
  }

  /** Rows have been committed to the batch of {@link batchFor}. */
  committed(rows: number): void {
    this.#queuedRows += rows;
    if (this.#state === "idle") this.#hold();
    else if (this.#state === "holding" && this.#isFull) this.#start("full");
  }

  get #isFull(): boolean {
    return this.#queue.length > 1 || (this.#queue[0]?.rows ?? 0) >= this.#limits.maxBatchRows;
  }

  #hold(): void {
    const delayMs = this.#limits.maxQueueDelayUs / 1000;
    if (delayMs === 0) return this.#start("turn");
    if (this.#isFull) return this.#start("full");
    this.#state = "holding";
    this.#holdTimer = setTimeout(() => this.#start("delay"), delayMs);
  }

  #start(release: Release): void {
    clearTimeout(this.#holdTimer);
    this.#state = "running";
    void this.#runQueue(release);
  }

  /** Runs batches until none waits. Never rejects: each request is told what became of it. */
  async #runQueue(release: Release): Promise<void> {
    let run: Run | undefined = this.#begin("this turn", release);
    while (run) {
      const { batch, outcome }: Awaited<Run> = await run;
      // A worker computes the next batch while this one's answers are written: a fifth more rows a
      // second with 64 connections (docs/benchmarks.md).
      const next: Run | undefined =
        outcome.is === "done" && this.#executor.kind === "worker" ? this.#beginWaiting() : undefined;
      if (outcome.is === "done") this.meter.delivered(batch.requests, deliver(batch, outcome.output));
      else this.#isolate(batch, outcome.error);
      this.#afterDelivery();
      this.#recycle(batch);
      run = next ?? this.#beginWaiting();
    }
    this.#state = "idle";
  }

  #beginWaiting(): Run | undefined {
    return this.#queuedRows > 0 || this.#suspects.length > 0 ? this.#begin("waiting", "executor_free") : undefined;
  }

  async #begin(rows: RowsAre, release: Release): Run {
    let batch: Batch | undefined;
    const seal = (): Batch => {
      batch = this.#takeBatch(release);
      return batch;
    };
    const outcome = await settle(this.#executor.runRows(seal, rows));
    return { batch: batch ?? this.#takeBatch(release), outcome };
  }

  /** What is run next, less what nobody wants any more. Parts of a failed batch and batches that wait take turns. */
  #takeBatch(release: Release): Batch {
    const isSuspectsTurn = this.#queuedRows === 0 || !this.#tookSuspect;
    const suspect = isSuspectsTurn ? this.#takeSuspect() : undefined;
    this.#tookSuspect = suspect !== undefined;
    const batch = suspect ?? this.#takeWaiting();
    this.meter.released(suspect ? "retry" : release, batch.rows);
    return batch;
  }

  #takeWaiting(): Batch {
    const batch = this.#queue.shift() ?? new Batch(this.#width, this.#limits.maxBatchRows);
    this.#queuedRows -= batch.rows;
    return wantedOf(batch);
  }

  #takeSuspect(): Batch | undefined {
    for (let part = this.#suspects.pop(); part; part = this.#suspects.pop()) {
      const wanted = wantedOf(part);
      if (wanted.requests > 0) return wanted;
    }
    return undefined;
  }

  /**
   * Finds the requests at fault by halving: they alone fail, the others get their predictions. The
   * halves are run between the batches that wait, so that bad requests only cost others every second run.
   */
  #isolate(batch: Batch, error: unknown): void {
    if (batch.requests <= 1 || error instanceof WorkerStartError) return failAll(batch, error);
    const middle = batch.requests >> 1;
    this.#suspects.push(batch.slice(middle, batch.requests), batch.slice(0, middle));
  }

  #recycle(batch: Batch): void {
    if (this.#spare.length >= SPARE_BATCHES) return;
    batch.clear();
    this.#spare.push(batch);
  }
}

/** A run under way: what it took, and what became of it. */
type Run = Promise<{ readonly batch: Batch; readonly outcome: Outcome }>;

type Outcome = { is: "done"; output: RowOutput } | { is: "failed"; error: unknown };

function settle(run: Promise<RowOutput>): Promise<Outcome> {
  return run.then(
    (output) => ({ is: "done", output }),
    (error: unknown) => ({ is: "failed", error }),
  );
}

/** Gives each stream its part of the output, as few times as there are changes of stream. @returns how long it took, in ms */
function deliver(batch: Batch, output: RowOutput): number {
  const nowMs = performance.now();
  for (let from = 0; from < batch.requests; ) {
    const stream = batch.streams[from] as BatchStream;
    let to = from + 1;
    while (to < batch.requests && batch.streams[to] === stream) to += 1;
    try {
      stream.deliver(batch, from, to, output, nowMs);
    } catch (error) {
      stream.broke(error); // a fault of ours: it must not take the other connections' answers along
    }
    from = to;
  }
  return performance.now() - nowMs;
}

/** The requests that somebody still waits for; those whose deadline has passed are told so. */
function wantedOf(batch: Batch): Batch {
  const nowMs = performance.now();
  const wanted = batch.filter((index) => {
    const stream = batch.streams[index] as BatchStream;
    const isLate = (batch.askers[index]?.deadlineMs ?? Number.POSITIVE_INFINITY) < nowMs;
    if (stream.isOpen && isLate) stream.expire(batch, index);
    return stream.isOpen && !isLate;
  });
  wanted.startedMs = nowMs;
  return wanted;
}

function failAll(batch: Batch, error: unknown): void {
  for (let i = 0; i < batch.requests; i += 1) batch.streams[i]?.fail(batch, i, error);
}

function overloaded(rows: number, limit: number): TidewireError {
  return new TidewireError("OVERLOADED", `${rows} rows wait for this model, at most ${limit} may; try again later`, {
    rows,
    limit,
  });
}
