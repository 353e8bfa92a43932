// The topic requests of one session: subscribe, unsubscribe, publish, cancel_task; and what its subscriptions are told.
import { LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import type { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { CancelTask, Position, Publish, Subscribe, Unsubscribe } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import type { DeliveredEvent, EventBatch } from "../events/delivered.js";
import { type EventSink, Subscription } from "../events/subscription.js";
import type { AppendAsker } from "../events/turn.js";
import { checkPattern } from "../runs/families.js";
import { SharedMessages } from "../wire/shared-messages.js";
import { PublishedLines } from "./published-lines.js";
import { READY_BYTES, roomFor } from "./reader-budget.js";
import type { SessionServices } from "./services.js";
import type { Request, Session } from "./session.js";

type ServerBody = NonNullable<ServerFrame["body"]>;

/** Handles one session's topics. */
export class TopicRequests implements EventSink {
  readonly #session: Session;
  readonly #services: SessionServices;
  /** By topic or pattern, as asked for. */
  readonly #subscriptions = new Map<string, Subscription>();
  /** Who waits for the backlog to be gone. */
  #waiting: (() => void)[] = [];
  #isOpen = true;
  #lines: PublishedLines | undefined;

  constructor(session: Session, services: SessionServices) {
    this.#session = session;
    this.#services = services;
  }

  // ---- requests ----

  /** A second subscription to the same topic takes the first one's place. @throws TidewireError */
  subscribe(request: Subscribe, id: number): void {
    const { maxSubscriptions } = this.#services.limits;
    checkPattern(request.topic);
    this.#session.grant.require("subscribe", request.topic);
    const known = this.#subscriptions.get(request.topic);
    if (!known && this.#subscriptions.size >= maxSubscriptions) throw tooManySubscriptions(maxSubscriptions);
    const subscription = new Subscription(this.#services.broker, request, this);
    known?.end();
    this.#subscriptions.set(request.topic, subscription);
    this.#session.reply(id, { $case: "subscribed", value: subscription.subscribed });
    subscription.start();
  }

  /** Live events of a topic or pattern, asked for by the connection's path: nothing is replied. */
  listen(topic: string): void {
    const subscription = new Subscription(this.#services.broker, liveOnly(topic), this);
    this.#subscriptions.set(topic, subscription);
    subscription.tellNewest();
  }

  unsubscribe({ topic }: Unsubscribe, id: number): void {
    this.#subscriptions.get(topic)?.end();
    this.#subscriptions.delete(topic);
    this.#session.reply(id, { $case: "unsubscribed", value: { topic } });
  }

  /** The short way of log lines, for a connection that publishes in an encoding which has one. */
  get lines(): PublishedLines | undefined {
    return this.#lines;
  }

  /** Answered once the event is durable. @throws TidewireError */
  publish(publish: Publish, request: Request): void {
    this.#session.grant.require("publish", publish.topic);
    const { hot } = this.#session.codec;
    if (hot) this.#lines ??= new PublishedLines(this.#session, this.#services, hot);
    this.#services.runs.submit(publish, new PublishAsker(this.#session, request));
    // Not before: what throws is refused at once and uses up nothing.
    this.#session.begin(request);
  }

  /** @throws TidewireError PERMISSION_DENIED */
  cancel({ topic, reason }: CancelTask, request: Request): void {
    this.#session.grant.require("publish", topic);
    this.#session.begin(request);
    this.#services.runs.cancel(topic, reason).then(
      () => {
        this.#session.reply(request.id, { $case: "cancelAccepted", value: { topic } });
        this.#session.answered(request.credit);
      },
      (error: unknown) => {
        this.#session.refuse(request.id, error);
        this.#session.answered(request.credit);
      },
    );
  }

  /** The connection has another grant: the subscriptions that it does not cover end, and what ends is told. */
  revalidate(): void {
    this.#lines?.revalidate();
    for (const [topic, subscription] of this.#subscriptions) {
      try {
        this.#session.grant.require("subscribe", topic);
      } catch (error) {
        subscription.end();
        this.#subscriptions.delete(topic);
        this.#session.refuse(0, error);
      }
    }
  }

  // ---- what subscriptions say ----

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get backlogBytes(): number {
    return this.#session.turnBytes + this.#session.unsentBytes;
  }

  batch(batch: EventBatch): boolean {
    return this.#take(batch.messages(this.#session.codec));
  }

  event(_topic: string, event: DeliveredEvent): boolean {
    return this.#take(event.message(this.#session.codec));
  }

  frame(body: ServerBody): void {
    if (this.#isOpen) this.#session.reply(0, body);
  }

  skipped(count: number): void {
    this.#services.traffic.droppedFrames += count;
  }

  /** Takes a message where there is room; a reader that is too slow ends. */
  #take(message: Uint8Array | string | SharedMessages): boolean {
    if (!this.#isOpen) return false;
    const { maxQueuedBytes } = this.#services.limits;
    const bytes = message instanceof SharedMessages ? message.bytes : message.length;
    const room = roomFor(bytes, this.#session, maxQueuedBytes);
    if (room === "slow") {
      this.#services.traffic.slowConsumerCloses += 1;
      this.#session.endSlow(
        `${this.backlogBytes} bytes wait to be read, at most ${maxQueuedBytes} may; resume by position`,
      );
    }
    if (room !== "now") return false;
    this.#session.push(message);
    return true;
  }

  ready(): Promise<void> {
    if (!this.#isOpen || this.backlogBytes <= READY_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  broke(error: unknown): void {
    this.#session.crash(error);
  }

  // ---- the session's news ----

  /** The network has taken something. */
  drained(): void {
    if (this.#waiting.length > 0 && this.backlogBytes <= READY_BYTES) this.#release();
  }

  close(): void {
    this.#isOpen = false;
    for (const subscription of this.#subscriptions.values()) subscription.end();
    this.#subscriptions.clear();
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function tooManySubscriptions(limit: number): TidewireError {
  const message = `this connection has ${limit} subscriptions, more may not be; unsubscribe, or use a pattern`;
  return new TidewireError("TOO_MANY_REQUESTS", message, { limit }, { retryable: false });
}

function liveOnly(topic: string): Subscribe {
  return {
    topic,
    after: undefined,
    snapshot: false,
    minLevel: LogLevel.LOG_LEVEL_UNSPECIFIED,
    types: [],
    positions: {},
    topicPositions: [],
  };
}

/** Answers one publish. */
class PublishAsker implements AppendAsker {
  readonly #session: Session;
  readonly #id: number;
  readonly #credit: number;

  constructor(session: Session, { id, credit }: Request) {
    this.#session = session;
    this.#id = id;
    this.#credit = credit;
  }

  accepted([position]: readonly Position[]): void {
    if (position) this.#session.reply(this.#id, { $case: "published", value: position });
    this.#session.answered(this.#credit);
  }

  refused(error: unknown): void {
    this.#session.refuse(this.#id, error);
    this.#session.answered(this.#credit);
  }
}
