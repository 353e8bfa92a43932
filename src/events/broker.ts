// The broker: accepts events, keeps them, and tells whoever listens. What is published in one turn of the loop is one
// append; it is told to subscribers once committed, and acknowledged once flushed.
import type { Logger } from "pino";
import type { Position, Publish } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import { decodeEvent, encodeEvent } from "../wire/event-bytes.js";
import { Births } from "./births.js";
import { DeliveredEvent, EventBatch, listOf } from "./delivered.js";
import { Topic, TopicDirectory } from "./directory.js";
import type { Appended, Checkpoint, EventLog, ReadLimits } from "./event-log.js";
import { EventMeter } from "./event-meter.js";
import { Hosts } from "./hosts.js";
import { Hub } from "./hub.js";
import { IdempotencyKeys } from "./idempotency.js";
import { FailureWatch, type LogFailure } from "./log-failure.js";
import { LogLine } from "./log-line.js";
import { overloaded } from "./overloaded.js";
import { restoreTopic } from "./restore.js";
import { type AppendAsker, Turn, type TurnEntry, toEntry } from "./turn.js";
import type { EventPage, EventReader, TopicView } from "./types.js";

/** Bytes accepted and not durable yet; beyond it OVERLOADED, so that a slow disk cannot fill the memory. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
/** How often the states of changed topics are kept: what a restart after a kill must read again is at most that old. */
const CHECKPOINT_INTERVAL_MS = 1_000;
/** Bytes of states kept at once, so that they do not hold the loop; the rest follows with the next. */
const CHECKPOINT_BYTES = 1024 * 1024;
/** How often retention is looked after: a busy log fills some segments meanwhile. */
const RETENTION_INTERVAL_MS = 1_000;
/** A page of the log: small beside a slow reader's budget, also once it is JSON. */
export const PAGE: ReadLimits = { events: 1_000, bytes: 256 * 1024 };
/** Bounds of the broker; names and defaults are the configuration's. */
export interface BrokerLimits {
  /** Most topics; a further one is refused with OVERLOADED. */
  readonly maxTopics: number;
  /** Most idempotency keys that are remembered. */
  readonly maxIdempotencyKeys: number;
}

/** What the broker works with. */
export interface BrokerContext {
  readonly limits: BrokerLimits;
  readonly log: Logger;
  /** ms since 1970 by which events grow old. */
  readonly ageMs: () => number;
  /** Called once after subscribers or publishers have been told something. */
  readonly afterDelivery: () => void;
}

/** Publishes, and tells those who listen. */
export class Broker implements EventReader, AsyncDisposable {
  readonly hub = new Hub();
  readonly log: EventLog;
  readonly meter = new EventMeter();
  readonly #context: BrokerContext;
  readonly #watch: FailureWatch;
  readonly #topics = new TopicDirectory();
  readonly #keys: IdempotencyKeys;
  readonly #births = new Births();
  readonly #hosts = new Hosts(this.#topics);
  /** Changed since they were last kept. */
  readonly #changed = new Set<Topic>();
  readonly #timers: NodeJS.Timeout[];
  #turn = new Turn();
  #pendingBytes = 0;
  /** No topic that has not been told of will be born with a lower generation. */
  #unborn: number;
  /** The appends so far; each is told in its order. */
  #told: Promise<void> = Promise.resolve();
  /** Their askers so far; each is told in its order. */
  #settled: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(log: EventLog, context: BrokerContext, keys: IdempotencyKeys) {
    this.log = log;
    this.#unborn = log.unbornGeneration;
    this.#context = context;
    this.#watch = new FailureWatch(log, context.log);
    this.#keys = keys;
    this.#timers = [
      setInterval(() => void this.#keepStates(CHECKPOINT_BYTES), CHECKPOINT_INTERVAL_MS),
      setInterval(() => void this.retain(), RETENTION_INTERVAL_MS),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  /** A broker over an open log, which it closes in the end. */
  static async open(log: EventLog, context: BrokerContext): Promise<Broker> {
    const keys = new IdempotencyKeys(
      context.limits.maxIdempotencyKeys,
      await log.recentKeys(context.limits.maxIdempotencyKeys),
    );
    const broker = new Broker(log, context, keys);
    broker.#watch.tellLosses();
    for (const record of await log.load()) {
      const { topic, hasChanged } = await restoreTopic(log, record, PAGE, context.log);
      broker.#topics.add(topic);
      if (hasChanged) broker.#changed.add(topic);
    }
    return broker;
  }

  // ---- publish ----

  /**
   * Adds events, all of them or none, in the order of the calls. They must be legal and have a timestamp.
   *
   * @throws TidewireError OVERLOADED, FRAME_TOO_LARGE
   */
  append(events: readonly Publish[], asker: AppendAsker): void {
    const entries = events.map((event, i) => toEntry(event, i, events.length));
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes.length, 0);
    this.#checkRoom(events, bytes);
    this.#take(this.#keys.remember(entries, asker), entries.length, bytes).push(...entries);
  }

  /**
   * Adds a log line as {@link append} adds events. Its topic must be known.
   *
   * @throws TidewireError OVERLOADED
   */
  appendLine(line: LogLine, asker: AppendAsker): void {
    this.#checkPending(line.bytes.length);
    this.#births.checkFollows(line.topic);
    this.#take(asker, 1, line.bytes.length).push(line);
  }

  /** Makes room in this turn. @returns where the entries are to be put */
  #take(asker: AppendAsker, count: number, bytes: number): TurnEntry[] {
    this.#syncUnborn();
    const turn = this.#turn;
    if (turn.isEmpty) setImmediate(() => this.#append(turn));
    this.#pendingBytes += bytes;
    return turn.take(asker, count, bytes);
  }

  /** Position of the publish that first had an idempotency key: a promise until it is durable. */
  seen(topic: string, key: string): Position | Promise<Position> | undefined {
    return this.#keys.get(topic, key);
  }

  #checkPending(bytes: number): void {
    if (this.#pendingBytes + bytes > MAX_PENDING_BYTES)
      throw overloaded(
        `${this.#pendingBytes} bytes wait for the disk, at most ${MAX_PENDING_BYTES} may; try again later`,
      );
  }

  #checkRoom(events: readonly Publish[], bytes: number): void {
    this.#checkPending(bytes);
    for (const { topic } of events) this.#births.checkFollows(topic);
    const { maxTopics } = this.#context.limits;
    if (events.every(({ topic }) => this.#isKnown(topic))) return;
    const births = new Set(events.map(({ topic }) => topic).filter((topic) => !this.#isKnown(topic)));
    const count = this.#topics.size - this.#hosts.size + this.#births.size;
    if (count + births.size > maxTopics)
      throw overloaded(`there are ${count} topics, at most ${maxTopics} (maxTopics) may be`);
    for (const topic of births) this.#births.add(topic);
  }

  #isKnown(topic: string): boolean {
    return this.#topics.get(topic) !== undefined || this.#births.has(topic);
  }

  #append(turn: Turn): void {
    if (turn !== this.#turn || turn.isEmpty) return;
    this.#turn = new Turn();
    const appended = this.log.append(turn.entries, []);
    appended.catch(() => undefined); // it is handled in its order, which may be later
    this.#told = this.#told
      .then(() => appended)
      .then(
        (done) => this.#committed(turn, done),
        (error: unknown) => this.#refused(turn, error),
      );
  }

  #committed(turn: Turn, { positions, flushed }: Appended): void {
    this.meter.committed(turn);
    const batches = this.#fold(turn, positions);
    for (const batch of batches) this.#deliver(batch);
    this.#guard(this.#context.afterDelivery);
    this.meter.fannedOut(turn, batches);
    this.meter.settles(turn, flushed);
    this.#settle(turn, flushed, positions);
  }

  #refused(turn: Turn, error: unknown): void {
    this.meter.failures.add("append", turn.entries.length);
    this.#watch.look();
    this.#settle(turn, Promise.reject(error), []);
    const topics = turn.entries.map(({ topic }) => topic);
    this.#births.refused(topics, this.#settled);
  }

  /** Tells the askers once it is known whether their events are durable, and the askers of earlier turns have been told. */
  #settle(turn: Turn, flushed: Promise<void>, positions: readonly Position[]): void {
    const before = this.#settled;
    this.#settled = flushed.then(
      () => before.then(() => this.#tell(turn, (guard) => turn.accepted(positions, guard))),
      (error: unknown) => before.then(() => this.#tell(turn, (guard) => turn.refused(error, guard))),
    );
  }

  #tell(turn: Turn, tell: (guard: (tell: () => void) => void) => void): void {
    this.#pendingBytes -= turn.bytes;
    tell((one) => this.#guard(one));
    this.#guard(this.#context.afterDelivery);
  }

  /** A fault of one listener or publisher must not reach the others. */
  #guard(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#context.log.error({ err: error }, "somebody could not be told of an event");
    }
  }

  #deliver(batch: EventBatch): void {
    this.hub.each(batch.topic, (listener) => this.#guard(() => listener.deliver(batch)));
  }

  /** Adds the turn's events to the topics' states. @returns those that somebody may want, by topic */
  #fold({ entries }: Turn, positions: readonly Position[]): EventBatch[] {
    const byTopic = new Map<string, DeliveredEvent[]>();
    let topic: Topic | undefined;
    let wanted: DeliveredEvent[] | undefined;
    for (const [i, entry] of entries.entries()) {
      const position = positions[i] as Position;
      if (topic?.topic !== entry.topic || topic.generation !== position.generation) {
        topic = this.#bornAt(entry.topic, position);
        this.#changed.add(topic);
        wanted = this.hub.mayHave(entry.topic) ? listOf(byTopic, entry.topic) : undefined; // most are read later, or never
      }
      if (entry instanceof LogLine) topic.addLine(position.offset, entry);
      else topic.add(position.offset, entry.kind, entry.timestamp);
      wanted?.push(new DeliveredEvent(position, entry.bytes, entry instanceof LogLine ? undefined : entry.kind));
    }
    return [...byTopic].map(([name, list]) => new EventBatch(name, list));
  }

  #bornAt(name: string, { generation }: Position): Topic {
    this.#births.born(name);
    const known = this.#topics.get(name);
    if (known?.generation === generation) return known;
    const topic = new Topic(name, { generation, offset: 0 });
    this.#topics.add(topic);
    return topic;
  }

  /** Tells an event that is kept nowhere: the load of a host is worth nothing a second later. @throws TidewireError OVERLOADED */
  tell(event: Publish): Position {
    const { kind, timestamp } = event;
    if (!kind) throw new TypeError("an event without a kind");
    const topic = this.#hosts.topicOf(event.topic);
    topic.add(topic.offset + 1, kind, timestamp);
    const position = { generation: topic.generation, offset: topic.offset };
    const batch = new EventBatch(topic.topic, [new DeliveredEvent(position, encodeEvent(event), kind)]);
    this.#hosts.told(batch);
    this.#deliver(batch);
    this.#guard(this.#context.afterDelivery);
    return position;
  }

  /** What {@link tell} told last on the topics of a pattern, as far as it is of the present. */
  newest(pattern: readonly string[]): readonly EventBatch[] {
    return this.#hosts.newest(pattern, Date.now());
  }

  // ---- read ----

  view(topic: string): TopicView | undefined {
    return this.#topics.get(topic);
  }

  /**
   * Generation of topics that are not born. The log is ahead of what has been told: while births are on their way it may
   * have gone on to a higher one, which would be a lie about them.
   */
  get unbornGeneration(): number {
    this.#syncUnborn();
    return this.#unborn;
  }

  #syncUnborn(): void {
    if (this.#pendingBytes === 0) this.#unborn = Math.max(this.#unborn, this.log.unbornGeneration);
  }

  /** Why no event can be kept at present; undefined while all can. */
  failure(): LogFailure | undefined {
    return this.log.failure();
  }

  /** What is in memory: topics, those of hosts included, and bytes that are accepted and not durable yet. */
  get held(): { readonly topics: number; readonly pendingBytes: number } {
    return { topics: this.#topics.size, pendingBytes: this.#pendingBytes };
  }

  /** A topic with what only subscriptions ask for. */
  find(topic: string): Topic | undefined {
    return this.#topics.get(topic);
  }

  list(pattern: string, after: string, limit: number): readonly Topic[] {
    return this.#topics.list(pattern, after, limit);
  }

  async read(name: string, after: number, limit: number): Promise<EventPage> {
    const topic = this.#topics.get(name);
    if (!topic) throw new TidewireError("TOPIC_NOT_FOUND", `no topic "${name}"`, { topic: name });
    const { generation, offset } = topic;
    if (topic.isTransient) return { generation, events: [], next: undefined };
    const start = Math.max(after, (this.log.oldest(name) ?? 1) - 1);
    const logged = await this.log.readAfter(name, { generation, offset: start }, { ...PAGE, events: limit });
    const last = logged.at(-1)?.offset ?? start;
    return { generation, events: logged.map(decodeEvent), next: last < offset ? last : undefined };
  }

  // ---- upkeep ----

  /** Forgets a topic. What was published before is gone, what is published after begins a new generation. */
  remove(name: string): Promise<void> {
    this.#append(this.#turn);
    const removed = this.log.remove(name);
    removed.catch(() => undefined); // it is handled in its order, as appends are
    const forgotten = this.#told.then(() => removed).then(() => this.#forget(name));
    this.#told = forgotten.catch(() => undefined); // the caller is told; what was published since goes on
    return forgotten;
  }

  #forget(name: string): void {
    const topic = this.#topics.get(name);
    if (!topic) return;
    this.#unborn = Math.max(this.#unborn, topic.generation + 1);
    this.#changed.delete(topic);
    this.#topics.remove(name);
    this.#keys.removeTopic(name);
    this.hub.each(name, (listener) => this.#guard(() => listener.removed(name)));
    this.#guard(this.#context.afterDelivery);
  }

  async #keepStates(mostBytes: number): Promise<void> {
    if (this.#watch.look()) return;
    const checkpoints: Checkpoint[] = [];
    const topics: Topic[] = [];
    let bytes = 0;
    for (const topic of this.#changed) {
      if (bytes >= mostBytes) break;
      const checkpoint = topic.checkpoint();
      bytes += checkpoint.state.length;
      checkpoints.push(checkpoint);
      topics.push(topic);
      this.#changed.delete(topic);
    }
    if (topics.length === 0) return;
    try {
      await (await this.log.append([], checkpoints)).flushed;
    } catch (error) {
      for (const topic of topics) if (this.#topics.get(topic.topic) === topic) this.#changed.add(topic);
      this.#context.log.error({ err: error }, "the states of topics could not be kept; a restart takes longer");
    }
  }

  /** Drops what retention no longer keeps; runs by itself every second. */
  retain(): Promise<void> {
    this.#watch.look();
    const checkpointOf = (name: string): Checkpoint | undefined => this.#topics.get(name)?.checkpoint();
    const retained = this.log.retain(this.#context.ageMs(), checkpointOf);
    retained.catch(() => undefined); // it is handled in its order, as appends are
    for (const topic of this.#hosts.silent(Date.now())) this.#forget(topic);
    const forgotten = this.#told
      .then(() => retained)
      .then((topics) => {
        for (const topic of topics) this.#forget(topic);
      });
    this.#told = forgotten.catch((error: unknown) => {
      if (!this.#watch.look()) this.#context.log.error({ err: error }, "retention failed; the log grows");
    });
    return this.#told;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#append(this.#turn);
    await this.#told;
    await this.#keepStates(Number.POSITIVE_INFINITY);
    await this.log[Symbol.asyncDispose]();
  }
}
