// What has happened on a topic, event by event, and before the page was opened.
import type { EventType, Position, TidewireEvent, TopicSnapshot } from "@tidewire/client";
import type { EventBuffer } from "../series/event-buffer.js";
import type { History, HistoryState } from "../series/history.js";
import { loadRecording, type Recording } from "../series/load.js";
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
  readonly #types: readonly EventType[];
  #position: Position | undefined;
  #events: EventBuffer | undefined;
  #history: History | undefined;

  constructor(key: string, topic: string, store: Store, types: readonly EventType[]) {
    super(key, topic, store);
    this.#types = types;
  }

  protected event(event: TidewireEvent): void {
    this.#position = event.position;
    this.#history?.event(event);
  }

  protected snapshot({ position }: TopicSnapshot): void {
    this.#position = position;
    this.#history?.reached(position);
  }

  protected override start(): void {
    super.start();
    if (this.topic && !this.#history) this.load(loadRecording(), (recording) => this.#record(recording));
  }

  protected override stop(): void {
    super.stop();
    this.#history?.stop();
  }

  protected present(): EventsView {
    return { ...this.followed(), events: this.#events?.list() ?? [], history: this.#history?.state };
  }

  #record({ History, EventBuffer }: Recording): void {
    if (this.#history) return;
    const events = new EventBuffer(this.#types, () => this.changed());
    this.#events = events;
    this.#history = new History(this.topic, this.#types, this.store.client.topics, events);
    if (this.#position) this.#history.reached(this.#position);
  }
}
