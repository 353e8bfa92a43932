// Training runs, as their publishers handle them over HTTP: created, given a status, removed.
import { RunStatus, type StatusChanged } from "../../generated/ts/tidewire/v1/events.js";
import type { Position, Publish } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import type { EventPublisher } from "../events/types.js";
import { type Family, familyOf } from "./families.js";
import { sessionNotFound } from "./life.js";
import type { Lives } from "./lives.js";

/** A training run to be. */
export interface NewTraining {
  readonly experimentId?: string | undefined;
  /** What it is started with, such as hyperparameters. */
  readonly config?: { [key: string]: unknown } | undefined;
  readonly totalEpochs?: number | undefined;
}

/** What training runs need of {@link Runs}. */
export interface RunPublisher extends EventPublisher {
  remove(topic: string): Promise<void>;
}

/** Creates, changes and removes training runs. */
export class TrainingRuns {
  readonly #runs: RunPublisher;
  readonly #lives: Lives;

  constructor(runs: RunPublisher, lives: Lives) {
    this.#runs = runs;
    this.#lives = lives;
  }

  /**
   * Creates a run, queued. Of two that create the same one at once, one succeeds.
   *
   * @throws TidewireError SESSION_EXISTS; INVALID_TOPIC when the id is no token of a topic
   */
  async create({ experimentId = "", config, totalEpochs }: NewTraining): Promise<Position> {
    const { topic } = trainingOf(experimentId);
    await this.#lives.removal(topic);
    if (this.#lives.standingOf(topic) !== undefined) throw exists(experimentId);
    return this.#change(topic, { status: RunStatus.RUN_STATUS_QUEUED, config, totalEpochs });
  }

  /**
   * Gives a run a status. The same one again adds nothing.
   *
   * @returns the position of the change, or the present one
   * @throws TidewireError SESSION_NOT_FOUND, INVALID_TRANSITION, INVALID_TOPIC; INVALID_MESSAGE for `lost`
   */
  async setStatus(experimentId: string, status: RunStatus, message?: string): Promise<Position> {
    const { topic, family } = trainingOf(experimentId);
    if (this.#lives.standingOf(topic) === undefined) throw sessionNotFound(family, topic);
    return this.#change(topic, { status, message, config: undefined });
  }

  /** Forgets a run with all its events; its id may be used again. @throws TidewireError SESSION_NOT_FOUND, INVALID_TOPIC */
  async remove(experimentId: string): Promise<void> {
    await this.#runs.remove(trainingOf(experimentId).topic);
  }

  async #change(topic: string, value: StatusChanged): Promise<Position> {
    const event: Publish = { topic, timestamp: undefined, kind: { $case: "statusChanged", value } };
    const [position] = await this.#runs.publish([event]);
    return position as Position;
  }
}

function trainingOf(experimentId: string): { topic: string; family: Family } {
  const topic = `training.${experimentId}`;
  return { topic, family: familyOf(topic) };
}

function exists(experimentId: string): TidewireError {
  const message = `training run "${experimentId}" exists already`;
  return new TidewireError("SESSION_EXISTS", message, { experiment_id: experimentId });
}
