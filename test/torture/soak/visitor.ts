// What goes on beside the streams: people read by HTTP, save histories, have an ensemble judged.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { TidewireClient, TidewireClientError } from "@tidewire/client";
import { MODELS } from "../crowd/predictor.js";
import type { Findbook } from "../lib/part.js";
import type { Random } from "../lib/random.js";
import type { ServerUnderTest } from "../lib/server.js";

const READ_EVERY_MS = 500;
const SAVE_EVERY_MS = 5_000;
const EVALUATE_EVERY_MS = 15_000;
const EVALUATED_ROWS = 2_000;
/** What a server that is behind with its work answers. */
const PUT_OFF = ["OVERLOADED", "RATE_LIMITED", "TOO_MANY_REQUESTS"];

/** Comes again and again, until it is told to stop; a visit that fails is a finding. */
export class Visitor implements AsyncDisposable {
  readonly #client: TidewireClient;
  readonly #server: ServerUnderTest;
  readonly #random: Random;
  readonly #book: Findbook;
  readonly #timers: NodeJS.Timeout[];
  readonly #visits = new Set<Promise<void>>();
  /** Visits that the server put off with an error to try again after. */
  refusals = 0;
  reads = 0;
  saves = 0;
  evaluations = 0;

  constructor(server: ServerUnderTest, token: string | undefined, random: Random, book: Findbook) {
    this.#client = new TidewireClient({ baseURL: server.url, token });
    this.#server = server;
    this.#random = random;
    this.#book = book;
    this.#timers = [
      this.#every(READ_EVERY_MS, "a read over HTTP", () => this.#read()),
      this.#every(SAVE_EVERY_MS, "saving a history", () => this.#save()),
      this.#every(EVALUATE_EVERY_MS, "an evaluation", () => this.#evaluate()),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timers.forEach(clearInterval);
    await Promise.all(this.#visits);
  }

  /** A visit that is still under way when the next one is due is not doubled. */
  #every(ms: number, what: string, visit: () => Promise<void>): NodeJS.Timeout {
    let isBusy = false;
    return setInterval(() => {
      if (isBusy) return;
      isBusy = true;
      const done = visit()
        .catch((error) => this.#failed(what, error))
        .finally(() => {
          isBusy = false;
          this.#visits.delete(done);
        });
      this.#visits.add(done);
    }, ms);
  }

  #failed(what: string, error: unknown): void {
    if (error instanceof TidewireClientError && PUT_OFF.includes(error.code)) this.refusals += 1;
    else this.#book.found("every request over HTTP is answered", `${what}: ${error}`);
  }

  async #read(): Promise<void> {
    const { topics, training, ensembles } = this.#client;
    const reads = [
      () => this.#client.health(),
      () => this.#client.inferenceStats(),
      () => this.#client.connectionStats(),
      () => ensembles.list(),
      () => topics.list({ pattern: "training.*", limit: 50 }),
      () => training.list({ limit: 50 }),
      () => training.getLogs("torture-0", { limit: 200 }),
      () => topics.events("training.torture-1", { after: 0, limit: 200 }),
    ];
    await this.#random.pick(reads)();
    this.reads += 1;
  }

  async #save(): Promise<void> {
    const { connections } = await this.#client.inferenceStats();
    if (connections.length === 0) return;
    const { sessionId } = this.#random.pick(connections);
    const format = this.#random.pick(["csv", "jsonl", "parquet"] as const);
    try {
      const { outputPath } = await this.#client.saveHistory({ sessionId, format });
      rmSync(join(this.#server.dataDir, outputPath), { force: true });
      this.saves += 1;
    } catch (error) {
      // It has just been cut, and has predicted nothing by then.
      if (!(error instanceof TidewireClientError) || error.code !== "SESSION_NOT_FOUND") throw error;
    }
  }

  async #evaluate(): Promise<void> {
    const { evaluations, ensembles } = this.#client;
    const { boundarySignals } = await ensembles.info(MODELS.quick);
    const rows = Array.from({ length: EVALUATED_ROWS }, (_, i) => [i % 10, i, -i].join(","));
    const file = new Blob([[boundarySignals.join(","), ...rows].join("\n")]);
    const { id } = await evaluations.start({ ensembleName: MODELS.quick, file });
    await this.#end(id);
    const result = await (await evaluations.result(id)).text();
    const lines = result.trimEnd().split("\n").length - 1;
    this.#book.expect(lines === EVALUATED_ROWS, "an evaluation gives every row", () => `${lines} of ${EVALUATED_ROWS}`);
    await evaluations.remove(id);
    this.evaluations += 1;
  }

  /** Resolves at the end of an evaluation. */
  async #end(evaluationId: string): Promise<void> {
    const progress = new TidewireClient({ baseURL: this.#server.url }).getProgress();
    try {
      await new Promise<void>((onComplete, reject) => {
        progress.subscribeToEvaluation({
          evaluationId,
          onComplete: () => onComplete(),
          onFailed: ({ error }) => reject(new Error(`evaluation ${evaluationId}: ${error}`)),
          onError: reject,
        });
      });
    } finally {
      await progress.disconnect();
    }
  }
}
