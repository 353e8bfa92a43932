// What has happened on a topic, event by event, and before the page was opened.
import type { EventType, TidewireEvent, TopicSnapshot } from "@tidewire/client";
import { EventBuffer } from "../series/event-buffer.js";
import { History, type HistoryState } from "../series/history.js";
import { type Followed, Following } from "./following.js";
import type { Store } from "./store.js";

/** What `useEvents` gives. */
export interface EventsView extends Followed {
  /** The newest 1000, the newest last. */
  readonly events: readonly TidewireEvent[];
  readonly history: HistoryState | undefined;
}

/** The events of some types of one topic. */
export class TimelineCell extends Following<EventsView> {
  readonly #events = new EventBuffer();
  readonly #history: History;

  constructor(key: string, topic: string, store: Store, types: readonly EventType[]) {
    super(key, topic, store);
    const events = this.#events;
    this.#history = new History(topic, types, store.client.topics, {
      append: (event) => {
        events.append(event);
        this.changed();
      },
      prepend: (event) => events.prepend(event),
      clear: () => events.clear(),
      told: () => this.changed(),
    });
  }

  protected event(event: TidewireEvent): void {
    this.#history.event(event);
  }

  protected snapshot({ position }: TopicSnapshot): void {
    this.#history.reached(position);
  }

  protected override stop(): void {
    super.stop();
    this.#history.stop();
  }

  protected present(): EventsView {
    return { ...this.followed(), events: this.#events.list(), history: this.#history.state };
  }
}
