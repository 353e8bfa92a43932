// All topics of a pattern, each with its state.
import type { TidewireEvent, TopicSnapshot } from "@tidewire/client";
import { type Draft, fold, toDraft } from "./fold.js";
import { type Followed, Following } from "./following.js";

/** Topics that are held: a list of more would be no list for people. The first ones stay. */
export const MAX_TOPICS = 5000;

/** Topics of a pattern that the server names at most: of more, nobody knows which went. */
const MAX_TOLD = 1000;

/** What `useTopics` gives. */
export interface TopicsView extends Followed {
  /** By topic, in the order in which they were told. An entry is the same object until its topic changes. */
  readonly topics: ReadonlyMap<string, TopicSnapshot>;
  /** Whether there are more than the 5000 that are held. */
  readonly isBounded: boolean;
}

interface Entry {
  readonly snapshot: TopicSnapshot;
  readonly draft: Draft;
}

/** The states of a pattern's topics. With filtered types, a state knows what those say, and what it was at first. */
export class TopicsCell extends Following<TopicsView> {
  readonly #entries = new Map<string, Entry>();
  #shown: ReadonlyMap<string, TopicSnapshot> = new Map();
  readonly #stale = new Set<string>();
  #isBounded = false;

  /** Those that went while nobody followed are not told one by one. */
  protected override agreed(topics: readonly string[]): void {
    if (topics.length >= MAX_TOLD) return;
    for (const topic of this.#entries.keys()) if (!topics.includes(topic)) this.#remove(topic);
  }

  protected event(event: TidewireEvent): void {
    const { topic, position } = event;
    const known = this.#entries.get(topic);
    const snapshot = known?.snapshot ?? ({ ...idsOf(event), type: "snapshot", state: NOTHING } as TopicSnapshot);
    const draft = known?.draft ?? toDraft(NOTHING);
    fold(draft, event);
    this.#keep(topic, { snapshot: { ...snapshot, position }, draft });
  }

  protected snapshot(snapshot: TopicSnapshot): void {
    const { topic, position, state } = snapshot;
    if (position.offset > 0 || state.systemStats) this.#keep(topic, { snapshot, draft: toDraft(state) });
    // What was removed is told as a topic without events.
    else this.#remove(topic);
  }

  protected present(): TopicsView {
    if (this.#stale.size > 0) this.#show();
    return { ...this.followed(), topics: this.#shown, isBounded: this.#isBounded };
  }

  #remove(topic: string): void {
    this.#entries.delete(topic);
    this.#stale.add(topic);
  }

  #keep(topic: string, entry: Entry): void {
    if (!this.#entries.has(topic) && this.#entries.size >= MAX_TOPICS) {
      this.#isBounded = true;
      return;
    }
    this.#entries.set(topic, entry);
    this.#stale.add(topic);
  }

  /** A new map, in which only what has changed is new. */
  #show(): void {
    const shown = new Map(this.#shown);
    for (const topic of this.#stale) {
      const entry = this.#entries.get(topic);
      if (entry) shown.set(topic, { ...entry.snapshot, state: toDraft(entry.draft) });
      else shown.delete(topic);
    }
    this.#stale.clear();
    this.#shown = shown;
  }
}

const NOTHING: TopicSnapshot["state"] = { metrics: {}, counts: {}, cancelRequested: false };
/** What an event says of its topic, and not of itself. */
function idsOf(event: object): object {
  return Object.fromEntries(Object.entries(event).filter(([name]) => /^(topic|family|node|.*Id)$/.test(name)));
}
