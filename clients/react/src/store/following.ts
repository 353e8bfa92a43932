// A cell that is about a topic or pattern: subscribes, and knows how far what it holds can be trusted.
import type {
  Subscription,
  SubscriptionFilter,
  TidewireClientError,
  TidewireEvent,
  TopicGap,
  TopicSnapshot,
} from "@tidewire/client";
import { Cell } from "./cell.js";
import type { LinkState } from "./link.js";
import type { Store } from "./store.js";

/** The topic of a hook that has not been told what to follow. */
export const NOTHING = "";

/** What every view says of the way to the server. */
export interface Followed {
  /** How far the rest can be trusted. */
  readonly connection: LinkState;
  /** What the server said last about events that were not told. The state is right again in any case. */
  readonly gap: TopicGap | undefined;
  /** Why there is no subscription: the server refused it, or no further attempt to connect is made. */
  readonly error: TidewireClientError | undefined;
}

/** Follows a topic or pattern while somebody listens and the page is seen. */
export abstract class Following<View extends Followed> extends Cell<View> {
  protected readonly topic: string;
  protected readonly store: Store;
  readonly #filter: SubscriptionFilter;
  #subscription: Subscription | undefined;
  /** Whether the server has agreed to the subscription, on this connection. */
  #isAgreed = false;
  /** States that are still to come. */
  #awaited = 0;
  /** Whether everything has been told once. */
  #isKnown = false;
  #isOver = false;
  #gap: TopicGap | undefined;
  #error: TidewireClientError | undefined;

  constructor(key: string, topic: string, store: Store, filter: SubscriptionFilter = {}) {
    super(key, store);
    this.topic = topic;
    this.store = store;
    this.#filter = filter;
  }

  /** The connection is in another state. */
  connectionChanged(isOpen: boolean): void {
    this.#isAgreed &&= isOpen;
    this.changed();
  }

  protected start(): void {
    if (this.#isOver || this.topic === NOTHING) return;
    this.#error = undefined;
    const over = () => {
      this.#isOver = !this.isPattern;
    };
    this.#subscription = this.store.progress.subscribe(this.topic, {
      ...this.#filter,
      onSubscribed: (positions) => {
        this.#isAgreed = true;
        this.#error = undefined;
        const topics = Object.keys(positions);
        this.agreed(topics);
        this.#told(topics.length);
      },
      onSnapshot: (snapshot) => {
        this.snapshot(snapshot);
        this.#told(this.#awaited - 1);
      },
      onEvent: (event) => {
        this.event(event);
        this.#told(0);
      },
      onComplete: over,
      onFailed: over,
      onGap: (gap) => {
        this.#gap = gap;
        this.changed();
      },
      onError: (error) => this.failed(error),
    });
    this.changed();
  }

  protected stop(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#isAgreed = false;
    this.changed();
  }

  protected followed(): Followed {
    return { connection: this.#link(), gap: this.#gap, error: this.#error };
  }

  /** What is wrong; the next start, or the server's consent, puts it right. */
  protected failed(error: unknown): void {
    this.#error = error as TidewireClientError;
    this.changed();
  }

  /** Goes on with code that is loaded when it is first used. */
  protected load<Loaded>(loading: Promise<Loaded>, take: (loaded: Loaded) => void): void {
    loading.then(
      (loaded) => {
        take(loaded);
        this.changed();
      },
      (error) => this.failed(error),
    );
  }

  protected get isPattern(): boolean {
    return /[*>]/.test(this.topic);
  }

  /** @param _topics that there are now, at most 1000 */
  protected agreed(_topics: readonly string[]): void {}
  protected abstract event(event: TidewireEvent): void;
  protected abstract snapshot(snapshot: TopicSnapshot): void;

  #told(awaited: number): void {
    this.#awaited = awaited;
    this.#isKnown ||= awaited <= 0;
    this.changed();
  }

  #link(): LinkState {
    if (this.topic === NOTHING) return "idle";
    if (this.#isOver) return "ended";
    if (this.#error) return "stale";
    if (this.#isAgreed && this.#isKnown) return "live";
    if (!this.#isKnown) return "connecting";
    const { link } = this.store.connection;
    if (this.#subscription === undefined) return "stale";
    return link === "live" ? "reconnecting" : link;
  }
}
