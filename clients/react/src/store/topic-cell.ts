// One topic: its state, added up from its snapshot and its events.
import type {
  LogLevel,
  Position,
  RunStatus,
  TidewireEvent,
  TopicEnd,
  TopicSnapshot,
  TopicState,
} from "@tidewire/client";
import { type Draft, fold, isEnded, toDraft } from "./fold.js";
import { type Followed, Following } from "./following.js";
import type { Store } from "./store.js";

/** What every hook of one topic gives. What has not been said yet is undefined. */
export interface TopicView extends Followed {
  readonly topic: string;
  /** Whether anything has ever happened on it; undefined as long as nobody knows. */
  readonly exists: boolean | undefined;
  readonly status: RunStatus | undefined;
  /** Whether it has come to its end. */
  readonly isEnded: boolean;
  /** How much is done, 0 to 100. */
  readonly progress: number | undefined;
  readonly step: number | undefined;
  readonly totalSteps: number | undefined;
  /** Present stage or phase. */
  readonly stage: string | undefined;
  readonly message: string | undefined;
  /** Estimate of the time left, when it was told. */
  readonly etaSeconds: number | undefined;
  /** Why it failed, in its publisher's words; {@link Followed.error} is about the way to it. */
  readonly failure: string | undefined;
  /** What it gave. */
  readonly result: Readonly<Record<string, unknown>> | undefined;
  readonly isCancelRequested: boolean;
  readonly createdAt: Date | undefined;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** Of the last event. */
  readonly updatedAt: Date | undefined;
  /** Everything that the topic's events add up to. */
  readonly state: TopicState | undefined;
  /** The last event since the page follows it. */
  readonly lastEvent: TidewireEvent | undefined;
  readonly position: Position | undefined;
  /** Asks the owner to stop; its end is an event. @throws TidewireClientError TASK_NOT_FOUND, TASK_FINISHED */
  readonly cancel: (reason?: string) => Promise<void>;
}

/** A log line as a state holds it. */
export interface LastLog {
  readonly level?: LogLevel;
  readonly message?: string;
  readonly source?: string;
}

/** The state of one topic. */
export class TopicCell<View extends TopicView = TopicView> extends Following<View> {
  protected position: Position | undefined;
  #draft: Draft | undefined;
  #lastEvent: TidewireEvent | undefined;

  constructor(key: string, topic: string, store: Store) {
    super(key, topic, store);
  }

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
      ...viewOf(this.topic, state),
      ...this.followed(),
      exists: this.position && this.position.offset > 0,
      lastEvent: this.#lastEvent,
      position: this.position,
      cancel: this.cancel,
    };
  }

  protected override ended({ position }: TopicEnd): void {
    this.position = position;
  }
}

/** What a view says of a state; of none, it is the view of a topic of which nothing is known. */
export function viewOf(topic: string, state: TopicState | undefined): TopicView {
  return {
    topic,
    connection: "idle",
    gap: undefined,
    error: undefined,
    exists: undefined,
    status: state?.status,
    isEnded: isEnded(state?.status),
    progress: state?.progress,
    step: state?.step,
    totalSteps: state?.totalSteps,
    stage: state?.stage,
    message: state?.message,
    etaSeconds: state?.etaSeconds,
    failure: state?.error,
    result: state?.result,
    isCancelRequested: state?.cancelRequested ?? false,
    createdAt: state?.createdAt,
    startedAt: state?.startedAt,
    finishedAt: state?.finishedAt,
    updatedAt: state?.updatedAt,
    state,
    lastEvent: undefined,
    position: undefined,
    cancel: nothingToCancel,
  };
}

const nothingToCancel = () => Promise.resolve();
