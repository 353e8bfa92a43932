// Runs graphs in a thread of its own, for models that would hold the event loop. The thread is
// started again when it dies; runs it had not answered fail.
import { Worker } from "node:worker_threads";
import type { Executor, GraphOptions, RowBatch, RowOutput, RowsAre, TensorRequest } from "./executor.js";
import type { PlainTensor } from "./tensors.js";
import type { WorkerEnd, WorkerReply, WorkerRequest } from "./worker-protocol.js";

/** First pause before a dead worker is started again; doubles with each death in a row. */
const RESTART_DELAY_MS = 50;
/** Longest pause, so that a model that kills every worker costs little and one that recovers is soon back. */
const MAX_RESTART_DELAY_MS = 5_000;

interface Run {
  readonly request: WorkerRequest;
  readonly resolve: (reply: WorkerReply) => void;
  readonly reject: (error: Error) => void;
}

type State =
  | { readonly is: "starting"; readonly worker: Worker }
  | { readonly is: "ready"; readonly worker: Worker }
  | { readonly is: "waiting"; readonly timer: NodeJS.Timeout }
  | { readonly is: "closed" };

/** The worker died before it answered. */
export class WorkerDiedError extends Error {
  override readonly name: string = "WorkerDiedError";
}

/** The worker died before it was ready: to run the same rows again in smaller batches is of no use. */
export class WorkerStartError extends WorkerDiedError {
  override readonly name = "WorkerStartError";
}

/** What an executor tells its owner about its worker. */
export interface WorkerEvents {
  /** The worker ended without being asked; it is started again after `restartInMs`. */
  died(reason: string, restartInMs: number): void;
}

/** An {@link Executor} over one worker thread. */
export class WorkerExecutor implements Executor {
  readonly kind = "worker";
  readonly #options: GraphOptions;
  readonly #events: WorkerEvents;
  /** Sent and not answered, by id. */
  readonly #sent = new Map<number, Run>();
  /** Asked for while no worker is ready; bounded by the scheduler and the connections' credit. */
  #waiting: Run[] = [];
  #deathsInRow = 0;
  #lastId = 0;
  #state: State;
  #closing: Promise<void> | undefined;

  constructor(options: GraphOptions, events: WorkerEvents) {
    this.#options = options;
    this.#events = events;
    this.#state = { is: "starting", worker: this.#start() };
  }

  get isDown(): boolean {
    return this.#state.is === "waiting" || (this.#state.is === "starting" && this.#deathsInRow > 0);
  }

  async runRows(seal: () => RowBatch, rowsAre: RowsAre = "this turn"): Promise<RowOutput> {
    if (rowsAre === "this turn") await new Promise((resolve) => setImmediate(resolve));
    const { input, rows, wantsResidual } = seal();
    if (rows === 0) return { base: new Float32Array(0), residual: undefined };
    const id = this.#nextId();
    const reply = await this.#run({ is: "rows", id, input: input.slice(), rows, wantsResidual });
    if (reply.is !== "rows") throw new Error(`the worker answered ${reply.is} to a run of rows`);
    return reply.output;
  }

  async runTensors(request: TensorRequest): Promise<PlainTensor[]> {
    const reply = await this.#run({ is: "tensors", id: this.#nextId(), request });
    if (reply.is !== "tensors") throw new Error(`the worker answered ${reply.is} to a run of tensors`);
    return reply.tensors;
  }

  /** Makes the thread die as a fault would, what it owes unanswered; for tests of recovery. Resolves once it is dead. */
  async crash(): Promise<void> {
    if (this.#state.is === "ready" || this.#state.is === "starting") await end(this.#state.worker, "crash");
  }

  /** Waits for the run under way, which nothing can cut short; runs that wait fail at once. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const state = this.#state;
    this.#state = { is: "closed" };
    this.#fail(new WorkerDiedError("the model is being closed"));
    if (state.is === "waiting") clearTimeout(state.timer);
    if (state.is === "starting" || state.is === "ready") await end(state.worker, "close");
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #run(request: WorkerRequest): Promise<WorkerReply> {
    return new Promise((resolve, reject) => {
      const run = { request, resolve, reject };
      if (this.#state.is === "closed") reject(new WorkerDiedError("the model is closed"));
      else if (this.#state.is === "ready") this.#send(this.#state.worker, run);
      else this.#waiting.push(run);
    });
  }

  #send(worker: Worker, run: Run): void {
    this.#sent.set(run.request.id, run);
    worker.postMessage(run.request, run.request.is === "rows" ? [run.request.input.buffer as ArrayBuffer] : []);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: this.#options, stdout: false });
    let reason = "it ended";
    worker.on("message", (reply: WorkerReply) => this.#receive(worker, reply));
    worker.on("error", (error) => {
      reason = error.message;
    });
    worker.on("exit", (code) => this.#ended(worker, `${reason} (exit code ${code})`));
    return worker;
  }

  #receive(worker: Worker, reply: WorkerReply): void {
    if (reply.is === "ready") {
      if (this.#state.is === "starting") this.#state = { is: "ready", worker };
      for (const run of this.#waiting.splice(0)) this.#send(worker, run);
      return;
    }
    this.#deathsInRow = 0;
    const run = this.#sent.get(reply.id);
    this.#sent.delete(reply.id);
    if (reply.is === "failed") run?.reject(new Error(reply.reason));
    else run?.resolve(reply);
  }

  #ended(worker: Worker, reason: string): void {
    const state = this.#state;
    if (state.is === "closed" || state.is === "waiting" || state.worker !== worker) return;
    const restartInMs = Math.min(RESTART_DELAY_MS * 2 ** this.#deathsInRow, MAX_RESTART_DELAY_MS);
    this.#deathsInRow += 1;
    this.#state = { is: "waiting", timer: setTimeout(() => this.#restart(), restartInMs) };
    this.#events.died(reason, restartInMs);
    if (state.is === "starting") this.#fail(new WorkerStartError(`the model's worker does not start: ${reason}`));
    else this.#fail(new WorkerDiedError(`the model's worker died: ${reason}`));
  }

  #restart(): void {
    this.#state = { is: "starting", worker: this.#start() };
  }

  /** Rejects what the worker had not answered, and what waits for it; a ready one has nothing waiting. */
  #fail(error: Error): void {
    const runs = [...this.#sent.values(), ...this.#waiting.splice(0)];
    this.#sent.clear();
    for (const run of runs) run.reject(error);
  }
}

function end(worker: Worker, how: WorkerEnd["is"]): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
    worker.postMessage({ is: how } satisfies WorkerEnd);
  });
}
