// Evaluations that the server runs itself: asked for, queued, run, kept and removed.
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { Logger } from "pino";
import type { Evaluation, StartEvaluation } from "../../generated/ts/tidewire/v1/evaluation.js";
import { RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import { TidewireError } from "../errors.js";
import type { EventPublisher, EventReader } from "../events/types.js";
import type { Ensemble } from "../inference/ensemble.js";
import { writeMessage } from "../wire/json.js";
import { checkColumns, type EvaluationTask } from "./evaluate.js";
import { EvaluationFolder } from "./folder.js";
import { inputFile } from "./input-file.js";
import { EvaluationJob, StopRequest } from "./job.js";
import { newEvaluation, taskOf } from "./new-evaluation.js";
import { JobQueue, type Place } from "./queue.js";
import { recoverEvaluation } from "./recovery.js";
import { EvaluationStore, type StoreLimits } from "./store.js";
import { EvaluationTopic, isEnd } from "./topic.js";
import { Upload } from "./upload.js";

/** How long jobs have to end when the server stops; what has not ended by then is reported after the next start. */
const STOP_TIMEOUT_MS = 2_000;

/** Bounds of evaluations; names and defaults are the configuration's. */
export interface EvaluationLimits extends StoreLimits {
  /** Running at once. */
  readonly maxEvaluations: number;
  /** Waiting for their turn, uploads included; beyond it OVERLOADED. */
  readonly maxQueuedEvaluations: number;
  /** Largest uploaded file; beyond it FRAME_TOO_LARGE. */
  readonly maxUploadBytes: number;
}

/** Who owns a topic hears of requests to stop. */
export interface TopicClaims {
  /** Called at once, and not after the release. */
  claim(topic: string, onCancel: (reason?: string) => void): { release(): void };
}

/** What evaluations work with. */
export interface EvaluationServices {
  readonly models: { get(name: string): Ensemble };
  readonly publisher: EventPublisher;
  readonly events: Pick<EventReader, "view">;
  readonly claims: TopicClaims;
  readonly dataDir: string;
  readonly log: Logger;
}

/** A result on its way out. */
export interface EvaluationResult {
  readonly fileName: string;
  readonly bytes: number;
  /** Begins to read. To be called once, or not at all. */
  open(): Readable;
}

interface Active {
  readonly job: EvaluationJob;
  /** Never rejects. */
  readonly done: Promise<void>;
}

/** All evaluations of a server. */
export class Evaluations implements AsyncDisposable {
  readonly #services: EvaluationServices;
  readonly #limits: EvaluationLimits;
  readonly #queue: JobQueue;
  readonly #store: EvaluationStore;
  readonly #active = new Map<string, Active>();
  #isClosing = false;

  constructor(services: EvaluationServices, limits: EvaluationLimits) {
    this.#services = services;
    this.#limits = limits;
    this.#queue = new JobQueue(limits.maxEvaluations, limits.maxQueuedEvaluations);
    this.#store = new EvaluationStore(limits, services.log);
  }

  /**
   * Takes over what an earlier process has left, once and before anything is asked for: what had not ended has failed
   * now, and topics that lack an end are told it.
   */
  async recover(): Promise<void> {
    const { dataDir, events, log } = this.#services;
    for (const kept of await this.#store.load(dataDir)) {
      try {
        const { topic } = kept.evaluation;
        await recoverEvaluation(kept, this.#topic(topic), events.view(topic)?.status);
      } catch (error) {
        log.error({ err: error, evaluation: kept.evaluation.id }, "an evaluation could not be recovered");
      }
    }
    await this.#prune();
  }

  #topic(topic: string): EvaluationTopic {
    return new EvaluationTopic(topic, this.#services.publisher, this.#services.log);
  }

  /** Who runs and who waits. */
  get queue(): Pick<JobQueue, "running" | "waiting" | "isFull"> {
    return this.#queue;
  }

  /** Most bytes of a file that is uploaded. */
  get maxUploadBytes(): number {
    return this.#limits.maxUploadBytes;
  }

  /** Room for a file that is uploaded; to be disposed of, also after {@link start}. @throws TidewireError OVERLOADED, SHUTTING_DOWN */
  async receive(): Promise<Upload> {
    const place = this.#enter();
    return guarded(place, async () => {
      const folder = await EvaluationFolder.create(this.#services.dataDir);
      return new Upload(folder, place, this.#limits.maxUploadBytes);
    });
  }

  #enter(): Place {
    if (this.#isClosing) throw shuttingDown();
    return this.#queue.enter();
  }

  /**
   * Starts an evaluation of the file at `request.path`, or of the uploaded one. Resolves once it is kept and its topic
   * says that it is queued; it goes on by itself.
   *
   * @param fileName of the upload, for people
   * @throws TidewireError MISSING_ENSEMBLE, ENSEMBLE_NOT_FOUND, UNKNOWN_SIGNALS, INVALID_PATH, MISSING_SIGNALS,
   *   INVALID_MESSAGE, OVERLOADED, SHUTTING_DOWN
   */
  async start(request: StartEvaluation, upload?: Upload, fileName?: string): Promise<Evaluation> {
    if (upload) return this.#startUploaded(request, upload, fileName);
    if (request.path === undefined) throw missingFile();
    const place = this.#enter();
    return guarded(place, async () => {
      const { ensemble, boosts } = this.#ensembleOf(request);
      const { path, bytes } = await inputFile(this.#services.dataDir, request.path as string);
      await this.#checkColumns(request, ensemble, path, bytes);
      const folder = await EvaluationFolder.create(this.#services.dataDir);
      const task = taskOf(request, ensemble, boosts, { path, bytes }, folder);
      return this.#begin({ request, task, folder, place, fileName: undefined });
    });
  }

  async #startUploaded(request: StartEvaluation, upload: Upload, fileName: string | undefined): Promise<Evaluation> {
    if (request.path !== undefined) {
      throw new TidewireError("INVALID_MESSAGE", "give a file or its path, not both", { field: "path" });
    }
    const { ensemble, boosts } = this.#ensembleOf(request);
    const { path, bytes } = upload.file;
    await this.#checkColumns(request, ensemble, path, bytes);
    if (this.#isClosing) throw shuttingDown();
    const { folder, place } = upload.take();
    const task = taskOf(request, ensemble, boosts, { path, bytes }, folder);
    return guarded(place, () => this.#begin({ request, task, folder, place, fileName }));
  }

  /** @throws TidewireError MISSING_ENSEMBLE, ENSEMBLE_NOT_FOUND, UNKNOWN_SIGNALS, INVALID_MESSAGE for one that takes no readings */
  #ensembleOf(request: StartEvaluation): { ensemble: Ensemble; boosts: readonly boolean[] } {
    if (!request.ensembleName) throw new TidewireError("MISSING_ENSEMBLE", "ensemble_name is missing");
    const ensemble = this.#services.models.get(request.ensembleName);
    ensemble.assertTakesRows();
    return { ensemble, boosts: ensemble.boostsWith(request.manualBoostSignals) };
  }

  #checkColumns(request: StartEvaluation, ensemble: Ensemble, inputPath: string, inputBytes: number): Promise<void> {
    const { timeColumn } = request;
    return checkColumns({ ensemble, inputPath, inputBytes, timeColumn }, new AbortController().signal);
  }

  async #begin({ request, task, folder, place, fileName }: Beginning): Promise<Evaluation> {
    const evaluation = newEvaluation(folder.id, task, request.path, fileName);
    const topic = this.#topic(evaluation.topic);
    const job = new EvaluationJob({ evaluation, task, folder, topic, place, log: this.#services.log });
    let claim: { release(): void } | undefined;
    try {
      await folder.save(evaluation);
      claim = this.#claim(evaluation.topic, job);
      await topic.queued(writeMessage("StartEvaluation", request) as Record<string, unknown>);
    } catch (error) {
      claim?.release();
      await folder.remove();
      throw error;
    }
    this.#store.add({ evaluation, folder });
    this.#active.set(evaluation.id, { job, done: this.#watch(evaluation.id, job.run(), claim) });
    if (this.#isClosing) job.stop(shuttingDown());
    return evaluation;
  }

  #claim(topic: string, job: EvaluationJob): { release(): void } {
    return this.#services.claims.claim(topic, (reason) => {
      job.stop(new StopRequest(reason ? `stopped on request: ${reason}` : "stopped on request"));
    });
  }

  async #watch(id: string, run: Promise<void>, claim: { release(): void }): Promise<void> {
    await run;
    claim.release();
    this.#active.delete(id);
    await this.#prune();
  }

  async #prune(): Promise<void> {
    try {
      await this.#store.prune((id) => this.#active.has(id));
    } catch (error) {
      this.#services.log.error({ err: error }, "old evaluations could not be removed");
    }
  }

  /** The newest first. Borrowed, as {@link describe}. */
  list(): Evaluation[] {
    return this.#store.list();
  }

  /** As it is now; borrowed, it changes as it goes on. @throws TidewireError TASK_NOT_FOUND */
  describe(id: string): Evaluation {
    return this.#store.get(id).evaluation;
  }

  /** @throws TidewireError TASK_NOT_FOUND; INVALID_TRANSITION for one that is not completed */
  result(id: string): EvaluationResult {
    const { evaluation, folder } = this.#store.get(id);
    const { status, resultBytes } = evaluation;
    if (status !== RunStatus.RUN_STATUS_COMPLETED || resultBytes === undefined) throw noResult(evaluation);
    return {
      fileName: `evaluation_${id}.csv`,
      bytes: resultBytes,
      open: () => createReadStream(folder.resultPath),
    };
  }

  /** Stops it where it has not ended, and removes its files; its topic stays as history. @throws TidewireError TASK_NOT_FOUND */
  async remove(id: string): Promise<void> {
    const kept = this.#store.get(id);
    const active = this.#active.get(id);
    active?.job.stop(new StopRequest("stopped: the evaluation was removed"));
    await active?.done;
    await this.#store.remove(kept);
  }

  /** Stops all of them, which are told as failed, and takes no more. Bounded. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    const active = [...this.#active.values()];
    for (const { job } of active) job.stop(shuttingDown());
    const all = Promise.all(active.map(({ done }) => done));
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_TIMEOUT_MS);
    });
    await Promise.race([all, timeout]);
    clearTimeout(timer);
  }
}

/** What a new evaluation is made of. */
interface Beginning {
  readonly request: StartEvaluation;
  readonly task: EvaluationTask;
  readonly folder: EvaluationFolder;
  readonly place: Place;
  readonly fileName: string | undefined;
}

/** What `work` gives; when it fails, the place is left. */
async function guarded<T>(place: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    place.leave();
    throw error;
  }
}

function missingFile(): TidewireError {
  const message = "path is missing: name a file of the data directory, or send one as multipart/form-data part `file`";
  return new TidewireError("INVALID_MESSAGE", message, { field: "path" });
}

function noResult({ id, topic, status, message }: Evaluation): TidewireError {
  const why = isEnd(status) ? `: ${message}` : ` yet; ${topic} tells when it is completed`;
  return new TidewireError("INVALID_TRANSITION", `evaluation ${id} has no result${why}`, { id });
}

function shuttingDown(): TidewireError {
  return new TidewireError("SHUTTING_DOWN", "the server is shutting down");
}
