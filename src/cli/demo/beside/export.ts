// A task: the newest readings of the stream, saved by the server as a file once so many have come.
import { createReadStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { EventInput } from "@tidewire/client";
import { CommandError } from "../../context.js";
import { count } from "../../numbers.js";
import { Life } from "./life.js";
import { EXPORT_FOLDER, EXPORT_PREFIX, PROJECT_ID } from "./names.js";
import type { Setting } from "./setting.js";

/** Exports that are kept; older ones go. */
const KEPT_FILES = 3;
/** How much is done when each begins: nearly all of the time goes into the first. */
const STEPS = [
  { stage: "collect", from: 0 },
  { stage: "save", from: 90 },
  { stage: "check", from: 94 },
  { stage: "tidy up", from: 98 },
] as const;
const NEWLINE = 10;

/** What to export. */
export interface ExportPlan {
  /** The stream, by its session at the server. */
  readonly sessionId: string;
  /** The server's data directory: it is on this machine. */
  readonly dataDir: string;
  /** Readings to wait for first. */
  readonly rows: number;
  /** Time between two looks at how many have come. */
  readonly lookMs: number;
}

/** One export. One instance, one task. */
export class Export {
  readonly topic: string;
  readonly #setting: Setting;
  readonly #plan: ExportPlan;

  constructor(setting: Setting, number: number, plan: ExportPlan) {
    this.topic = `task.${PROJECT_ID}.${EXPORT_PREFIX}${number}`;
    this.#setting = setting;
    this.#plan = plan;
  }

  /** @throws Halt when it was cancelled, whatever else made it fail; either has been said on its topic */
  async run(signal: AbortSignal): Promise<void> {
    const startMs = performance.now();
    await this.#publish({ type: "task_queued", name: `Export of ${count(this.#plan.rows)} readings and more` });
    const life = await Life.follow(this.#setting.client.getProgress(), this.topic, signal);
    try {
      await life.say(() => this.#publish({ type: "task_started", worker: "demo", totalSteps: STEPS.length }));
      const result = await this.#perform(life);
      const durationSeconds = (performance.now() - startMs) / 1000;
      const message = `${count(result.rows)} readings in ${result.path}`;
      await life.say(() => this.#publish({ type: "task_completed", message, result, durationSeconds }));
    } catch (error) {
      await this.#failed(life, error);
      throw error;
    } finally {
      life[Symbol.dispose]();
      this.#setting.activity.task = undefined;
    }
  }

  async #perform(life: Life): Promise<{ path: string; rows: number; bytes: number }> {
    await this.#collect(life);
    await this.#enter(life, 2, "the server writes its history of the stream");
    const { sessionId, dataDir } = this.#plan;
    const { saveHistory } = this.#setting.client;
    const saved = await saveHistory({ sessionId, format: "csv", outputDir: EXPORT_FOLDER });
    await this.#enter(life, 3, `${saved.outputPath} is read back`);
    const { lines, bytes } = await measure(join(dataDir, saved.outputPath), life.signal);
    if (lines !== saved.samplesSaved + 1) {
      throw new CommandError(`${saved.outputPath} has ${lines} lines, not a header and ${saved.samplesSaved} samples`);
    }
    await this.#enter(life, 4, `the newest ${KEPT_FILES} stay`);
    await tidyUp(join(dataDir, EXPORT_FOLDER));
    await this.#enter(life, 4, "done", 1);
    return { path: saved.outputPath, rows: saved.samplesSaved, bytes };
  }

  /** Waits until the stream has had enough readings more than it has now. */
  async #collect(life: Life): Promise<void> {
    const { rows, lookMs } = this.#plan;
    const first = await this.#predicted();
    for (let done = 0; done < rows; ) {
      await this.#enter(life, 1, `${count(done)} of ${count(rows)} readings`, done / rows);
      await life.sleep(lookMs);
      done = (await this.#predicted()) - first;
    }
  }

  async #predicted(): Promise<number> {
    const { connections } = await this.#setting.client.inferenceStats();
    const session = connections.find(({ sessionId }) => sessionId === this.#plan.sessionId);
    if (session) return session.predictionsCount;
    throw new CommandError("the stream's session is not there any more");
  }

  /** @param share of the step that is done */
  async #enter(life: Life, step: number, message: string, share = 0): Promise<void> {
    const { stage, from } = STEPS[step - 1] as (typeof STEPS)[number];
    const progress = from + share * ((STEPS[step]?.from ?? 100) - from);
    this.#setting.activity.task = { topic: this.topic, at: message };
    const totalSteps = STEPS.length;
    await life.say(() => this.#publish({ type: "step_progress", progress, step, totalSteps, stage, message }));
  }

  #publish(event: EventInput) {
    return this.#setting.client.getProgress().publish(this.topic, event);
  }

  async #failed(life: Life, error: unknown): Promise<void> {
    const halt = life.signal.aborted ? life.signal.reason : undefined;
    if (halt?.by === "elsewhere") return;
    const reason = ((halt ?? error) as Error).message;
    await life.end(() =>
      this.#publish(halt ? { type: "task_cancelled", reason } : { type: "task_failed", error: reason }),
    );
  }
}

/** @throws the signal's reason */
async function measure(path: string, signal: AbortSignal): Promise<{ lines: number; bytes: number }> {
  let [lines, bytes] = [0, 0];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    bytes += chunk.length;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
  }
  return { lines, bytes };
}

/** Removes all exports but the newest; the end of their names is the time. */
async function tidyUp(folder: string): Promise<void> {
  const timeOf = (name: string) => /_(\d{8}_\d{6})\.csv$/.exec(basename(name))?.[1];
  const files = (await readdir(folder)).filter((name) => timeOf(name) !== undefined);
  files.sort((a, b) => (timeOf(b) as string).localeCompare(timeOf(a) as string));
  for (const old of files.slice(KEPT_FILES)) await rm(join(folder, old), { force: true });
}
