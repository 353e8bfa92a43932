// Judges publishes: whether they are legal where their topic's life stands, and which events they come to.
import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";
import { RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import type { Position, Publish } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import type { Draft, Source } from "./draft.js";
import { type Family, familyOf, familyOfKnown, type Kind, kindOf } from "./families.js";
import { type Standing, statusAfter, takesLog } from "./life.js";
import { Change, type Lives } from "./lives.js";
import { checkMetrics } from "./metrics.js";
import type { RunLog } from "./run-log.js";

const { RUN_STATUS_RUNNING: RUNNING, RUN_STATUS_LOST: LOST } = RunStatus;

/** What the rules say of a publish. */
interface Verdict {
  readonly family: Family;
  readonly kind: Kind;
  readonly before: Standing;
  readonly after: Standing;
}

type StatusKind = Extract<Kind, { $case: "statusChanged" }>;

/** What a status change of the server says. */
export interface ServerStatus {
  readonly topic: string;
  readonly status: RunStatus;
  readonly message: string;
}

/** Applies the rules. Synchronous; appends nothing. */
export class Judge {
  readonly #events: RunLog;
  readonly #lives: Lives;
  readonly #dateMs: () => number;

  /** @param dateMs ms since 1970 */
  constructor(events: RunLog, lives: Lives, dateMs: () => number) {
    this.#events = events;
    this.#lives = lives;
    this.#dateMs = dateMs;
  }

  /**
   * The event to append for a publish that is new, legal, and touches no life: most are.
   *
   * @returns undefined when there is more to it: add it to a draft then
   * @throws TidewireError INVALID_TOPIC, INVALID_MESSAGE, INVALID_TRANSITION, SESSION_NOT_FOUND
   */
  ordinary(event: Publish): Publish | undefined {
    if (this.#seen(event) !== undefined) return undefined;
    const { family, kind, before, after } = this.#judge(event);
    if (!family.isKept || before !== after) return undefined;
    return kind.$case === "statusChanged" || kind.$case === "cancelRequested" ? undefined : this.#stamped(event);
  }

  /** Whether a log line is legal now and touches no life. A line that is not is a publish like others. */
  takesLine(topic: string): boolean {
    const standing = this.#lives.standingOf(topic);
    return standing !== undefined && standing !== LOST && takesLog(familyOfKnown(topic), standing);
  }

  /**
   * Adds a publish to a draft.
   *
   * @throws TidewireError as {@link ordinary} does, and SESSION_EXISTS while an older run of the name is being removed
   */
  add(draft: Draft, event: Publish): void {
    const known = draft.seen(event) ?? this.#seen(event);
    if (known !== undefined) return draft.remember(event, known);
    const { family, kind, before, after } = this.#judge(event);
    const { topic } = event;
    if (!family.isKept) return draft.remember(event, { untold: this.#stamped(event) });
    if (this.#lives.removal(topic)) throw underRemoval(topic);
    const isStatus = kind.$case === "statusChanged";
    if (isStatus && after === before) return draft.remember(event, this.#present(draft, topic));
    // Whoever is heard of again runs; a publisher may say so itself.
    if (before === LOST && after !== LOST && !(isStatus && after === RUNNING))
      this.addStatus(draft, { topic, status: RUNNING, message: "heard of again" });
    const stamped = this.#stamped(event);
    const made = isStatus ? { ...stamped, kind: withPrevious(kind, this.#lives.standingOf(topic)) } : stamped;
    draft.publish(made, this.#change(topic, kind, after));
  }

  /** Adds a status change that the server makes. */
  addStatus(draft: Draft, { topic, status, message }: ServerStatus): void {
    const value = { status, previousStatus: this.#lives.standingOf(topic), message, config: undefined };
    const kind: Kind = { $case: "statusChanged", value };
    draft.add({ topic, timestamp: this.#timestamp(), kind }, this.#change(topic, kind, status));
  }

  /** The position of a publish with the same idempotency key. */
  #seen({ topic, idempotencyKey }: Publish): Position | Promise<Position> | undefined {
    return idempotencyKey === undefined ? undefined : this.#events.seen(topic, idempotencyKey);
  }

  #judge(event: Publish): Verdict {
    const { topic, idempotencyKey } = event;
    if (idempotencyKey === "") throw emptyKey();
    const before = this.#lives.standingOf(topic);
    const family = before === undefined ? familyOf(topic) : familyOfKnown(topic);
    const kind = kindOf(event, family);
    if (kind.$case === "metrics") checkMetrics(kind.value);
    return { family, kind, before, after: statusAfter(family, before, topic, kind) };
  }

  /** The change that the event is in its topic's life, if it is one. */
  #change(topic: string, { $case }: Kind, after: Standing): Change | undefined {
    const isCancel = $case === "cancelRequested";
    if (!isCancel && after === this.#lives.standingOf(topic)) return undefined;
    return new Change(topic, after, isCancel || this.#lives.isCancelRequested(topic));
  }

  /** The position of a status that is said again: of the event that made it, or the present one once that is durable. */
  #present(draft: Draft, topic: string): Source {
    const change = this.#lives.latest(topic);
    if (change) return draft.changes.get(change) ?? change.follow();
    const { generation = 0, offset = 0 } = this.#events.view(topic) ?? {};
    return { generation, offset };
  }

  #stamped(event: Publish): Publish {
    return event.timestamp ? event : { ...event, timestamp: this.#timestamp() };
  }

  #timestamp(): Timestamp {
    const ms = this.#dateMs();
    const seconds = Math.floor(ms / 1000);
    return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
  }
}

function withPrevious({ $case, value }: StatusKind, previousStatus: Standing): Kind {
  return { $case, value: { ...value, previousStatus } };
}

/** The log refuses it, and with it everything else of its append: of other publishers, too. */
function emptyKey(): TidewireError {
  const message =
    "idempotency_key: expected 1 to 128 bytes, came an empty text; leave it out where nothing is repeated";
  return new TidewireError("INVALID_MESSAGE", message, { field: "idempotency_key" });
}

function underRemoval(topic: string): TidewireError {
  const message = `an older ${topic} is being removed; try again`;
  return new TidewireError("SESSION_EXISTS", message, { topic }, { retryable: true });
}
