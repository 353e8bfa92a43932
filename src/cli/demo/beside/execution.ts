// A workflow's execution: prepare, train, evaluate, report; each phase is what really goes on.
import type { Evaluation, EventInput } from "@tidewire/client";
import { type LearningSet, toLearningSet, trainingRows } from "../learning/learning-set.js";
import type { Hyperparameters } from "../learning/trainer.js";
import { compare, evaluationText } from "./comparison.js";
import { Halt } from "./halt.js";
import { judge, splitRows } from "./judging.js";
import { Life } from "./life.js";
import { WORKFLOW_ID } from "./names.js";
import { Outbox } from "./outbox.js";
import { type RunResult, TrainingRun } from "./run.js";
import type { Setting } from "./setting.js";

const PHASES = ["prepare", "train", "evaluate", "report"] as const;
type Phase = (typeof PHASES)[number];

/** One execution. One instance, one execution. */
export class Execution {
  readonly topic: string;
  readonly #setting: Setting;
  readonly #number: number;
  readonly #choice: Hyperparameters;
  #phase: Phase | undefined;

  constructor(setting: Setting, number: number, choice: Hyperparameters) {
    this.topic = `workflow.${WORKFLOW_ID}.${number}`;
    this.#setting = setting;
    this.#number = number;
    this.#choice = choice;
  }

  /** Goes through all phases. @throws Halt when it was cancelled, whatever else made it fail; either has been said on its topic */
  async run(signal: AbortSignal): Promise<void> {
    const startMs = performance.now();
    await this.#publish({
      type: "workflow_execution_created",
      name: "Train on the year's readings, compare with what is served",
      totalPhases: PHASES.length,
    });
    const life = await Life.follow(this.#setting.client.getProgress(), this.topic, signal, (isPaused) =>
      this.#publish(
        isPaused
          ? { type: "workflow_execution_paused", reason: "its training run is paused" }
          : { type: "workflow_execution_resumed" },
      ),
    );
    try {
      await life.say(() => this.#publish({ type: "workflow_execution_started" }));
      const result = await this.#phases(life);
      const durationSeconds = secondsSince(startMs);
      await life.say(() => this.#publish({ type: "workflow_execution_completed", ...result, durationSeconds }));
    } catch (error) {
      await this.#failed(life, error);
      throw error;
    } finally {
      life[Symbol.dispose]();
      this.#setting.activity.workflow = undefined;
    }
  }

  async #phases(life: Life): Promise<{ message: string; result: Readonly<Record<string, unknown>> }> {
    const { rows, rowsPath, ensemble } = this.#setting;
    const prepared = await this.#enter(life, "prepare", `rows are split and scaled; ${ensemble} over the older ones`, {
      work: async () => {
        const files = await splitRows(rowsPath, trainingRows(rows));
        return { files, set: toLearningSet(rows), served: await judge(this.#setting, files.training, life) };
      },
      tell: ({ served }) => evaluationText(served),
    });
    const run = new TrainingRun(this.#setting, this.#number, prepared.set, this.#choice);
    const trained = await this.#enter(life, "train", run.topic, {
      work: () => run.run(life),
      tell: ({ summary }) => summary,
    });
    const served = await this.#enter(life, "evaluate", `${ensemble} over the newer rows`, {
      work: () => judge(this.#setting, prepared.files.validation, life),
      tell: evaluationText,
    });
    return this.#enter(life, "report", "what was trained beside what is served", {
      work: () => this.#report(prepared.set, trained, served),
      tell: ({ message }) => message,
    });
  }

  /** Does a phase's work between its two events. */
  async #enter<T>(
    life: Life,
    phase: Phase,
    message: string,
    { work, tell }: { readonly work: () => Promise<T>; readonly tell: (result: T) => string },
  ): Promise<T> {
    const place = { phase, phaseNumber: PHASES.indexOf(phase) + 1, totalPhases: PHASES.length };
    const startMs = performance.now();
    this.#phase = phase;
    this.#setting.activity.workflow = { topic: this.topic, at: phase };
    await life.say(() => this.#publish({ type: "workflow_phase_started", ...place, message }));
    const result = await work();
    const end = { ...place, message: tell(result), durationSeconds: secondsSince(startMs) };
    await life.say(() => this.#publish({ type: "workflow_phase_completed", ...end }));
    return result;
  }

  /** Writes the comparison into the run's log, and gives it as the result. */
  async #report({ signals: names }: LearningSet, { topic, validation, bestEpoch }: RunResult, served: Evaluation) {
    const { signals, message, lines } = compare(names, validation, served);
    const log = new Outbox(this.#setting.client.getProgress(), topic);
    for (const line of [...lines, message]) log.send({ type: "log", level: "INFO", message: line, source: "report" });
    await log.settled();
    return { message, result: { run: topic, evaluation: served.topic, best_epoch: bestEpoch, signals } };
  }

  #publish(event: EventInput) {
    return this.#setting.client.getProgress().publish(this.topic, event);
  }

  async #failed(life: Life, error: unknown): Promise<void> {
    const halt = life.signal.aborted ? life.signal.reason : undefined;
    if (halt?.by === "elsewhere") return;
    const message = ((halt ?? error) as Error).message;
    // Of a part alone, such as the run: then the workflow cannot go on either.
    const why = halt
      ? `cancelled: ${message}`
      : error instanceof Halt
        ? `${this.#phase} was ended: ${message}`
        : message;
    await life.end(() => this.#publish({ type: "workflow_execution_failed", error: why, phase: this.#phase }));
  }
}

function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000;
}
