// What a watcher is told, in order and once: the history that was asked for, the present state, live events; and how the
// connection is.
import type {
  Position,
  ProgressClient,
  ServerFrame,
  SubscriptionFilter,
  TidewireEvent,
  TopicEnd,
  TopicGap,
  TopicSnapshot,
} from "@tidewire/client";
import { TidewireClientError } from "@tidewire/client";
import { CommandError } from "./context.js";
import type { History } from "./watch-history.js";

/** Topics whose place is remembered, so that overlapping patterns tell each event once. */
const MAX_PLACES = 10_000;
/** What may come while a topic's history is read: some seconds of a busy server. */
const MAX_HELD = 100_000;

/** How the connection is. */
export type Link =
  | { readonly is: "connecting" | "disconnected" }
  | { readonly is: "connected"; readonly overHttp: boolean }
  /** Again there, and nothing was missed. */
  | { readonly is: "resumed" }
  | { readonly is: "reconnecting"; readonly reason: string };

/** Who is told. */
export interface FeedListener {
  event(event: TidewireEvent): void;
  snapshot(snapshot: TopicSnapshot): void;
  gap(gap: TopicGap): void;
  /** Every frame of the server, after what it led to was told; none where WebSocket does not come through. */
  frame(frame: ServerFrame): void;
  linked(link: Link): void;
}

/** Where to begin: with the present state, with all that is kept, or after a position of the one topic. */
export type Start = "present" | "beginning" | Position;

/** What to watch, and since when. */
export interface FeedOptions<Entry> {
  /** Topics or patterns. */
  readonly patterns: readonly string[];
  readonly filter: SubscriptionFilter;
  readonly start: Start;
  readonly history: History<Entry>;
  /** Tells an event of the history. */
  readonly replay: (entry: Entry) => void;
  /** The topics that match a pattern now. */
  readonly list: (pattern: string) => AsyncIterable<string>;
}

interface Place extends Position {
  /** Whether the state there has been told. */
  readonly hasState: boolean;
}

/** Whether there is one topic of that name, and not many. */
export function isTopic(pattern: string): boolean {
  return !/[*>]/.test(pattern);
}

/** Subscribes and tells. One feed, one use. */
export class Feed<Entry> {
  /** Resolves when every topic has ended, if each was named; rejects when it cannot go on. */
  readonly done: Promise<readonly TopicEnd[]>;
  readonly #client: ProgressClient;
  readonly #options: FeedOptions<Entry>;
  readonly #listener: FeedListener;
  readonly #places = new Map<string, Place>();
  readonly #ends = new Map<string, TopicEnd>();
  /** What came while a history is being read; undefined when none is. */
  #held: (() => void)[] | undefined;
  #reading: Promise<void> = Promise.resolve();
  #resolve: (ends: readonly TopicEnd[]) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(client: ProgressClient, options: FeedOptions<Entry>, listener: FeedListener) {
    this.#client = client;
    this.#options = options;
    this.#listener = listener;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => undefined); // whoever waits for it is told; nobody may wait yet
    this.#followLink();
  }

  /** Tells the history, then subscribes. @throws TidewireClientError */
  async open(): Promise<void> {
    const { patterns, start, list, filter } = this.#options;
    for (const pattern of start === "present" ? [] : patterns) {
      if (isTopic(pattern)) await this.#read(pattern);
      else for await (const topic of list(pattern)) await this.#read(topic);
    }
    for (const pattern of patterns) this.#subscribe(pattern, filter);
  }

  #subscribe(pattern: string, filter: SubscriptionFilter): void {
    const end = (told: TopicEnd) => this.#say(() => this.#ended(pattern, told));
    this.#client.subscribe(pattern, {
      ...filter,
      onEvent: (event) => this.#event(event),
      onSnapshot: (snapshot) => this.#snapshot(snapshot),
      onGap: (gap) => this.#say(() => this.#listener.gap(gap)),
      onError: (error) => this.#reject(error),
      onComplete: end,
      onFailed: end,
      onCancelled: end,
    });
  }

  #followLink(): void {
    const listener = this.#listener;
    const retry = ({ error, willReconnect }: { readonly error: Error; readonly willReconnect: boolean }) => {
      if (willReconnect && !this.#client.isConnected()) listener.linked({ is: "reconnecting", reason: error.message });
    };
    this.#client.onError((error) => this.#reject(error));
    this.#client.onConnectionState((state) => {
      if (state === "connected") listener.linked({ is: state, overHttp: !this.#client.connection.isConnected() });
      else if (state === "connecting" || state === "disconnected") listener.linked({ is: state });
    });
    this.#client.connection
      .on("disconnected", retry)
      .on("connection_error", retry)
      .on("frame", (frame) => {
        if (frame.body?.$case === "subscribed" && frame.body.value.recovered) listener.linked({ is: "resumed" });
        this.#say(() => listener.frame(frame));
      });
  }

  // ---- what is told ----

  #event(event: TidewireEvent): void {
    this.#say(() => {
      const { topic, position } = event;
      if (!isBehind(this.#places.get(topic), position)) return;
      this.#reached(topic, position, true);
      this.#listener.event(event);
    });
  }

  #snapshot(snapshot: TopicSnapshot): void {
    const { topic, position } = snapshot;
    const place = this.#places.get(topic);
    if (this.#options.start !== "present" && !place?.hasState && isBehind(place, position))
      this.#catchUp(topic, position);
    this.#say(() => {
      const { hasState = false, ...reached } = this.#places.get(topic) ?? {};
      const isSame = "offset" in reached && !isBehind(reached as Position, position);
      // Overlapping patterns bring the same state again.
      if (hasState && isSame) return;
      this.#reached(topic, position, true);
      this.#listener.snapshot(snapshot);
    });
  }

  /** Tells now, or once the history before it has been told. */
  #say(tell: () => void): void {
    if (this.#held === undefined) return tell();
    this.#held.push(tell);
    if (this.#held.length <= MAX_HELD) return;
    const message = `more than ${MAX_HELD} events came while the history was read: watch fewer topics, or without it`;
    this.#held = [];
    this.#reject(new CommandError(message));
  }

  #ended(pattern: string, end: TopicEnd): void {
    if (!isTopic(pattern)) return;
    this.#ends.set(end.topic, end);
    const { patterns } = this.#options;
    if (patterns.every((each) => isTopic(each) && this.#ends.has(each))) this.#resolve([...this.#ends.values()]);
  }

  #reached(topic: string, { generation, offset }: Position, hasState: boolean): void {
    this.#places.delete(topic);
    this.#places.set(topic, { generation, offset, hasState });
    if (this.#places.size > MAX_PLACES) this.#places.delete(this.#places.keys().next().value as string);
  }

  // ---- history ----

  /** Reads what happened between the first reading and the snapshot that has come; everything else waits. */
  #catchUp(topic: string, upTo: Position): void {
    this.#held ??= [];
    const reading = this.#reading.then(() => this.#read(topic, upTo));
    this.#reading = reading;
    reading.then(
      () => this.#reading === reading && this.#release(),
      (error) => this.#reject(error),
    );
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const tell of held) tell();
  }

  /** Tells the events of a topic from where it stands up to a position, or to its head. */
  async #read(topic: string, upTo?: Position): Promise<void> {
    const { start } = this.#options;
    const since = this.#places.get(topic) ?? (typeof start === "object" ? start : undefined);
    try {
      await this.#readAfter(topic, since, upTo);
    } catch (error) {
      const code = error instanceof TidewireClientError ? error.code : "";
      // A topic without events has no history; its first one will be a live one.
      if (code === "TOPIC_NOT_FOUND") return;
      if (code !== "POSITION_LOST") throw error;
      this.#lost(topic, since);
    }
  }

  async #readAfter(topic: string, since: Position | undefined, upTo: Position | undefined): Promise<void> {
    const { history, filter, replay } = this.#options;
    let isFirst = !this.#places.has(topic);
    let at = since?.offset ?? 0;
    for (let generation = since?.generation; ; ) {
      const page = await history.page(topic, at, filter);
      if (generation !== undefined && page.generation !== generation) return this.#lost(topic, since);
      if (isFirst) await this.#checkOldest(topic, page.generation, at);
      isFirst = false;
      generation = page.generation;
      for (const entry of page.entries) {
        const { offset } = history.positionOf(entry, generation);
        // What is behind the snapshot comes after it.
        if (upTo !== undefined && offset > upTo.offset) return;
        replay(entry);
        at = offset;
        this.#reached(topic, { generation, offset }, false);
      }
      at = page.next ?? at;
      this.#reached(topic, { generation, offset: at }, false);
      if (page.next === undefined) return;
    }
  }

  /** Says it where the oldest events are no longer kept. */
  async #checkOldest(topic: string, generation: number, after: number): Promise<void> {
    const { history } = this.#options;
    const [first] = (await history.page(topic, after, {}, 1)).entries;
    if (first === undefined) return;
    const { offset } = history.positionOf(first, generation);
    if (offset <= after + 1) return;
    this.#gap({ topic, generation, fromOffset: after, toOffset: offset, skipped: offset - after - 1 }, "retention");
  }

  /** There is no going on from there: the state follows instead. */
  #lost(topic: string, since: Position | undefined): void {
    const { generation = 0, offset = 0 } = since ?? {};
    this.#gap({ topic, generation, fromOffset: offset, toOffset: offset, skipped: 0 }, "position_lost");
    this.#reached(topic, { generation: 0, offset: 0 }, true);
  }

  /** A gap that no frame of the server tells. */
  #gap(gap: Omit<Extract<ServerFrame["body"], { $case: "gap" }>["value"], "reason">, reason: string): void {
    this.#listener.gap({ ...gap, reason });
    this.#listener.frame({ id: 0, body: { $case: "gap", value: { ...gap, reason } } });
  }
}

function isBehind(place: Position | undefined, position: Position): boolean {
  if (place === undefined || place.generation < position.generation) return true;
  return place.generation === position.generation && place.offset < position.offset;
}
