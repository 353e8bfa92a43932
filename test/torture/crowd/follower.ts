// A client that follows one run, or all, and looks whether every line comes once and in order.
import type { ProgressClient, Subscription, TidewireEvent } from "@tidewire/client";
import type { Findbook } from "../lib/part.js";
import { type Member, type MemberOptions, watchConnection } from "./member.js";

/** What a follower is to follow, and what it may miss. */
export interface FollowerOptions extends MemberOptions {
  /** As findings name it. */
  readonly name: string;
  /** A topic or a pattern. */
  readonly topic: string;
  /** Whether it asks for lines alone. */
  readonly onlyLines: boolean;
  /** Whether the server may skip events, when it says so: under retention, or to a slow reader. */
  readonly mayMiss: boolean;
}

/** How far one topic has been followed. */
interface Place {
  line: number;
  generation: number;
  offset: number;
  /** Whether the next line may leave some out. */
  mayJump: boolean;
}

interface Goal {
  readonly behind: Set<string>;
  readonly heads: ReadonlyMap<string, number>;
  readonly reached: () => void;
}

/** Follows until it leaves. */
export class Follower implements Member {
  readonly #options: FollowerOptions;
  readonly #book: Findbook;
  readonly #client: ProgressClient;
  readonly #places = new Map<string, Place>();
  readonly #subscription: Subscription;
  readonly #standing: Promise<void>;
  #goal: Goal | undefined;
  /** Lines that were delivered. */
  lines = 0;
  gaps = 0;

  constructor(options: FollowerOptions, book: Findbook) {
    this.#options = options;
    this.#book = book;
    this.#client = options.client.getProgress(options.patience);
    watchConnection(this.#client.connection, options.comings);
    let stands = (): void => {};
    this.#standing = new Promise((resolve) => {
      stands = resolve;
    });
    this.#subscription = this.#client.subscribe(options.topic, {
      ...(options.onlyLines ? { types: ["log"] } : {}),
      onSubscribed: stands,
      onEvent: (event) => this.#event(event),
      onGap: ({ topic, reason }) => this.#gap(topic, reason),
      onError: (error) => book.found("clients come back by themselves", `${options.name}: ${error.code} ${error}`),
    });
    this.#client.onError((error) => book.found("clients see no faulty frame", `${options.name}: ${error}`));
  }

  /** Resolves once the subscription stands for the first time. */
  standing(): Promise<void> {
    return this.#standing;
  }

  get isConnected(): boolean {
    return this.#client.isConnected();
  }

  back(): Promise<void> {
    return this.#client.connect();
  }

  cut(): void {
    this.#client.connection.drop("cut by the torture");
  }

  async leave(): Promise<void> {
    this.#subscription.unsubscribe();
    await this.#client.disconnect();
  }

  /** Resolves once it has seen the line of each topic that it follows. */
  reach(heads: ReadonlyMap<string, number>): Promise<void> {
    const followed = [...heads].filter(([topic]) => this.#follows(topic));
    const behind = followed.filter(([topic, line]) => line > this.#lineOf(topic)).map(([topic]) => topic);
    if (behind.length === 0) return Promise.resolve();
    return new Promise((reached) => {
      this.#goal = { behind: new Set(behind), heads, reached };
    });
  }

  /** What {@link reach} still waits for, in words. */
  get missing(): string[] {
    const { behind = new Set<string>(), heads = new Map<string, number>() } = this.#goal ?? {};
    return [...behind].map(
      (topic) => `${this.#options.name}: ${topic} at ${this.#lineOf(topic)} of ${heads.get(topic)}`,
    );
  }

  #follows(topic: string): boolean {
    return this.#options.topic === topic || this.#options.topic.endsWith("*");
  }

  #lineOf(topic: string): number {
    return this.#places.get(topic)?.line ?? 0;
  }

  #event(event: TidewireEvent): void {
    if (event.type !== "log") return;
    const { topic, position, message = "" } = event;
    const place = this.#placeOf(topic);
    const line = Number(message.slice(0, message.indexOf(" ")));
    this.#judge(event.topic, place, line, position.generation, position.offset);
    Object.assign(place, { line, generation: position.generation, offset: position.offset, mayJump: false });
    this.lines += 1;
    this.#approach(topic, line);
  }

  #judge(topic: string, place: Place, line: number, generation: number, offset: number): void {
    const where = (): string =>
      `${this.#options.name}: ${topic} line ${line} at ${generation}/${offset} after line ${place.line} at ${place.generation}/${place.offset}`;
    if (line <= place.line) this.#book.found("a resuming client sees no duplicate, and order is kept", where());
    else if (line > place.line + 1 && !place.mayJump) this.#book.found("a resuming client misses nothing", where());
    if (generation === place.generation && offset <= place.offset) this.#book.found("offsets rise", where());
  }

  #placeOf(topic: string): Place {
    const known = this.#places.get(topic);
    if (known) return known;
    const place = { line: 0, generation: 0, offset: 0, mayJump: this.#options.mayMiss };
    this.#places.set(topic, place);
    return place;
  }

  #gap(topic: string, reason: string): void {
    this.gaps += 1;
    const { name, mayMiss } = this.#options;
    if (!mayMiss) this.#book.found("a resuming client misses nothing", `${name}: a gap of ${topic}: ${reason}`);
    const places =
      topic === this.#options.topic && topic.endsWith("*") ? this.#places.values() : [this.#placeOf(topic)];
    for (const place of places) place.mayJump = true;
  }

  #approach(topic: string, line: number): void {
    const goal = this.#goal;
    if (!goal || line < (goal.heads.get(topic) ?? 0) || !goal.behind.delete(topic) || goal.behind.size > 0) return;
    this.#goal = undefined;
    goal.reached();
  }
}
