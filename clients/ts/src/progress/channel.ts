// One subscription at the server, shared by all of a client's subscribers to its topic or pattern: where each topic
// stands, what is still to come of it, and what to ask for after a cut.
import type { Event, LogLevel } from "../../../../generated/ts/tidewire/v1/events.js";
import type { Gap, Position, Snapshot, Subscribe, Subscribed } from "../../../../generated/ts/tidewire/v1/topics.js";
import { ENDS, type TidewireEvent, type TopicSnapshot } from "./events.js";
import { levelOf, remember, type Subscriber, type SubscriptionFilter, type TopicGap } from "./subscription.js";

/** Topics of a pattern whose position is remembered, as many as the server tells; those forgotten come as snapshots. */
const MAX_POSITIONS = 1000;

type Positions = Record<string, Position>;

/** A topic or pattern that the server is subscribed to. */
export class Channel {
  readonly topic: string;
  readonly members = new Set<Subscriber>();
  /** Whether the server is to be asked, for the first time or anew. */
  isStale = true;
  readonly isPattern: boolean;
  readonly #positions = new Map<string, Position>();
  /** Where topics stood when the server answered, as long as that has not been reached: their replay is not over. */
  #heads = new Map<string, Position>();
  #asked: Subscribe | undefined;
  #filter: string | undefined;
  /** On this connection, and ever. */
  #isLive = false;
  #wasLive = false;
  /** Whether the next request is to ask for the state, whatever is known. */
  #asksAnew = false;

  constructor(topic: string) {
    this.topic = topic;
    this.isPattern = /[*>]/.test(topic);
  }

  matches(topic: string): boolean {
    if (!this.isPattern) return topic === this.topic;
    const wanted = this.topic.split(".");
    const found = topic.split(".");
    const most = wanted.at(-1) === ">" ? found.length : wanted.length;
    const isSame = (token: string, i: number) => token === "*" || token === ">" || token === found[i];
    return wanted.length <= found.length && found.length <= most && wanted.every(isSame);
  }

  /** Another subscriber; the server is asked anew where it has not told what this one needs. */
  add(subscriber: Subscriber): void {
    this.members.add(subscriber);
    if (this.isStale) return;
    // A first answer that is still to come brings the state to all.
    const isComing = this.#asked?.snapshot && !this.#isLive;
    this.#asksAnew ||= this.#tellsState && !isComing;
    // A wider filter may be asked for at any time; the state only when no replay is cut off by that.
    this.isStale = this.#mayAskAnew || this.#filterNow() !== this.#filter;
  }

  /** What to ask the server for; it is the present request until the next. */
  request(): Subscribe {
    const isKnown = this.#positions.size > 0 && !this.#mayAskAnew;
    const positions: Positions = isKnown ? Object.fromEntries(this.#positions) : {};
    if (!isKnown) this.#asksAnew = false;
    this.isStale = false;
    this.#filter = this.#filterNow();
    const { types, minLevel }: SubscriptionFilter = JSON.parse(this.#filter);
    this.#asked = {
      topic: this.topic,
      after: positions[this.topic],
      snapshot: !isKnown && (this.#wasLive || this.#tellsState),
      minLevel: levelOf(minLevel) as LogLevel,
      // Ends are told, whatever else is wanted.
      types: types ? [...new Set([...types, "status_changed", ...Object.keys(ENDS)])] : [],
      positions: this.isPattern ? positions : {},
      topicPositions: [],
    };
    return this.#asked;
  }

  /** Whether that is the present request: an answer to an earlier one says nothing. */
  isAsked(request: Subscribe): boolean {
    return request === this.#asked;
  }

  subscribed({ generation, offset, recovered, positions }: Subscribed): void {
    const { after, positions: asked = {}, snapshot } = this.#asked as Subscribe;
    const told: Positions = this.isPattern ? positions : { [this.topic]: { generation, offset } };
    const isResumed = after !== undefined || Object.keys(asked).length > 0;
    this.#isLive = true;
    this.#wasLive = true;
    this.#heads.clear();
    this.#tell("onSubscribed", told);
    if (isResumed && !recovered) {
      this.#tell("onGap", { topic: this.topic, skipped: 0, reason: "position_lost" });
      // Until the snapshot has come there is nothing to go on from.
      if (!this.isPattern) this.#positions.clear();
    }
    for (const [topic, head] of Object.entries(told)) {
      if (isResumed && isBehind(this.#positions.get(topic), head)) this.#heads.set(topic, head);
      // Where a snapshot follows, it says the position: a cut before it must not hide it.
      else if (!isResumed && (!snapshot || head.offset === 0)) this.#place(topic, head);
    }
    this.#refresh();
  }

  event({ topic, generation, offset }: Event, event: TidewireEvent): void {
    if (!this.#isLive || !isBehind(this.#positions.get(topic), { generation, offset })) return;
    this.#place(topic, { generation, offset });
    for (const subscriber of [...this.members]) subscriber.event(event);
    this.#refresh();
  }

  snapshot({ topic, generation, offset }: Snapshot, snapshot: TopicSnapshot): void {
    const known = this.#positions.get(topic);
    // What came later is told already.
    if (!this.#isLive || (known && isBehind({ generation, offset }, known))) return;
    // Another channel's, while the events before it are still to come here.
    const isEarly = this.#heads.has(topic) && known?.generation === generation;
    if (!isEarly) this.#place(topic, { generation, offset });
    for (const subscriber of [...this.members]) subscriber.snapshot(snapshot);
  }

  gap({ topic, skipped, reason }: Gap): void {
    if (!this.#isLive) return;
    // What a slow reader missed was skipped; in all other cases a snapshot follows.
    if (reason !== "slow_consumer") this.#positions.delete(topic);
    this.#tell("onGap", { topic, skipped, reason });
  }

  /** The connection is gone. */
  cut(): void {
    if (this.#isLive) for (const subscriber of this.members) subscriber.isNew = false;
    this.#isLive = false;
    this.#asked = undefined;
    this.isStale = true;
    this.#heads.clear();
  }

  #tell<Name extends "onGap" | "onSubscribed">(name: Name, told: Name extends "onGap" ? TopicGap : Positions): void {
    for (const subscriber of [...this.members]) subscriber.tell(name, told as TopicGap & Positions);
  }

  /** Asks anew for what a late subscriber needs, once nothing is lost by it. */
  #refresh(): void {
    if (this.#mayAskAnew) this.isStale = true;
  }

  get #mayAskAnew(): boolean {
    return this.#asksAnew && this.#isLive && this.#heads.size === 0;
  }

  #place(topic: string, position: Position): void {
    remember(this.#positions, topic, position, MAX_POSITIONS);
    if (!isBehind(position, this.#heads.get(topic) ?? position)) this.#heads.delete(topic);
  }

  /** Whether the state is told first: always for one topic, whose end somebody may wait for. */
  get #tellsState(): boolean {
    return !this.isPattern || [...this.members].some(({ options }) => options.onSnapshot);
  }

  /** What all members want alike; nothing is filtered where they differ. */
  #filterNow(): string {
    const [filter = "{}", ...others] = new Set([...this.members].map((each) => each.filter));
    return others.length > 0 ? "{}" : filter;
  }
}

/** Whether a position is before another, or there is none. */
function isBehind(position: Position | undefined, other: Position): boolean {
  if (position === undefined || position.generation < other.generation) return true;
  return position.generation === other.generation && position.offset < other.offset;
}
