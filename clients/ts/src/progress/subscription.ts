// One user's interest in a topic or pattern: what is told, how often, and when it ends.
import { ENUMS } from "../../../../generated/ts/schema.js";
import type { Gap } from "../../../../generated/ts/tidewire/v1/topics.js";
import type { TidewireClientError } from "../errors.js";
import {
  ENDS,
  type EventType,
  type Position,
  type TidewireEvent,
  type TopicEnd,
  type TopicSnapshot,
} from "./events.js";
import type { LogLevel, RunStatus } from "./types.js";

/** Topics of a pattern whose end is remembered, so that it is told once; beyond it the oldest are forgotten. */
const MAX_ENDED = 10_000;

/** Events that were not told: the state is right again, what happened in between is not known. */
export interface TopicGap extends Pick<Gap, "topic" | "skipped"> {
  /** "slow_consumer", "retention", "restart"; "position_lost" where the server could not go on from the last position. */
  readonly reason: string;
}

/** What a subscription tells. An exception of one callback reaches no other. */
export interface SubscriptionCallbacks<Event extends TidewireEvent = TidewireEvent> {
  /**
   * The server has agreed, for the first time or after a cut. It tells where the topics stand, of a pattern at most 1000;
   * their states or the missed events follow, then what happens.
   */
  readonly onSubscribed?: ((positions: Readonly<Record<string, Position>>) => void) | undefined;
  /** Each event, in order, once. */
  readonly onEvent?: ((event: Event) => void) | undefined;
  /** The present state: first, and whenever it could not be reached by events alone. */
  readonly onSnapshot?: ((snapshot: TopicSnapshot) => void) | undefined;
  /** It has ended well; a container also when it has stopped with exit code 0 or none. Once a topic. */
  readonly onComplete?: ((end: TopicEnd) => void) | undefined;
  /** It has failed. Once a topic. */
  readonly onFailed?: ((end: TopicEnd) => void) | undefined;
  /** It was stopped on request. Once a topic. Default: `onFailed`, so that nobody waits for ever. */
  readonly onCancelled?: ((end: TopicEnd) => void) | undefined;
  /** Events were skipped. */
  readonly onGap?: ((gap: TopicGap) => void) | undefined;
  /** The server refuses the subscription, which has ended by that; or no further attempt to connect is made. */
  readonly onError?: ((error: TidewireClientError) => void) | undefined;
}

/** What a subscription wants of its topics. */
export interface SubscriptionFilter {
  /** Types that `onEvent` is to be told. Default: all. */
  readonly types?: readonly EventType[] | undefined;
  /** Least level of log events. Default: all. */
  readonly minLevel?: LogLevel | undefined;
}

/** Everything that may be said of a subscription beside its topic. */
export interface SubscriptionOptions<Event extends TidewireEvent = TidewireEvent>
  extends SubscriptionCallbacks<Event>,
    SubscriptionFilter {}

/** A subscription in force, until it is ended: by its owner, or by the end of the one topic that it is about. */
export interface Subscription {
  readonly topic: string;
  readonly isActive: boolean;
  /** Ends it; nothing is told any more. Idempotent. */
  unsubscribe(): void;
}

/** Whoever holds a subscription. */
export interface SubscriberHost {
  /** It has ended. */
  left(subscriber: Subscriber): void;
  /** A callback threw. */
  report(error: unknown): void;
}

/** A subscription as the client has it. */
export class Subscriber implements Subscription {
  readonly topic: string;
  readonly options: SubscriptionOptions;
  /** What the server is asked for, as text. */
  readonly filter: string;
  readonly #isPattern: boolean;
  readonly #host: SubscriberHost;
  /** Generation by topic that has ended. */
  readonly #ended = new Map<string, number>();
  isActive = true;
  /** Whether the states that come first are still to come: of a pattern, they tell what ended before anybody asked. */
  isNew = true;

  constructor(topic: string, isPattern: boolean, options: SubscriptionOptions, host: SubscriberHost) {
    this.topic = topic;
    this.options = options;
    this.filter = JSON.stringify({ types: options.types, minLevel: options.minLevel });
    this.#isPattern = isPattern;
    this.#host = host;
  }

  unsubscribe(): void {
    if (!this.isActive) return;
    this.isActive = false;
    this.#host.left(this);
  }

  event(event: TidewireEvent): void {
    const { types, minLevel } = this.options;
    const isLow = event.type === "log" && levelOf(event.level) < levelOf(minLevel);
    if (!isLow && (!types || types.includes(event.type))) this.tell("onEvent", event);
    this.#follow(event, event.type === "status_changed" ? event.status : ENDS[event.type]);
  }

  snapshot(snapshot: TopicSnapshot): void {
    this.tell("onSnapshot", snapshot);
    this.#follow(snapshot, snapshot.state.status, this.#isPattern && this.isNew);
  }

  /** Calls back, unless the subscription has ended meanwhile. */
  tell<Name extends keyof SubscriptionCallbacks>(
    name: Name,
    told: Parameters<NonNullable<SubscriptionCallbacks[Name]>>[0],
  ): void {
    if (!this.isActive) return;
    try {
      (this.options[name] as ((told: unknown) => void) | undefined)?.(told);
    } catch (error) {
      this.#host.report(error);
    }
  }

  /** Notes where a topic's life stands; an end is told once a life. A new one begins in a generation of its own. */
  #follow(told: TidewireEvent | TopicSnapshot, status: RunStatus | undefined, silently = false): void {
    const { topic, position } = told;
    const ended = this.#ended.get(topic);
    if (status !== "completed" && status !== "failed" && status !== "stopped") {
      if (ended !== position.generation) this.#ended.delete(topic);
      return;
    }
    if (ended !== undefined) return;
    remember(this.#ended, topic, position.generation, MAX_ENDED);
    const facts = told.type === "snapshot" ? { ...told.state, timestamp: told.state.finishedAt } : {};
    const end = { ...told, ...facts, status } as unknown as TopicEnd;
    if (!silently) this.tell(this.#callbackOf(end), end);
    if (!this.#isPattern) this.unsubscribe();
  }

  #callbackOf({ status, family, exitCode }: TopicEnd): "onComplete" | "onFailed" | "onCancelled" {
    if (status === "completed" || (status === "stopped" && family === "container" && !exitCode)) return "onComplete";
    return status === "stopped" && family !== "container" && this.options.onCancelled ? "onCancelled" : "onFailed";
  }
}

/** The level's number; 0 for none, below all. */
export function levelOf(level: LogLevel | undefined): number {
  return Math.max(0, ENUMS.LogLevel?.indexOf(level ?? "") ?? 0);
}

/** Puts an entry at the end of a map; beyond the limit the first one goes. */
export function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > limit) map.delete(map.keys().next().value as Key);
}
