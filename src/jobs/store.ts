// The evaluations that are kept: in memory as GET tells them, and in their folders.
import type { Logger } from "pino";
import type { Evaluation } from "../../generated/ts/tidewire/v1/evaluation.js";
import { RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import { TidewireError } from "../errors.js";
import { EvaluationFolder } from "./folder.js";
import { isEnd } from "./topic.js";

/** What is kept of evaluations that have ended; the oldest goes first. */
export interface StoreLimits {
  readonly keptEvaluations: number;
  /** Of all results together. */
  readonly keptEvaluationBytes: number;
}

/** An evaluation and its folder. */
export interface KeptEvaluation {
  readonly evaluation: Evaluation;
  readonly folder: EvaluationFolder;
}

/** Keeps evaluations. */
export class EvaluationStore {
  /** In the order they were asked for. */
  readonly #kept = new Map<string, KeptEvaluation>();
  readonly #limits: StoreLimits;
  readonly #log: Logger;

  constructor(limits: StoreLimits, log: Logger) {
    this.#limits = limits;
    this.#log = log;
  }

  /** What an earlier process has left; folders without a record, such as those of unfinished uploads, are removed. */
  async load(dataDir: string): Promise<readonly KeptEvaluation[]> {
    const found: KeptEvaluation[] = [];
    for (const folder of await EvaluationFolder.all(dataDir)) {
      const evaluation = await this.#loadOne(folder);
      if (evaluation) found.push({ evaluation, folder });
    }
    found.sort((a, b) => createdMs(a) - createdMs(b));
    for (const kept of found) this.add(kept);
    return found;
  }

  async #loadOne(folder: EvaluationFolder): Promise<Evaluation | undefined> {
    try {
      const evaluation = await folder.load();
      if (evaluation?.id === folder.id) return evaluation;
      await folder.remove();
    } catch (error) {
      this.#log.error({ err: error, folder: folder.path }, "what was kept of an evaluation cannot be read");
    }
    return undefined;
  }

  add(kept: KeptEvaluation): void {
    this.#kept.set(kept.evaluation.id, kept);
  }

  /** @throws TidewireError TASK_NOT_FOUND; any text may be asked for */
  get(id: string): KeptEvaluation {
    const kept = this.#kept.get(id);
    if (kept) return kept;
    const shown = id.slice(0, 128);
    throw new TidewireError("TASK_NOT_FOUND", `no evaluation "${shown}"`, { id: shown });
  }

  /** The newest first. */
  list(): Evaluation[] {
    return [...this.#kept.values()].map(({ evaluation }) => evaluation).reverse();
  }

  /** Forgets one and removes its folder. */
  async remove({ evaluation, folder }: KeptEvaluation): Promise<void> {
    this.#kept.delete(evaluation.id);
    await folder.remove();
  }

  /** Removes the oldest ones beyond the limits that nobody works on; the newest result stays, however large it is. */
  async prune(isBusy: (id: string) => boolean): Promise<void> {
    const isOver = ({ evaluation }: KeptEvaluation) => isEnd(evaluation.status) && !isBusy(evaluation.id);
    const ended = [...this.#kept.values()].filter(isOver);
    ended.sort((a, b) => finishedMs(b) - finishedMs(a));
    let [count, bytes] = [0, 0];
    for (const kept of ended) {
      const { resultBytes = 0, status } = kept.evaluation;
      const isFirstResult = status === RunStatus.RUN_STATUS_COMPLETED && bytes === 0;
      count += 1;
      bytes += resultBytes;
      const isWithin = count <= this.#limits.keptEvaluations;
      if (isWithin && (bytes <= this.#limits.keptEvaluationBytes || isFirstResult)) continue;
      await this.remove(kept);
    }
  }
}

const createdMs = ({ evaluation }: KeptEvaluation): number => msOf(evaluation.createdAt);
const finishedMs = ({ evaluation }: KeptEvaluation): number => msOf(evaluation.finishedAt);

function msOf(at: Evaluation["createdAt"]): number {
  return at ? at.seconds * 1000 + at.nanos / 1e6 : 0;
}
