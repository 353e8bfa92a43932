// One topic: its state, added up from its snapshot and its events.
import type { Position, TidewireEvent, TopicSnapshot, TopicState } from "@tidewire/client";
import { type Draft, fold, isEnded, toDraft } from "./fold.js";
import { type Followed, Following } from "./following.js";

/** What a topic's events add up to, without what has a name of its own in a view. */
type Facts = Omit<TopicState, "error" | "metrics">;

/**
 * What every hook of one topic gives: `status`, `progress` (0 to 100), `step`, `totalSteps`, `stage`, `message`,
 * `etaSeconds`, `result`, `startedAt`, … as far as they have been said; and how far they can be trusted.
 */
export interface TopicView extends Followed, Partial<Facts> {
  readonly topic: string;
  /** Whether anything has ever happened on it; undefined as long as nobody knows. */
  readonly exists: boolean | undefined;
  /** Whether it has come to its end. */
  readonly isEnded: boolean;
  /** Why it failed, in its publisher's words; {@link Followed.error} is about the way to it. */
  readonly failure: string | undefined;
  /** Everything that the topic's events add up to; undefined as long as nobody knows. */
  readonly state: TopicState | undefined;
  /** The last event since the page follows it. */
  readonly lastEvent: TidewireEvent | undefined;
  readonly position: Position | undefined;
  /** Asks the owner to stop; its end is an event. @throws TidewireClientError TASK_NOT_FOUND, TASK_FINISHED */
  readonly cancel: (reason?: string) => Promise<void>;
}

/** The state of one topic. */
export class TopicCell<View extends TopicView = TopicView> extends Following<View> {
  protected position: Position | undefined;
  #draft: Draft | undefined;
  #lastEvent: TidewireEvent | undefined;

  readonly cancel = (reason?: string): Promise<void> => this.store.progress.cancel(this.topic, reason);

  protected event(event: TidewireEvent): void {
    this.position = event.position;
    this.#lastEvent = event;
    if (this.#draft) fold(this.#draft, event);
  }

  protected snapshot({ state, position }: TopicSnapshot): void {
    this.position = position;
    this.#draft = toDraft(state);
  }

  protected present(): View {
    // A kind of topic has more to say: whoever makes its cell adds it.
    return this.view() as View;
  }

  protected view(): TopicView {
    const state = this.#draft && toDraft(this.#draft);
    return {
      ...state,
      ...this.followed(),
      topic: this.topic,
      exists: this.position && this.position.offset > 0,
      isEnded: isEnded(state?.status),
      failure: state?.error,
      state,
      lastEvent: this.#lastEvent,
      position: this.position,
      cancel: this.cancel,
    };
  }
}
