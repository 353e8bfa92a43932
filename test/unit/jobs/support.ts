// Evaluations with everything around them under the test's control: topics, claims and models.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "csv-parse/sync";
import { type Logger, pino } from "pino";
import type { Test } from "tap";
import type { Evaluation, StartEvaluation } from "../../../generated/ts/tidewire/v1/evaluation.js";
import { type Progress, RunStatus } from "../../../generated/ts/tidewire/v1/events.js";
import { DataType } from "../../../generated/ts/tidewire/v1/inference.js";
import type { Position, Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import { type ErrorCode, TidewireError } from "../../../src/errors.js";
import type { EventPublisher, TopicView } from "../../../src/events/types.js";
import { Ensemble } from "../../../src/inference/ensemble.js";
import type { Executor } from "../../../src/inference/executor.js";
import { ModelRepository } from "../../../src/inference/repository.js";
import { type EvaluationLimits, type EvaluationServices, Evaluations } from "../../../src/jobs/evaluations.js";
import { TURBINE } from "../../integration/support/models.js";

export const LIMITS: EvaluationLimits = {
  maxEvaluations: 2,
  maxQueuedEvaluations: 2,
  maxUploadBytes: 10_000_000,
  keptEvaluations: 100,
  keptEvaluationBytes: 1e9,
};

export const { RUN_STATUS_QUEUED: QUEUED, RUN_STATUS_RUNNING: RUNNING } = RunStatus;
export const { RUN_STATUS_COMPLETED: COMPLETED, RUN_STATUS_FAILED: FAILED, RUN_STATUS_STOPPED: STOPPED } = RunStatus;

/** What is legal, as the rules of life have it. */
const LEGAL: ReadonlyMap<RunStatus | undefined, readonly RunStatus[]> = new Map<
  RunStatus | undefined,
  readonly RunStatus[]
>([
  [undefined, [QUEUED, RUNNING]],
  [QUEUED, [RUNNING, FAILED, STOPPED]],
  [RUNNING, [COMPLETED, FAILED, STOPPED]],
]);

/** Something that happens once. */
export class Moment {
  readonly promise: Promise<void>;
  resolve: () => void = () => {};

  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }
}

/** Keeps what is published, and refuses what is illegal. */
export class EventBook implements EventPublisher {
  readonly events: Publish[] = [];
  /** Called before an event is taken; may throw. */
  onEvent: (event: Publish) => void = () => {};
  #changed = new Moment();

  async publish(events: readonly Publish[]): Promise<readonly Position[]> {
    for (const event of events) this.onEvent(event);
    for (const event of events) this.#take(event);
    this.#changed.resolve();
    this.#changed = new Moment();
    return events.map(() => ({ generation: 1, offset: this.events.length }));
  }

  #take(event: Publish): void {
    const before = this.statuses(event.topic).at(-1);
    const next = statusOf(event);
    const isLegal = next === undefined ? (LEGAL.get(before) ?? []).length > 0 : LEGAL.get(before)?.includes(next);
    if (!isLegal) throw new TidewireError("INVALID_TRANSITION", `${event.topic}: ${before} to ${next}`);
    this.events.push(event);
  }

  /** Statuses of a topic, in order. */
  statuses(topic: string): RunStatus[] {
    return this.of(topic).flatMap((event) => statusOf(event) ?? []);
  }

  /** The text with which a topic ended. */
  lastMessage(topic: string): string | undefined {
    const messages = this.of(topic).map(({ kind }) =>
      kind?.$case === "statusChanged" ? kind.value.message : undefined,
    );
    return messages.findLast((message) => message !== undefined);
  }

  progress(topic: string): Progress[] {
    return this.of(topic).flatMap(({ kind }) => (kind?.$case === "progress" ? [kind.value] : []));
  }

  of(topic: string): Publish[] {
    return this.events.filter((event) => event.topic === topic);
  }

  view(topic: string): TopicView | undefined {
    const status = this.statuses(topic).at(-1);
    if (status === undefined) return undefined;
    return { topic, generation: 1, offset: 1, status, state: { status } as TopicView["state"] };
  }

  /** Resolves once the topic has an event that passes, be it an earlier one. */
  async until(topic: string, passes: (event: Publish) => boolean): Promise<void> {
    while (!this.of(topic).some(passes)) await this.#changed.promise;
  }

  /** Resolves with the status in which the topic ended. */
  async end(topic: string): Promise<RunStatus> {
    await this.until(topic, (event) => (statusOf(event) ?? QUEUED) >= COMPLETED);
    return this.statuses(topic).at(-1) as RunStatus;
  }

  /** Resolves once the topic has this status. */
  async status(topic: string, status: RunStatus): Promise<void> {
    await this.until(topic, (event) => statusOf(event) === status);
  }
}

export function statusOf({ kind }: Publish): RunStatus | undefined {
  return kind?.$case === "statusChanged" ? kind.value.status : undefined;
}

/** Who is asked to stop. */
export class Claims {
  readonly held = new Map<string, (reason?: string) => void>();

  claim(topic: string, onCancel: (reason?: string) => void): { release(): void } {
    this.held.set(topic, onCancel);
    return { release: () => void this.held.delete(topic) };
  }
}

/** Evaluations under test. */
export interface Bench {
  readonly evaluations: Evaluations;
  readonly book: EventBook;
  readonly claims: Claims;
  readonly dataDir: string;
  readonly logged: () => string;
  /** Puts a file into the data directory. */
  put(name: string, text: string | Uint8Array): string;
}

/** What a test may choose. */
export interface BenchOptions {
  readonly models?: EvaluationServices["models"];
  readonly limits?: Partial<EvaluationLimits>;
  readonly dataDir?: string;
  readonly book?: EventBook;
}

/** Evaluations on a data directory of the test, stopped when it ends. */
export async function bench(t: Test, options: BenchOptions = {}): Promise<Bench> {
  const dataDir = options.dataDir ?? join(t.testdir({}), "data");
  const [book, claims, lines] = [options.book ?? new EventBook(), new Claims(), [] as string[]];
  const log: Logger = pino({ level: "warn" }, { write: (line) => lines.push(line) });
  const models = options.models ?? oneModel(heldEnsemble(new FreeExecutor()));
  const services: EvaluationServices = { models, publisher: book, events: book, claims, dataDir, log };
  const evaluations = new Evaluations(services, { ...LIMITS, ...options.limits });
  t.teardown(() => evaluations[Symbol.asyncDispose]());
  await evaluations.recover();
  const put = (name: string, text: string | Uint8Array): string => {
    mkdirSync(dirname(join(dataDir, name)), { recursive: true });
    writeFileSync(join(dataDir, name), text);
    return name;
  };
  return { evaluations, book, claims, dataDir, put, logged: () => lines.join("") };
}

/** A request with nothing but what is given. */
export function request(choices: Partial<StartEvaluation>): StartEvaluation {
  const none = { path: undefined, timeColumn: undefined, includeReadings: undefined };
  return { ensembleName: "held", manualBoostSignals: {}, ...none, ...choices };
}

/** The demo ensemble. */
export async function turbine(t: Test): Promise<ModelRepository> {
  const config = {
    executionProvider: "cpu",
    intraOpThreads: 1,
    inlineLimitUs: 200,
    maxInferBytes: 1 << 20,
    maxBatchRows: 4096,
    maxQueuedRows: 262_144,
    maxQueueDelayUs: 0,
    modelSettings: {},
  };
  const context = { config, afterDelivery: () => {}, workerDied: () => {} };
  const nothing = { loaded: () => {}, broken: () => {} };
  const models = await ModelRepository.open(dirname(TURBINE), context, nothing);
  t.teardown(() => models[Symbol.asyncDispose]());
  return models;
}

export function oneModel(ensemble: Ensemble): EvaluationServices["models"] {
  return {
    get(name) {
      if (name === ensemble.name) return ensemble;
      throw new TidewireError("ENSEMBLE_NOT_FOUND", `no ensemble "${name}"`);
    },
  };
}

/** Boundary signals a and b; signal y. */
export function heldEnsemble(executor: Executor, { costUs = 10, maxQueuedRows = 10_000 } = {}): Ensemble {
  const tensor = (name: string, width: number) => ({ name, datatype: DataType.DATA_TYPE_FP32, shape: [-1, width] });
  return new Ensemble({
    manifest: {
      name: "held",
      version: "1",
      description: undefined,
      basePath: "",
      boostPath: undefined,
      boundarySignals: ["a", "b"],
      signals: ["y"],
      boosted: new Set(),
      quality: {},
      sha256: "0".repeat(64),
    },
    specs: { inputs: [tensor("x", 2)], outputs: [tensor("y", 1)], boost: undefined },
    executor,
    executionProvider: "cpu",
    costUs,
    limits: { maxBatchRows: 4096, maxQueuedRows, maxQueueDelayUs: 0 },
    maxInferBytes: 1024,
    afterDelivery: () => {},
  });
}

/** Predicts a + b; `before` each run may wait or throw. */
export class FreeExecutor implements Executor {
  readonly kind = "inline";
  readonly isDown = false;
  runs = 0;

  constructor(private readonly before: (values: Float32Array) => unknown = () => {}) {}

  async runRows(seal: Parameters<Executor["runRows"]>[0]): ReturnType<Executor["runRows"]> {
    await new Promise((resolve) => setImmediate(resolve));
    const { input, rows } = seal();
    const values = Float32Array.from(input);
    this.runs += 1;
    await this.before(values);
    const base = Float32Array.from(
      { length: rows },
      (_, i) => (values[2 * i] as number) + (values[2 * i + 1] as number),
    );
    return { base, residual: undefined };
  }

  async runTensors(): Promise<never> {
    throw new Error("rows only");
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** An executor whose runs wait until they are let. */
export class HeldExecutor extends FreeExecutor {
  readonly #gate = new Moment();
  readonly #reached = new Moment();

  constructor() {
    super(async () => {
      this.#reached.resolve();
      await this.#gate.promise;
    });
  }

  /** Resolves once a run is under way. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  free(): void {
    this.#gate.resolve();
  }
}

/** The rows of a result, by column. */
export function resultRows({ dataDir }: Bench, { id }: Evaluation): Record<string, string>[] {
  const text = readFileSync(join(dataDir, "evaluations", id, "result.csv"), "utf8");
  return parse(text, { columns: true, record_delimiter: "\r\n" }) as Record<string, string>[];
}

/** Files of an evaluation; undefined when its folder is gone. */
export function filesOf({ dataDir }: Bench, id: string): string[] | undefined {
  const folder = join(dataDir, "evaluations", id);
  return existsSync(folder) ? readdirSync(folder).sort() : undefined;
}

/** The code and message with which something is refused. */
export async function refusal(work: Promise<unknown>): Promise<{ code: ErrorCode; message: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof TidewireError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("it was not refused");
}
