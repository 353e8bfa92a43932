// A training run: a small network learns the turbine, and reports as anybody's training script would.
import { type EventInput, type LogLevel, TidewireClientError } from "@tidewire/client";
import type { LearningSet } from "../learning/learning-set.js";
import { type Hyperparameters, type Piece, type Quality, Trainer } from "../learning/trainer.js";
import { Pace } from "../pace.js";
import { rmseText } from "./comparison.js";
import type { Halt } from "./halt.js";
import { Life } from "./life.js";
import { RUN_PREFIX } from "./names.js";
import { Outbox } from "./outbox.js";
import type { Setting } from "./setting.js";

/** Points of a curve that has one every few steps: finer than a chart is wide. */
const POINTS = 800;
/** Progress is told this often, more often where a run is shorter than a minute. */
const PROGRESS_MS = 1000;
const MIN_PROGRESS_MS = 50;
const PROGRESS_A_RUN = 60;
/** Epochs without a better validation after which that is worth a warning. */
const PATIENCE = 5;
const SOURCE = "trainer";

/** What a run did, when it has completed. */
export interface RunResult {
  readonly topic: string;
  readonly validation: Quality;
  readonly bestEpoch: number;
  /** For people. */
  readonly summary: string;
}

/** The validation that was the best so far. */
interface Best {
  readonly epoch: number;
  readonly loss: number;
}

/** One training run, from queued to its end. One instance, one run. */
export class TrainingRun {
  readonly id: string;
  readonly topic: string;
  readonly #setting: Setting;
  readonly #set: LearningSet;
  readonly #choice: Hyperparameters;
  readonly #trainer: Trainer;
  readonly #outbox: Outbox;
  readonly #pace: Pace;
  readonly #every: number;
  /** Time spent in pauses. */
  #restedMs = 0;
  #startMs = performance.now();
  #epochMs = 0;
  #progressMs = 0;
  #best: Best | undefined;
  #last: Quality | undefined;

  constructor(setting: Setting, number: number, set: LearningSet, choice: Hyperparameters) {
    this.id = RUN_PREFIX + number;
    this.topic = `training.${this.id}`;
    this.#setting = setting;
    this.#set = set;
    this.#choice = choice;
    this.#trainer = new Trainer(set, choice);
    this.#outbox = new Outbox(setting.client.getProgress(), this.topic);
    this.#pace = new Pace(this.#trainer.pieces / setting.runSeconds);
    this.#every = Math.max(1, Math.round(this.#trainer.steps / POINTS));
  }

  /**
   * Trains, and rests whenever the run or its workflow is paused.
   *
   * @throws Halt when it was stopped; whatever else made it fail; either has been said on its topic
   */
  async run(workflow: Life): Promise<RunResult> {
    const { training } = this.#setting.client;
    this.#setting.activity.run = { topic: this.topic, at: "queued" };
    await training.createSession({ experimentId: this.id, config: this.#config, totalEpochs: this.#choice.epochs });
    const sayPaused = (isPaused: boolean) => training.setStatus(this.id, isPaused ? "paused" : "running");
    const life = await Life.follow(this.#setting.client.getProgress(), this.topic, workflow.signal, sayPaused);
    const untie = Life.tie(life, workflow);
    try {
      const result = await this.#perform(life);
      await life.say(() => training.setStatus(this.id, "completed", result.summary));
      return result;
    } catch (error) {
      await this.#failed(life, error);
      throw error;
    } finally {
      untie();
      life[Symbol.dispose]();
      this.#setting.activity.run = undefined;
    }
  }

  get #config() {
    const { training, validation, boundarySignals, signals } = this.#set;
    const { hidden, learningRate, batchSize, seed } = this.#choice;
    return {
      model: `perceptron ${boundarySignals.length}-${hidden}-${signals.length}, tanh`,
      optimizer: "adam",
      hidden_units: hidden,
      learning_rate: learningRate,
      schedule: "warm-up, cosine",
      batch_size: batchSize,
      seed,
      rows_training: training.rows,
      rows_validation: validation.rows,
    };
  }

  async #perform(life: Life): Promise<RunResult> {
    await life.say(() => this.#setting.client.training.setStatus(this.id, "running"));
    const { training, validation } = this.#set;
    this.#log("INFO", `learns from ${training.rows} hours and is checked with the ${validation.rows} after them`);
    this.#log("DEBUG", `${this.#trainer.network.weights.length} weights, ${this.#trainer.steps} steps`);
    this.#startMs = performance.now();
    for (const piece of this.#trainer.train()) {
      if (piece.is === "step") this.#stepped(piece);
      else if (piece.is === "epoch") this.#epochEnded(piece);
      await this.#pace.turn(life.signal);
      await this.#rest(life);
      life.signal.throwIfAborted();
      this.#outbox.check();
    }
    await this.#outbox.settled();
    return this.#result(this.#last as Quality, this.#best as Best);
  }

  #result(validation: Quality, { epoch, loss }: Best): RunResult {
    const summary = `validation ${validation.loss.toFixed(4)}, best ${loss.toFixed(4)} after epoch ${epoch}`;
    return { topic: this.topic, validation, bestEpoch: epoch, summary };
  }

  async #rest(life: Life): Promise<void> {
    if (!life.isPaused) return;
    const fromMs = performance.now();
    this.#log("INFO", "rests");
    this.#setting.activity.run = { topic: this.topic, at: "paused" };
    await life.running();
    this.#log("INFO", "goes on");
    this.#restedMs += performance.now() - fromMs;
  }

  #stepped({ step, epoch, loss, learningRate, gradientNorm }: Piece & { is: "step" }): void {
    if (step % this.#every === 0) {
      const metrics = { "train/loss": loss, "train/gradient_norm": gradientNorm, lr: learningRate };
      this.#outbox.send({ type: "metrics", epoch, step, metrics });
    }
    const activeMs = this.#activeMs;
    const betweenMs = (this.#setting.runSeconds * 1000) / PROGRESS_A_RUN;
    if (activeMs - this.#progressMs < Math.min(PROGRESS_MS, Math.max(MIN_PROGRESS_MS, betweenMs))) return;
    this.#progressMs = activeMs;
    this.#progress(step, epoch);
  }

  #progress(step: number, epoch: number): void {
    const { steps } = this.#trainer;
    const { epochs } = this.#choice;
    const validation = this.#last === undefined ? "" : `, val ${this.#last.loss.toFixed(3)}`;
    this.#setting.activity.run = { topic: this.topic, at: `epoch ${epoch}/${epochs}${validation}` };
    this.#outbox.send({
      type: "progress",
      status: "running",
      progress: (100 * step) / steps,
      step,
      totalSteps: steps,
      stage: "training",
      message: `epoch ${epoch} of ${epochs}`,
      details: { current: epoch, completed: epoch - 1, total: epochs },
      etaSeconds: ((this.#activeMs / step) * (steps - step)) / 1000,
    });
  }

  #epochEnded({ epoch, training, validation }: Piece & { is: "epoch" }): void {
    const activeMs = this.#activeMs;
    const rate = (this.#set.training.rows * 1000) / (activeMs - this.#epochMs);
    this.#epochMs = activeMs;
    this.#last = validation;
    const rmse = (name: string, { rmse }: Quality) =>
      this.#set.signals.map((signal, i) => [`${name}/rmse/${signal}`, rmse[i] as number] as const);
    const metrics = Object.fromEntries([
      ["val/loss", validation.loss],
      ["train/epoch_loss", training.loss],
      ...rmse("train", training),
      ...rmse("val", validation),
      ["samples_per_second", rate],
    ]);
    const step = epoch * this.#trainer.stepsPerEpoch;
    this.#outbox.send({ type: "metrics", epoch, step, metrics });
    this.#judge(epoch, training, validation);
    if (epoch === this.#choice.epochs) this.#progress(step, epoch);
  }

  #judge(epoch: number, training: Quality, validation: Quality): void {
    const of = `epoch ${epoch} of ${this.#choice.epochs}`;
    this.#log("INFO", `${of}: training ${training.loss.toFixed(4)}, validation ${validation.loss.toFixed(4)}`);
    const errors = this.#set.signals.map((name, i) => `${name} ${rmseText(name, validation.rmse[i] as number)}`);
    this.#log("DEBUG", `${of}: RMSE ${errors.join(", ")}`);
    if (this.#best === undefined || validation.loss < this.#best.loss) this.#best = { epoch, loss: validation.loss };
    const since = epoch - this.#best.epoch;
    if (since > 0 && since % PATIENCE === 0) {
      this.#log(
        "WARNING",
        `validation is no better than after epoch ${this.#best.epoch}: ${this.#best.loss.toFixed(4)}`,
      );
    }
  }

  get #activeMs(): number {
    return performance.now() - this.#startMs - this.#restedMs;
  }

  #log(level: LogLevel, message: string): void {
    this.#outbox.send({ type: "log", level, message, source: SOURCE } satisfies EventInput);
  }

  /** Says how it has ended, unless somebody else has. */
  async #failed(life: Life, error: unknown): Promise<void> {
    const halt = life.signal.aborted ? (life.signal.reason as Halt) : undefined;
    const isRemoved = error instanceof TidewireClientError && error.code === "SESSION_NOT_FOUND";
    if (isRemoved || halt?.by === "elsewhere") return life[Symbol.dispose]();
    const { training } = this.#setting.client;
    const message = halt?.message ?? (error as Error).message;
    if (!halt) this.#log("ERROR", message);
    await this.#outbox.settled().catch(() => undefined); // the run ends by its first error; that is said below
    await life.end(() => training.setStatus(this.id, halt ? "stopped" : "failed", message));
  }
}
