// What the rest of the server sees of topics and events.
import type { Event, RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import type { Position, Publish, TopicState } from "../../generated/ts/tidewire/v1/topics.js";

/** A topic's present state: the fold of its events up to a position. Borrowed: it changes with the next event. */
export interface TopicView {
  readonly topic: string;
  readonly generation: number;
  /** Of the last event in the state. */
  readonly offset: number;
  readonly state: TopicState;
  /** Of the state. Costs nothing, where the state may have to be brought up to the offset first. */
  readonly status: RunStatus | undefined;
}

/** A stretch of a topic's events. */
export interface EventPage {
  readonly generation: number;
  readonly events: readonly Event[];
  /** Offset to go on after; undefined at the head. */
  readonly next: number | undefined;
}

/** Reads topics. */
export interface EventReader {
  /** Undefined for a topic without events. */
  view(topic: string): TopicView | undefined;
  /** The topics that match, in order of their names after `after`, at most `limit`. @throws TidewireError INVALID_TOPIC */
  list(pattern: string, after: string, limit: number): readonly TopicView[];
  /**
   * Events after an offset (0: from the oldest kept), at most `limit`.
   *
   * @throws TidewireError TOPIC_NOT_FOUND, POSITION_LOST when the offset is beyond the head
   */
  read(topic: string, after: number, limit: number): Promise<EventPage>;
}

/** Adds events. */
export interface EventPublisher {
  /**
   * Adds all of the events or none; resolves with their positions once they are durable. An event without a timestamp
   * gets the present time. A known idempotency key adds nothing and gives the first position.
   *
   * @throws TidewireError INVALID_TOPIC, INVALID_MESSAGE, INVALID_TRANSITION, SESSION_NOT_FOUND, OVERLOADED
   */
  publish(events: readonly Publish[]): Promise<readonly Position[]>;
}
