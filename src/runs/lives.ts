// Where every topic's life stands, counting what has been accepted and is not durable yet.
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import type { EventReader } from "../events/types.js";
import type { Standing } from "./life.js";

interface Follower {
  accepted(position: Position): void;
  refused(error: unknown): void;
}

/** An event that changes a life, from the moment it is accepted until it is durable or refused. */
export class Change {
  readonly #followers: Follower[] = [];

  /**
   * @param standing where the life stands after it
   * @param isCancelRequested whether a stop has been asked for by then
   */
  constructor(
    readonly topic: string,
    readonly standing: Standing,
    readonly isCancelRequested: boolean,
  ) {}

  /** Its position once it is durable; for those who rely on it without adding an event of their own. */
  follow(): Promise<Position> {
    const promise = new Promise<Position>((accepted, refused) => {
      this.#followers.push({ accepted, refused });
    });
    promise.catch(() => undefined); // a follower may have been refused itself meanwhile, and wait no longer
    return promise;
  }

  accepted(position: Position): void {
    for (const follower of this.#followers) follower.accepted(position);
  }

  refused(error: unknown): void {
    for (const follower of this.#followers) follower.refused(error);
  }
}

/** Tells where lives stand. Holds the changes in flight only: the rest stands in the topics' states. */
export class Lives {
  readonly #reader: EventReader;
  /** Steps in flight by topic, in their order. */
  readonly #changes = new Map<string, Change[]>();
  /** Topics under removal, with the end of it. */
  readonly #removals = new Map<string, Promise<void>>();

  constructor(reader: EventReader) {
    this.#reader = reader;
  }

  /** How many topics have changes in flight. */
  get inFlight(): number {
    return this.#changes.size;
  }

  /** Where the topic's life stands; one under removal does not exist any more. */
  standingOf(topic: string): Standing {
    if (this.#removals.has(topic)) return undefined;
    const change = this.latest(topic);
    return change ? change.standing : this.#reader.view(topic)?.status;
  }

  /** Whether a stop has been asked for. */
  isCancelRequested(topic: string): boolean {
    return this.latest(topic)?.isCancelRequested ?? this.#reader.view(topic)?.state.cancelRequested ?? false;
  }

  /** The last change in flight. */
  latest(topic: string): Change | undefined {
    return this.#changes.get(topic)?.at(-1);
  }

  /** A change is about to be appended. */
  enter(change: Change): void {
    const changes = this.#changes.get(change.topic);
    if (changes) changes.push(change);
    else this.#changes.set(change.topic, [change]);
  }

  /** A change will not be: it has been refused, or was not even asked for. */
  withdraw(change: Change): void {
    this.#remove(change, 1);
  }

  /** A change is durable, and so are those before it: the topic's state shows them. */
  settle(change: Change): void {
    this.#remove(change, Number.POSITIVE_INFINITY);
  }

  /** The removal under way, if there is one. Does not reject. */
  removal(topic: string): Promise<void> | undefined {
    return this.#removals.get(topic);
  }

  /** Counts the topic as gone until the removal has ended; if it fails, the topic is there again. */
  remove(topic: string, removed: Promise<void>): void {
    const end = (): void => void this.#removals.delete(topic);
    const gone = (): void => {
      this.#changes.delete(topic);
      end();
    };
    this.#removals.set(topic, removed.then(gone, end));
  }

  /** @param most changes to take away: the change, and those before it as far as it goes */
  #remove(change: Change, most: number): void {
    const changes = this.#changes.get(change.topic);
    const index = changes?.indexOf(change) ?? -1;
    if (!changes || index < 0) return;
    const first = Math.max(0, index + 1 - most);
    changes.splice(first, index + 1 - first);
    if (changes.length === 0) this.#changes.delete(change.topic);
  }
}
