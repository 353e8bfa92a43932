// Joins what a topic tells now with what it told before: the newest pages first, so that what is shown at once is what
// matters most, and never more than is kept. The one place that knows how a gap is closed.
import type { EventPage, EventType, Position, TidewireClientError, TidewireEvent, Topics } from "@tidewire/client";
import type { Timer } from "../store/environment.js";

/** Events of one request: reading them is a task of a few milliseconds, and frames are drawn between two of them. */
const PAGE = 500;
/** Offsets that one step backwards spans where few of the events are wanted; it doubles up to here. */
const MAX_SPAN = 16_000;
/** Events that are fetched of a topic's past at most. */
export const MAX_FETCHED = 200_000;
/** A gap of more offsets is not closed, but begun anew from its new end. */
const MAX_GAP = 20_000;
/** Events that wait while a gap is closed; of more, it is begun anew. */
const MAX_WAITING = 10_000;
/** Wait after a failed request, doubled with each, in milliseconds. */
const RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

/**
 * - loading: older events are being fetched
 * - complete: everything that the server has is here
 * - bounded: there is more, and no room for it
 * - stale: fetching failed; it is tried again
 */
export type HistoryState = "loading" | "complete" | "bounded" | "stale";

/** What takes the events. */
export interface Recorder {
  /** The newest one. */
  append(event: TidewireEvent): void;
  /** One from before all others; nothing happens where there is no room for it. */
  prepend(event: TidewireEvent): void;
  /** The types that there is room for, for events from before all others; empty is all, undefined is none. */
  room(): readonly EventType[] | undefined;
  /** What was recorded is of a history that is no more. */
  clear(): void;
  /** {@link History.state} is another. */
  told(): void;
}

/** Records the events of some types of one topic. */
export class History {
  readonly #topic: string;
  readonly #types: readonly EventType[];
  readonly #topics: Topics;
  readonly #recorder: Recorder;
  /** All wanted events up to here are recorded, as far back as there is room. */
  #at: Position | undefined;
  /** Events that came while what is before them is fetched. */
  #waiting: TidewireEvent[] | undefined;
  /** The end of the gap that is being closed. */
  #target = 0;
  /** Down to here, or to where there is no more, it is fetched; 0 is from the beginning. */
  #down = 0;
  #fetched = 0;
  #oldest: number | undefined;
  #abort = new AbortController();
  #timer: Timer | undefined;
  #failures = 0;
  #state: HistoryState = "loading";

  /** @param types wanted; none is all */
  constructor(topic: string, types: readonly EventType[], topics: Topics, recorder: Recorder) {
    this.#topic = topic;
    this.#types = types;
    this.#topics = topics;
    this.#recorder = recorder;
  }

  get state(): HistoryState {
    return this.#state;
  }

  /** The topic stands here, as a snapshot says. What lies between here and what is recorded is fetched. */
  reached(position: Position): void {
    if (this.#at === undefined || this.#at.generation !== position.generation) this.#begin(position);
    else if (position.offset > this.#head(this.#at)) this.#close(position);
    else if (this.#state === "stale") this.#fetch();
  }

  /** The next event, in the order of the topic. */
  event(event: TidewireEvent): void {
    const { position, type } = event;
    if (this.#at?.generation !== position.generation) this.#begin({ ...position, offset: position.offset - 1 });
    else if (position.offset <= this.#at.offset) return;
    if (this.#types.length > 0 && !this.#types.includes(type)) {
      if (!this.#waiting) this.#at = position;
    } else if (!this.#waiting) this.#record(event);
    else if (this.#waiting.push(event) > MAX_WAITING) this.#begin(position);
  }

  /** Fetches no more, until told where the topic stands. */
  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#waiting = undefined;
    if (this.#state === "loading") this.#state = "stale";
  }

  #begin(position: Position): void {
    this.stop();
    this.#recorder.clear();
    this.#at = position;
    this.#down = position.offset;
    this.#fetched = 0;
    this.#oldest = undefined;
    this.#fetch();
  }

  #close(position: Position): void {
    if (this.#waiting || position.offset - (this.#at?.offset ?? 0) > MAX_GAP) {
      this.#begin(position);
      return;
    }
    this.#waiting = [];
    this.#target = position.offset;
    this.#fetch();
  }

  /** The newest offset that is recorded, or about to be. */
  #head({ offset }: Position): number {
    return this.#waiting ? Math.max(this.#target, this.#waiting.at(-1)?.position.offset ?? 0) : offset;
  }

  #fetch(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#enter("loading");
    const { signal } = this.#abort;
    this.#run(signal).catch((error: TidewireClientError) => signal.aborted || this.#failed(error));
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (this.#waiting) await this.#fill(signal);
    const isComplete = await this.#goBack(signal);
    if (signal.aborted) return;
    this.#failures = 0;
    this.#enter(isComplete ? "complete" : "bounded");
  }

  /** Closes the gap: from what is recorded up to what waits. */
  async #fill(signal: AbortSignal): Promise<void> {
    while (this.#at && this.#at.offset < this.#target) {
      const { entries, next } = await this.#page(this.#at.offset, this.#types, signal);
      for (const event of entries) if (event.position.offset <= this.#target) this.#record(event);
      this.#at = { ...this.#at, offset: Math.min(next ?? this.#target, this.#target) };
    }
    for (const event of this.#waiting ?? []) this.#record(event);
    this.#waiting = undefined;
  }

  /** Fetches what was before, the newest first. @returns whether nothing is missing */
  async #goBack(signal: AbortSignal): Promise<boolean> {
    for (let span = PAGE; this.#down > 0; ) {
      const types = this.#recorder.room();
      if (types === undefined || this.#fetched >= MAX_FETCHED) return false;
      const from = Math.max(0, this.#down - span);
      const found = await this.#between(from, this.#down, types, signal);
      if (found.length === 0 && this.#down < (await this.#findOldest(signal))) return true;
      this.#fetched += found.length;
      for (const event of found.reverse()) this.#recorder.prepend(event);
      this.#down = from;
      span = Math.min(MAX_SPAN, found.length < PAGE / 4 ? span * 2 : Math.max(PAGE, span >> 1));
    }
    return true;
  }

  /** The events behind one offset up to another. */
  async #between(from: number, to: number, types: readonly EventType[], signal: AbortSignal): Promise<TidewireEvent[]> {
    const found: TidewireEvent[] = [];
    for (let after: number | undefined = from; after !== undefined && after < to; ) {
      const { entries, next } = await this.#page(after, types, signal);
      for (const event of entries) if (event.position.offset <= to) found.push(event);
      after = next;
    }
    return found;
  }

  /** Offset of the oldest event that the server still has: below it, every page would begin there. */
  async #findOldest(signal: AbortSignal): Promise<number> {
    if (this.#oldest === undefined) {
      const { entries } = await this.#topics.events(this.#topic, { limit: 1, signal });
      signal.throwIfAborted();
      this.#oldest = entries[0]?.position.offset ?? 0;
    }
    return this.#oldest;
  }

  async #page(after: number, wanted: readonly EventType[], signal: AbortSignal): Promise<EventPage> {
    const types = wanted.length > 0 ? wanted : undefined;
    const page = await this.#topics.events(this.#topic, { after, limit: PAGE, types, signal });
    // Another history has begun: the subscription is about to say so.
    if (page.generation !== this.#at?.generation) this.#abort.abort();
    signal.throwIfAborted();
    return page;
  }

  #record(event: TidewireEvent): void {
    this.#at = event.position;
    this.#recorder.append(event);
  }

  #failed(error: TidewireClientError): void {
    // A topic that has had no event yet has no past either.
    if (error.code === "TOPIC_NOT_FOUND") {
      this.#enter("complete");
      return;
    }
    this.#enter("stale");
    const delayMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.#fetch(), delayMs);
  }

  #enter(state: HistoryState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#recorder.told();
  }
}
