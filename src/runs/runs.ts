// Runs: whatever is published passes here, and is appended if it is legal in the life of its topic.
import type { Logger } from "pino";
import { RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import type { Position, Publish } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import { isEnded } from "../events/fold.js";
import type { LogLine } from "../events/log-line.js";
import type { AppendAsker } from "../events/turn.js";
import type { EventPublisher } from "../events/types.js";
import { Draft, type Source } from "./draft.js";
import { type Case, familyOf, familyOfKnown } from "./families.js";
import { Judge } from "./judge.js";
import { Leases } from "./leases.js";
import { sessionNotFound, statusName } from "./life.js";
import { Lives } from "./lives.js";
import { Owners } from "./owners.js";
import type { RunLog } from "./run-log.js";
import { TrainingRuns } from "./training.js";

const { RUN_STATUS_RUNNING: RUNNING, RUN_STATUS_LOST: LOST } = RunStatus;

/** Topics that are read at once when leases are resumed. */
const PAGE_TOPICS = 1_000;

/** Tells the time. */
export interface Clock {
  /** ms of a clock that never goes back. */
  now(): number;
  /** ms since 1970. */
  date(): number;
}

/** What runs work with. */
export interface RunsContext {
  readonly events: RunLog;
  readonly clock: Clock;
  /** How long the publisher of a running run may say nothing before the run is lost. */
  readonly leaseMs: number;
  readonly log: Logger;
}

/** Keeps the rules of life of training runs, evaluations, tasks, workflows and containers. */
export class Runs implements EventPublisher, Disposable {
  /** Jobs of this server. */
  readonly owners = new Owners();
  readonly training: TrainingRuns;
  readonly #events: RunLog;
  readonly #log: Logger;
  readonly #lives: Lives;
  readonly #judge: Judge;
  readonly #leases: Leases;
  readonly #leaseMs: number;

  constructor({ events, clock, leaseMs, log }: RunsContext) {
    this.#events = events;
    this.#log = log;
    this.#lives = new Lives(events);
    this.#judge = new Judge(events, this.#lives, () => clock.date());
    this.training = new TrainingRuns(this, this.#lives);
    this.#leaseMs = leaseMs;
    this.#leases = new Leases(
      leaseMs,
      () => clock.now(),
      (topic) => this.#expire(topic),
    );
  }

  /** How many lives have changes that are accepted and not durable yet: nothing is remembered of the others. */
  get livesInFlight(): number {
    return this.#lives.inFlight;
  }

  // ---- publish ----

  async publish(events: readonly Publish[]): Promise<readonly Position[]> {
    const draft = this.#draft(events);
    for (const event of events) this.#heard(event);
    return this.#commit(draft);
  }

  /**
   * Publishes one event; the asker is told once it is durable, or that it cannot be kept, and not before this returns.
   *
   * @throws TidewireError INVALID_TOPIC, INVALID_MESSAGE, INVALID_TRANSITION, SESSION_NOT_FOUND, SESSION_EXISTS,
   *   OVERLOADED, FRAME_TOO_LARGE; the asker is not told then
   */
  submit(event: Publish, asker: AppendAsker): void {
    const ordinary = this.#judge.ordinary(event);
    if (ordinary) {
      this.#events.append([ordinary], asker);
    } else {
      this.#commit(this.#draft([event])).then(
        (positions) => asker.accepted(positions),
        (error: unknown) => asker.refused(error, 1),
      );
    }
    this.#heard(event);
  }

  /**
   * Publishes a log line as {@link submit} does, if it is legal and touches no life.
   *
   * @returns false when it is not or there is more to it: submit it as an event then
   * @throws TidewireError OVERLOADED
   */
  submitLine(line: LogLine, asker: AppendAsker): boolean {
    if (!this.#judge.takesLine(line.topic)) return false;
    this.#events.appendLine(line, asker);
    this.#leases.heard(line.topic);
    return true;
  }

  /** Checks all publishes, each against the lives as those before it leave them. */
  #draft(events: readonly Publish[]): Draft {
    const draft = new Draft(this.#lives);
    events.forEach((event, index) => {
      try {
        this.#judge.add(draft, event);
      } catch (error) {
        draft.withdraw();
        throw events.length === 1 ? error : atIndex(error, index);
      }
    });
    return draft;
  }

  /** Appends what is in the draft. @returns a position for each publish */
  async #commit(draft: Draft): Promise<readonly Position[]> {
    const sources = this.#tell(draft);
    const others = sources.map((source) => (typeof source === "number" ? undefined : source));
    // Both at once: whichever is refused first, the other does not go unheard.
    const [positions, known] = await Promise.all([this.#append(draft), Promise.all(others)]);
    return sources.map((source, i) => (typeof source === "number" ? positions[source] : known[i]) as Position);
  }

  /** Tells the draft's events that are kept nowhere. */
  #tell(draft: Draft): Exclude<Source, { untold: Publish }>[] {
    try {
      return draft.sources.map((source) =>
        typeof source === "object" && "untold" in source ? this.#events.tell(source.untold) : source,
      );
    } catch (error) {
      draft.withdraw();
      throw error;
    }
  }

  #append(draft: Draft): Promise<readonly Position[]> {
    if (draft.events.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const accepted = (positions: readonly Position[]): void => {
        draft.accepted(positions);
        this.#tellOwners(draft);
        resolve(positions);
      };
      const refused = (error: unknown): void => {
        draft.refused(error);
        this.#keepLeases(draft);
        reject(error);
      };
      try {
        this.#events.append(draft.events, { accepted, refused });
        this.#keepLeases(draft);
      } catch (error) {
        refused(error);
      }
    });
  }

  #tellOwners({ events }: Draft): void {
    for (const { topic, kind } of events)
      if (kind?.$case === "cancelRequested") this.owners.cancel(topic, kind.value.reason);
  }

  // ---- cancel ----

  /**
   * Asks the owner of a task, workflow, evaluation or training run to stop; resolves once the request is durable. One
   * that stands already is not repeated.
   *
   * @throws TidewireError TASK_NOT_FOUND, TASK_FINISHED, INVALID_TOPIC for a topic that takes no cancellation
   */
  async cancel(topic: string, reason?: string): Promise<void> {
    const cases: readonly Case[] = familyOf(topic).cases;
    if (!cases.includes("cancelRequested"))
      throw new TidewireError("INVALID_TOPIC", `${topic} cannot be cancelled: tasks, workflows and runs can`, {
        topic,
      });
    const status = this.#lives.standingOf(topic);
    if (status === undefined) throw new TidewireError("TASK_NOT_FOUND", `${topic} does not exist`, { topic });
    if (isEnded(status))
      throw new TidewireError("TASK_FINISHED", `${topic} is ${statusName(status)} already`, { topic });
    if (this.#lives.isCancelRequested(topic)) {
      await this.#lives.latest(topic)?.follow();
    } else {
      const value = { reason: reason || undefined };
      await this.publish([{ topic, timestamp: undefined, kind: { $case: "cancelRequested", value } }]);
    }
  }

  // ---- remove ----

  /**
   * Forgets a run with all its events.
   *
   * @param topic of a training run or an evaluation
   * @throws TidewireError SESSION_NOT_FOUND, INVALID_TOPIC
   */
  async remove(topic: string): Promise<void> {
    const family = familyOf(topic);
    if (this.#lives.standingOf(topic) === undefined) throw sessionNotFound(family, topic);
    const removed = this.#events.remove(topic);
    this.#lives.remove(topic, removed);
    try {
      await removed;
    } finally {
      this.#keepLease(topic); // it is still there if the removal failed
    }
  }

  // ---- leases ----

  /** Gives every running run a lease from now on: a restart of the server is nobody's silence. Once, after the start. */
  resumeLeases(): void {
    for (const pattern of ["training.>", "evaluation.>"]) {
      for (let page = this.#events.list(pattern, "", PAGE_TOPICS); page.length > 0; ) {
        for (const { topic } of page) this.#keepLease(topic);
        page = this.#events.list(pattern, page.at(-1)?.topic ?? "", PAGE_TOPICS);
      }
    }
  }

  /** Gives up the runs whose leases have expired. The timer does it in time. */
  sweepLeases(): void {
    this.#leases.sweep();
  }

  #heard({ topic, kind }: Publish): void {
    // Whoever asks for a stop is not the publisher.
    if (kind?.$case !== "cancelRequested") this.#leases.heard(topic);
  }

  #keepLeases(draft: Draft): void {
    for (const { topic } of draft.changes.keys()) this.#keepLease(topic);
  }

  /** A run has a lease while it is running. */
  #keepLease(topic: string): void {
    if (!familyOfKnown(topic).isLeased) return;
    if (this.#lives.standingOf(topic) === RUNNING) this.#leases.start(topic);
    else this.#leases.stop(topic);
  }

  #expire(topic: string): void {
    if (this.#lives.standingOf(topic) !== RUNNING) return;
    if (this.owners.has(topic)) return this.#leases.start(topic); // jobs of this server do not fall silent
    const draft = new Draft(this.#lives);
    this.#judge.addStatus(draft, { topic, status: LOST, message: `no event for ${this.#leaseMs / 1000} s` });
    this.#append(draft).catch((error: unknown) => {
      this.#log.warn({ err: error, topic }, "a run could not be given up for lost; it has a new lease");
    });
  }

  [Symbol.dispose](): void {
    this.#leases[Symbol.dispose]();
  }
}

function atIndex(error: unknown, index: number): unknown {
  if (!(error instanceof TidewireError)) return error;
  const { code, message, details, cause, retryable, retryAfterMs } = error;
  const options = { cause, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return new TidewireError(code, `at index ${index}: ${message}`, { ...details, index }, options);
}
