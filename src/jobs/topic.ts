// What the topic of an evaluation is told.
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { type Progress, RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import type { Publish } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import type { EventPublisher } from "../events/types.js";

/** Least time between two events of progress: ten a second are more than a person sees. */
const PROGRESS_INTERVAL_MS = 100;
/** An end that the log has no room for is told again: pauses double from the first one, some three seconds in all. */
const END_TRIES = 6;
const FIRST_PAUSE_MS = 100;
/** The schema's bound of a message. */
const MAX_MESSAGE_BYTES = 4096;

/** How an evaluation may end. */
export type EndStatus =
  | typeof RunStatus.RUN_STATUS_COMPLETED
  | typeof RunStatus.RUN_STATUS_FAILED
  | typeof RunStatus.RUN_STATUS_STOPPED;

/** Whether nothing follows any more. */
export function isEnd(status: RunStatus | undefined): status is EndStatus {
  return (
    status === RunStatus.RUN_STATUS_COMPLETED ||
    status === RunStatus.RUN_STATUS_FAILED ||
    status === RunStatus.RUN_STATUS_STOPPED
  );
}

/** The topic of an evaluation. */
export const topicOf = (id: string): string => `evaluation.${id}`;

/** Publishes on one topic. */
export class EvaluationTopic {
  readonly #topic: string;
  readonly #publisher: EventPublisher;
  readonly #log: Logger;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isBusy = false;
  /** Not told yet; only the newest is worth it. */
  #latest: Progress | undefined;
  #isSilent = false;

  constructor(topic: string, publisher: EventPublisher, log: Logger) {
    this.#topic = topic;
    this.#publisher = publisher;
    this.#log = log;
  }

  /** It waits for its turn; `config` is what was asked for. @throws TidewireError as the publisher */
  async queued(config: Record<string, unknown>): Promise<void> {
    await this.#publisher.publish([this.#status(RunStatus.RUN_STATUS_QUEUED, undefined, config)]);
  }

  /** It runs. A log that does not take it does not keep it from running. */
  async running(): Promise<void> {
    try {
      await this.#publisher.publish([this.#status(RunStatus.RUN_STATUS_RUNNING)]);
    } catch (error) {
      this.#log.warn({ err: error, topic: this.#topic }, "an evaluation's start could not be published");
    }
  }

  /** How far it is. Never waits: what comes too fast is skipped, `isDue` is told in any case. */
  progress(progress: Progress, isDue: boolean): void {
    this.#latest = progress;
    if (isDue || performance.now() - this.#lastMs >= PROGRESS_INTERVAL_MS) void this.#tell();
  }

  async #tell(): Promise<void> {
    const progress = this.#latest;
    if (this.#isBusy || this.#isSilent || !progress) return;
    this.#latest = undefined;
    this.#lastMs = performance.now();
    this.#isBusy = true;
    try {
      await this.#publisher.publish([this.#event({ $case: "progress", value: progress })]);
    } catch (error) {
      this.#isSilent = true; // one line in the log, not ten a second
      this.#log.warn({ err: error, topic: this.#topic }, "an evaluation's progress could not be published");
    }
    this.#isBusy = false;
  }

  /**
   * It has ended; `last` is told just before. Tried again while the log has no room; what cannot be published in the
   * end is logged, and is told after the next start.
   */
  async ended(status: EndStatus, message: string, last?: Progress): Promise<void> {
    this.#isSilent = true;
    const progress = last ? [this.#event({ $case: "progress", value: last })] : [];
    await this.#publishEnd([...progress, this.#status(status, message)]);
  }

  /** It ended before this start of the server. What the topic lacks is told; nothing where `told` is an end already. */
  async endedBefore(told: RunStatus | undefined, status: EndStatus, message: string): Promise<void> {
    if (isEnd(told)) return;
    const { RUN_STATUS_QUEUED, RUN_STATUS_RUNNING, RUN_STATUS_LOST, RUN_STATUS_COMPLETED } = RunStatus;
    const missing = told === undefined ? [this.#status(RUN_STATUS_QUEUED)] : [];
    const hasRun = told === RUN_STATUS_RUNNING || told === RUN_STATUS_LOST;
    if (status === RUN_STATUS_COMPLETED && !hasRun) missing.push(this.#status(RUN_STATUS_RUNNING));
    await this.#publishEnd([...missing, this.#status(status, message)]);
  }

  async #publishEnd(events: readonly Publish[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#publisher.publish(events);
        return;
      } catch (error) {
        if (!(error instanceof TidewireError && error.retryable) || attempt >= END_TRIES) {
          this.#log.error({ err: error, topic: this.#topic }, "an evaluation's end could not be published");
          return;
        }
        await delay(FIRST_PAUSE_MS * 2 ** (attempt - 1));
      }
    }
  }

  #status(status: RunStatus, message?: string, config?: Record<string, unknown>): Publish {
    const text = message === undefined ? undefined : clipped(message);
    const value = { status, previousStatus: undefined, message: text, config, totalEpochs: undefined };
    return this.#event({ $case: "statusChanged", value });
  }

  #event(kind: NonNullable<Publish["kind"]>): Publish {
    return { topic: this.#topic, timestamp: undefined, kind };
  }
}

/** A text within the schema's bound; characters have at most 4 bytes. */
function clipped(text: string): string {
  return Buffer.byteLength(text) <= MAX_MESSAGE_BYTES ? text : `${text.slice(0, MAX_MESSAGE_BYTES / 4 - 1)}…`;
}
