// One subscription: first what was missed or the present state, then live events; in order, none twice. The resume
// algorithm stands here once, for every adapter: a topic is behind until a read of the log has come up to what everybody
// else has been told; live events of a topic that is behind are not queued, they are read in their turn.

import { LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import type { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { Gap, Position, Subscribe, Subscribed } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import { EVENT_KINDS } from "../wire/event-bytes.js";
import { type Broker, PAGE } from "./broker.js";
import { DeliveredEvent, type EventBatch, type EventFilter } from "./delivered.js";
import type { LoggedEvent } from "./event-log.js";
import { emptyState } from "./fold.js";
import type { Listener } from "./hub.js";
import { isPattern, matches, parsePattern, parseTopic } from "./topic.js";

/** Unsent bytes of a subscriber beyond which only the newest of each latest kind waits for it, and replay waits too. */
const BACKLOG_BYTES = 256 * 1024;
/** Most positions in one request, and in the answer. */
const MAX_POSITIONS_ASKED = 10_000;
const MAX_POSITIONS_TOLD = 1_000;
/** States told in one turn of the loop. */
const STATES_AT_ONCE = 100;

type ServerBody = NonNullable<ServerFrame["body"]>;

/** Where a subscription's events go. */
export interface EventSink {
  /** Whether anybody still listens. */
  readonly isOpen: boolean;
  /** Bytes said and not taken by the network yet. */
  readonly backlogBytes: number;
  /** All events of a batch, as one. @returns false when there is no room for them now */
  batch(batch: EventBatch): boolean;
  /** One event. @returns false when there is no room for it now */
  event(topic: string, event: DeliveredEvent): boolean;
  /** A snapshot or a gap. */
  frame(body: ServerBody): void;
  /** Events were skipped because the reader is slow. */
  skipped(count: number): void;
  /** Resolves once the backlog is small, or nobody listens any more. */
  ready(): Promise<void>;
  /** A fault of ours. */
  broke(error: unknown): void;
}

/** How a topic comes up to the present. */
type Behind = { readonly is: "state" } | { readonly is: "replay"; cursor: Position };

/** Events of one topic that wait for a slow reader: the newest of each kind. */
interface Held {
  readonly newest: Map<string, DeliveredEvent>;
  readonly generation: number;
  /** The last offset before the first of them. */
  readonly from: number;
  skipped: number;
}

/** A sink's interest in a topic or pattern. */
export class Subscription implements Listener {
  readonly #broker: Broker;
  readonly #sink: EventSink;
  readonly #filter: EventFilter;
  readonly #filters: boolean;
  readonly #behind = new Map<string, Behind>();
  readonly #held = new Map<string, Held>();
  readonly #remove: () => void;
  #isOpen = true;
  #isCatchingUp = false;
  #isReleasing = false;
  /** What is said first. */
  readonly subscribed: Subscribed;

  /** Listens from now on; call {@link start} once `subscribed` has been said. @throws TidewireError INVALID_TOPIC, INVALID_MESSAGE */
  constructor(broker: Broker, request: Subscribe, sink: EventSink) {
    const tokens = parsePattern(request.topic);
    this.#broker = broker;
    this.#sink = sink;
    this.#filter = filterOf(request);
    this.#filters = this.#filter.types !== undefined || this.#filter.minLevel > LogLevel.LOG_LEVEL_UNSPECIFIED;
    this.subscribed = isPattern(tokens) ? this.#openPattern(request) : this.#openTopic(request);
    this.#remove = broker.hub.add(tokens, this);
  }

  /** Whether a state or missed events of a topic are still to come. */
  isBehind(topic: string): boolean {
    return this.#behind.has(topic);
  }

  /** Brings the topics that are behind up to the present. */
  start(): void {
    if (this.#isCatchingUp || this.#behind.size === 0) return;
    this.#isCatchingUp = true;
    this.#catchUp().then(
      () => {
        this.#isCatchingUp = false;
        this.start(); // a topic may have fallen behind since the last look
      },
      (error: unknown) => {
        if (this.#isOpen) this.#sink.broke(error); // else it is the end of the log that it had not heard of
      },
    );
  }

  /** Tells at once what is told every second and kept nowhere: for one that begins without a word about positions. */
  tellNewest(): void {
    for (const batch of this.#broker.newest(parsePattern(this.subscribed.topic))) this.deliver(batch);
  }

  /** Ends it; nothing of it follows. Idempotent. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#remove();
    this.#behind.clear();
    this.#held.clear();
  }

  // ---- the beginning ----

  #openTopic({ topic, after, positions, topicPositions, snapshot }: Subscribe): Subscribed {
    const asked = after ?? positions[topic] ?? topicPositions.find((one) => one.topic === topic);
    const { generation, offset } = this.#headOf(topic);
    const recovered = asked !== undefined && this.#isKept(topic, asked);
    if (asked && recovered) this.#behind.set(topic, { is: "replay", cursor: { ...asked } });
    else if (asked || snapshot) this.#behind.set(topic, { is: "state" });
    return { topic, generation, offset, recovered, positions: {} };
  }

  #openPattern({ topic: pattern, after, positions, topicPositions, snapshot }: Subscribe): Subscribed {
    if (after) throw invalid("after", "a pattern resumes by `positions`, one for each topic");
    const asked = new Map([
      ...Object.entries(positions),
      ...topicPositions.map(({ topic, generation, offset }) => [topic, { generation, offset }] as const),
    ]);
    if (asked.size > MAX_POSITIONS_ASKED)
      throw invalid(
        "positions",
        `${asked.size} positions, at most ${MAX_POSITIONS_ASKED}; topics not named come as snapshots`,
      );
    const told: Record<string, Position> = {};
    const catchesUp = snapshot || asked.size > 0;
    let count = 0;
    let recovered = asked.size > 0;
    const resume = (name: string): void => {
      const position = asked.get(name);
      const isKept = position !== undefined && this.#isKept(name, position);
      if (position && !isKept) recovered = false;
      this.#behind.set(name, isKept ? { is: "replay", cursor: { ...position } } : { is: "state" });
    };
    for (const topic of this.#broker.list(pattern, "", catchesUp ? Number.POSITIVE_INFINITY : MAX_POSITIONS_TOLD)) {
      const { topic: name, generation, offset } = topic;
      count += 1;
      if (count <= MAX_POSITIONS_TOLD) told[name] = { generation, offset };
      if (catchesUp) resume(name);
    }
    // Topics that were there when the client left, and are not any more.
    const tokens = parsePattern(pattern);
    for (const name of asked.keys()) if (!this.#broker.find(name) && matches(tokens, parseTopic(name))) resume(name);
    return { topic: pattern, generation: 0, offset: 0, recovered, positions: told };
  }

  /** Where a topic stands; one that is not born yet stands before its first event. */
  #headOf(topic: string): Position {
    return this.#broker.find(topic) ?? { generation: this.#broker.unbornGeneration, offset: 0 };
  }

  /** Whether everything after a position can be told. */
  #isKept(name: string, { generation, offset }: Position): boolean {
    const head = this.#headOf(name);
    if (generation !== head.generation || offset > head.offset) return false;
    if (offset === head.offset) return true;
    const isTransient = this.#broker.find(name)?.isTransient === true;
    return !isTransient && (this.#broker.log.oldest(name) ?? 1) <= offset + 1;
  }

  // ---- catching up ----

  async #catchUp(): Promise<void> {
    let states = 0;
    // A topic that falls behind meanwhile is added at the end, and has its turn.
    for (const [topic, behind] of this.#behind) {
      await this.#room();
      if (!this.#isOpen) return;
      if (behind.is === "replay") await this.#replay(topic, behind);
      else this.#tellState(topic);
      states += 1;
      if (states % STATES_AT_ONCE === 0) await nextTurn();
      if (!this.#isOpen) return;
    }
  }

  /** Gives a slow reader its time. */
  async #room(): Promise<void> {
    while (this.#isOpen && this.#sink.backlogBytes > BACKLOG_BYTES) await this.#sink.ready();
  }

  /** The state as everybody has been told it; live events go on from here. */
  #tellState(name: string): void {
    this.#behind.delete(name);
    const { generation, offset } = this.#headOf(name);
    const state = this.#broker.find(name)?.state ?? emptyState();
    this.#sink.frame({ $case: "snapshot", value: { topic: name, generation, offset, state } });
  }

  async #replay(name: string, behind: { cursor: Position }): Promise<void> {
    for (;;) {
      const head = this.#headOf(name);
      if (head.generation !== behind.cursor.generation) return this.#tellLoss(name, behind.cursor);
      if (behind.cursor.offset >= head.offset) {
        this.#behind.delete(name); // in the same turn as the comparison: the next event is a live one
        return;
      }
      const page = await this.#page(name, behind.cursor);
      if (!this.#isOpen) return;
      // Below the head there is something to read: an empty page is a log that has lost it.
      if (page === "lost" || page.length === 0) return this.#tellLoss(name, behind.cursor);
      this.#tellPage(name, page, behind);
      await nextTurn();
      await this.#room();
      if (!this.#isOpen) return;
    }
  }

  async #page(name: string, cursor: Position): Promise<readonly LoggedEvent[] | "lost"> {
    try {
      return await this.#broker.log.readAfter(name, cursor, PAGE);
    } catch (error) {
      if (error instanceof TidewireError && error.code === "POSITION_LOST") return "lost";
      throw error;
    }
  }

  /** Events that the log has and others have not been told yet are left for later, and those there is no room for. */
  #tellPage(name: string, page: readonly LoggedEvent[], behind: { cursor: Position }): void {
    const { offset: told } = this.#headOf(name);
    for (const logged of page) {
      if (logged.offset > told) return;
      const event = new DeliveredEvent(logged, logged.bytes);
      const isWanted = !this.#filters || event.passes(this.#filter);
      if (isWanted && !this.#sink.event(name, event)) return;
      behind.cursor = { generation: logged.generation, offset: logged.offset };
    }
  }

  /** What was to be replayed went away meanwhile. */
  #tellLoss(name: string, cursor: Position): void {
    const head = this.#headOf(name);
    const isSame = head.generation === cursor.generation;
    const gap: Gap = {
      topic: name,
      generation: cursor.generation,
      fromOffset: cursor.offset,
      toOffset: isSame ? head.offset + 1 : cursor.offset,
      skipped: isSame ? head.offset - cursor.offset : 0,
      reason: isSame ? "retention" : "restart",
    };
    this.#sink.frame({ $case: "gap", value: gap });
    this.#tellState(name);
  }

  // ---- live ----

  deliver(batch: EventBatch): void {
    if (this.#behind.has(batch.topic)) return;
    try {
      this.#deliver(batch);
    } catch (error) {
      this.#sink.broke(error); // a fault of ours: the other subscribers must not notice
    }
  }

  #deliver(batch: EventBatch): void {
    const isSlow = this.#sink.backlogBytes > BACKLOG_BYTES;
    if (!this.#filters && this.#held.size === 0 && (!isSlow || batch.isReliable)) {
      if (!this.#sink.batch(batch)) this.#fallBehind(batch.topic, batch.events[0] as DeliveredEvent);
      return;
    }
    for (const event of batch.events) {
      if (!this.#isOpen || this.#behind.has(batch.topic)) return;
      if (!event.passes(this.#filter)) continue;
      if (event.delivery === "latest" && isSlow) this.#hold(batch.topic, event);
      else this.#tell(batch.topic, event);
    }
  }

  #tell(topic: string, event: DeliveredEvent): void {
    this.#release(topic);
    if (!this.#isOpen || this.#behind.has(topic)) return;
    if (!this.#sink.event(topic, event)) this.#fallBehind(topic, event);
  }

  /** More has come at once than there is room for: the reader gets it from the log, at its own pace. */
  #fallBehind(topic: string, { generation, offset }: DeliveredEvent): void {
    if (!this.#isOpen || !this.#sink.isOpen) return;
    const isTransient = this.#broker.find(topic)?.isTransient === true;
    this.#behind.set(
      topic,
      isTransient ? { is: "state" } : { is: "replay", cursor: { generation, offset: offset - 1 } },
    );
    this.start();
  }

  removed(topic: string): void {
    if (this.#behind.has(topic)) return;
    this.#held.delete(topic);
    try {
      this.#tellState(topic);
    } catch (error) {
      this.#sink.broke(error);
    }
  }

  // ---- a slow reader ----

  #hold(topic: string, event: DeliveredEvent): void {
    if (!this.#isReleasing) this.#releaseWhenReady().catch((error: unknown) => this.#sink.broke(error));
    let held = this.#held.get(topic);
    if (!held) {
      held = { newest: new Map(), generation: event.generation, from: event.offset - 1, skipped: 0 };
      this.#held.set(topic, held);
    }
    if (held.newest.has(event.type)) held.skipped += 1;
    held.newest.set(event.type, event);
  }

  async #releaseWhenReady(): Promise<void> {
    this.#isReleasing = true;
    await this.#room();
    this.#isReleasing = false;
    for (const topic of [...this.#held.keys()]) this.#release(topic);
  }

  /** The newest of what was held back, and before it what was skipped. */
  #release(topic: string): void {
    const held = this.#held.get(topic);
    if (!held || !this.#isOpen) return;
    this.#held.delete(topic);
    const newest = [...held.newest.values()].sort((a, b) => a.offset - b.offset);
    if (held.skipped > 0) {
      this.#sink.skipped(held.skipped);
      const { generation, from: fromOffset, skipped } = held;
      const toOffset = newest[0]?.offset ?? fromOffset;
      this.#sink.frame({
        $case: "gap",
        value: { topic, generation, fromOffset, toOffset, skipped, reason: "slow_consumer" },
      });
    }
    for (const event of newest) {
      if (this.#sink.event(topic, event)) continue;
      this.#fallBehind(topic, event);
      return;
    }
  }
}

/** Others get their turn of the loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function filterOf({ types, minLevel }: Subscribe): EventFilter {
  const known = new Set([...EVENT_KINDS.values()].map(({ type }) => type));
  const unknown = types.find((type) => !known.has(type));
  if (unknown !== undefined)
    throw invalid(
      "types",
      `unknown event type ${JSON.stringify(unknown.slice(0, 64))}; known are ${[...known].join(", ")}`,
    );
  return { types: types.length > 0 ? new Set(types) : undefined, minLevel };
}

function invalid(field: string, reason: string): TidewireError {
  return new TidewireError("INVALID_MESSAGE", `data.${field}: ${reason}`, { field: `data.${field}` });
}
