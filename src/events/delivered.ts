// Events on their way to subscribers: each is encoded at most once an encoding, and those of one commit are joined once.
import { type Event, LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import type { Codec } from "../wire/codec.js";
import { type DeliveryClass, decodeEvent, EVENT_KINDS, type PlacedEvent } from "../wire/event-bytes.js";
import { SharedMessages } from "../wire/shared-messages.js";

type Kind = NonNullable<Event["kind"]>;

/** What a subscriber wants of a topic's events. */
export interface EventFilter {
  /** Types as JSON names them; undefined for all. */
  readonly types: ReadonlySet<string> | undefined;
  /** Least level of log events. */
  readonly minLevel: LogLevel;
}

/** One committed event. */
export class DeliveredEvent implements PlacedEvent {
  readonly generation: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  #kind: Event["kind"];
  #messages: Map<Codec, Uint8Array | string> | undefined;

  /** @param kind what the bytes hold, where it is known already; read from them on demand otherwise */
  constructor({ generation, offset }: Position, bytes: Uint8Array, kind?: Kind) {
    this.generation = generation;
    this.offset = offset;
    this.bytes = bytes;
    this.#kind = kind;
  }

  /** What happened; undefined for a kind that only a later version of the schema knows. */
  get kind(): Event["kind"] {
    this.#kind ??= decodeEvent(this).kind;
    return this.#kind;
  }

  /** Its type, as JSON names it; "" for an unknown kind. */
  get type(): string {
    return (this.kind && EVENT_KINDS.get(this.kind.$case)?.type) ?? "";
  }

  get delivery(): DeliveryClass {
    return (this.kind && EVENT_KINDS.get(this.kind.$case)?.delivery) ?? "reliable";
  }

  /** Whether a subscriber wants it. */
  passes({ types, minLevel }: EventFilter): boolean {
    if (types && !types.has(this.type)) return false;
    if (minLevel === LogLevel.LOG_LEVEL_UNSPECIFIED) return true;
    return this.kind?.$case !== "log" || (this.kind.value.level ?? LogLevel.LOG_LEVEL_UNSPECIFIED) >= minLevel;
  }

  /** As a message of an encoding. */
  message(codec: Codec): Uint8Array | string {
    this.#messages ??= new Map();
    let message = this.#messages.get(codec);
    if (message === undefined) {
      message = codec.encodeEvent(this);
      this.#messages.set(codec, message);
    }
    return message;
  }
}

/** The events of one topic that became visible together, in order. */
export class EventBatch {
  readonly topic: string;
  readonly events: readonly DeliveredEvent[];
  /** Whether each of them must reach every subscriber. */
  readonly isReliable: boolean;
  readonly #shared = new Map<Codec, SharedMessages>();

  constructor(topic: string, events: readonly DeliveredEvent[]) {
    this.topic = topic;
    this.events = events;
    this.isReliable = events.every((event) => event.delivery === "reliable");
  }

  /** All of them as messages of an encoding, joined once for all subscribers. */
  messages(codec: Codec): SharedMessages {
    let shared = this.#shared.get(codec);
    if (!shared) {
      shared = new SharedMessages(this.events.map((event) => event.message(codec)));
      this.#shared.set(codec, shared);
    }
    return shared;
  }
}

/** The events of a topic among those by topic: a list of its own, empty the first time. */
export function listOf(lists: Map<string, DeliveredEvent[]>, topic: string): DeliveredEvent[] {
  let list = lists.get(topic);
  if (!list) {
    list = [];
    lists.set(topic, list);
  }
  return list;
}
