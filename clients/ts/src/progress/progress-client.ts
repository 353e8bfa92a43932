// Events of topics over one connection that comes back by itself: subscriptions go on where they were, publishes are kept
// until they are acknowledged.
import type { ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import { Emitter } from "../connection/emitter.js";
import { type Environment, platform, type Timer } from "../connection/environment.js";
import type { ConnectionState } from "../connection/events.js";
import { backoffMs, type ConnectionOptions, type ConnectionSettings, toSettings } from "../connection/settings.js";
import type { WebSocketManager } from "../connection/websocket-manager.js";
import { clientClosed, connectionLost, type TidewireClientError } from "../errors.js";
import { lazy } from "../lazy.js";
import type { Message } from "../wire/plan.js";
import { Calls } from "./calls.js";
import { Channel } from "./channel.js";
import {
  type ContainerEvent,
  type EvaluationEvent,
  type EventInput,
  type Family,
  type Position,
  PROGRESS,
  type ProgressEvent,
  type SystemEvent,
  type TaskEvent,
  type TidewireEvent,
  type TrainingEvent,
  toEvent,
  topicOf,
  toSnapshot,
  type WorkflowEvent,
} from "./events.js";
import type { Journal, JournalOptions } from "./journal.js";
import type { PublishOptions } from "./publishing.js";
import { Subscriber, type Subscription, type SubscriptionOptions } from "./subscription.js";
import { Transport } from "./transport.js";

/** Attempts at a WebSocket before events are fetched by HTTP: a server that restarts is back by then. */
const FALLBACK_AFTER = 3;

/** Options of a client. */
export interface ProgressOptions extends ConnectionOptions, JournalOptions {
  /** Failed attempts in a row after which events come as Server-Sent Events, if HTTP answers; 0 is never. Default: 3. */
  readonly fallbackAfter?: number | undefined;
}

/** A subscription's options, with the names that its topic needs, and those for which it may stand for all. */
export type Of<
  Event extends TidewireEvent,
  Needed extends string,
  Optional extends string,
> = SubscriptionOptions<Event> & {
  readonly [Name in Needed]: string;
} & { readonly [Name in Optional]?: string | undefined };

/** Subscribes to topics and publishes events. Connects with the first of either; whoever makes it disconnects it. */
export class ProgressClient implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #settings: ConnectionSettings;
  readonly #environment: Environment;
  readonly #channels = new Map<string, Channel>();
  readonly #calls: Calls;
  /** The code of publishing is loaded with the first publish: most pages only listen. */
  readonly #loadJournal: () => Promise<Journal>;
  #journal: Journal | undefined;
  readonly #events = new Emitter<{ state: ConnectionState; error: unknown }>();
  /** Answers in a row by which the server asked for time. */
  #refusals = 0;
  #timer: Timer;

  constructor(options: ProgressOptions, environment: Environment = platform) {
    this.#settings = toSettings({ ...options, url: toSocketUrl(options.url) });
    this.#environment = environment;
    this.#transport = new Transport(this.#settings, options.fallbackAfter ?? FALLBACK_AFTER, environment, {
      opened: () => this.#proceed(),
      received: (frame) => this.#receive(frame),
      refused: (id, error) => this.#calls.settle(id, error),
      cut: (error) => this.#cut(error),
      gaveUp: (error) => this.#gaveUp(error),
      changed: (state) => this.#events.emit("state", state),
    });
    this.#calls = new Calls((frame) => this.#transport.send(frame));
    this.#loadJournal = lazy(async () => {
      const { Journal } = await import("./journal.js");
      this.#journal = new Journal(options, {
        isConnected: () => this.isConnected(),
        send: (body, told) => this.#calls.send(body, told),
        wait: (error) => this.#later(error),
      });
      return this.#journal;
    });
    this.connection.on("error", (error) => this.#events.report(error));
  }

  /** The WebSocket, for its events: `connected`, `disconnected`, `connection_error`, `heartbeat`. */
  get connection(): WebSocketManager {
    return this.#transport.connection;
  }

  // ---- the connection ----

  /** Resolves once connected, by WebSocket or over HTTP. @throws TidewireClientError when no further attempt is made */
  connect(): Promise<void> {
    return this.#transport.connect();
  }

  /** Closes for good, until the next connect, subscription or publish. Publishes without an acknowledgement are rejected. */
  disconnect(): Promise<void> {
    return this.#transport.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  isConnected(): boolean {
    return this.#transport.isOpen;
  }

  getConnectionState(): ConnectionState {
    return this.#transport.state;
  }

  /** Calls the listener at every change of {@link getConnectionState}. @returns what removes it */
  onConnectionState(listener: (state: ConnectionState) => void): () => void {
    this.#events.on("state", listener);
    return () => this.#events.off("state", listener);
  }

  /** Calls the listener with what a callback threw, and with messages that are no frames. Default: the console has them. */
  onError(listener: (error: unknown) => void): () => void {
    this.#events.on("error", listener);
    return () => this.#events.off("error", listener);
  }

  // ---- subscriptions ----

  /** A task, or all of a project. */
  subscribeToTask(options: Of<TaskEvent, "projectId", "taskId">): Subscription {
    return this.#join("task", options);
  }

  /** An execution of a workflow, or all of them. */
  subscribeToWorkflow(options: Of<WorkflowEvent, "workflowId", "executionId">): Subscription {
    return this.#join("workflow", options);
  }

  /** A container, or all of a project. */
  subscribeToContainer(options: Of<ContainerEvent, "projectId", "containerId">): Subscription {
    return this.#join("container", options);
  }

  /** A training run, or all. */
  subscribeToTraining(options: Of<TrainingEvent, never, "experimentId">): Subscription {
    return this.#join("training", options);
  }

  /** An evaluation, or all. */
  subscribeToEvaluation(options: Of<EvaluationEvent, never, "evaluationId">): Subscription {
    return this.#join("evaluation", options);
  }

  /** The load of a host, or of all, each second. */
  subscribeToSystem(options: Of<SystemEvent, never, "node">): Subscription {
    return this.#join("system", options);
  }

  /** How far something is: of a topic or pattern, or of everything. */
  subscribeToProgress({ topic = ">", ...options }: Of<ProgressEvent, never, "topic">): Subscription {
    return this.subscribe(topic, { types: PROGRESS, ...options } as SubscriptionOptions);
  }

  /** Any topic or pattern. */
  subscribe(topic: string, options: SubscriptionOptions): Subscription {
    const channel = this.#channels.get(topic) ?? new Channel(topic);
    const subscriber = new Subscriber(topic, channel.isPattern, options, {
      left: () => this.#leave(channel, subscriber),
      report: (error) => this.#events.report(error),
    });
    this.#channels.set(topic, channel);
    channel.add(subscriber);
    this.#transport.wake();
    this.#sync();
    return subscriber;
  }

  /** Subscriptions in force, however many of them share a topic. */
  getSubscriptionCount(): number {
    return [...this.#channels.values()].reduce((count, { members }) => count + members.size, 0);
  }

  // ---- events of one's own ----

  /**
   * Adds an event to a topic. It is kept until the server has it for good, sent again after a cut, in order, and added
   * once, however often it is sent.
   *
   * @returns its position
   * @throws TidewireClientError INVALID_MESSAGE, INVALID_TRANSITION, …; QUEUE_FULL when too much is not acknowledged yet
   */
  async publish(topic: string, event: EventInput, options: PublishOptions = {}): Promise<Position> {
    this.#transport.wake();
    // Whoever made the event may go on with it; what is published behind it stays behind it.
    const copy = structuredClone(event);
    const journal = await this.#loadJournal();
    if (this.getConnectionState().startsWith("disconnect")) throw clientClosed();
    return journal.publish(topic, copy, options);
  }

  /** Asks the owner of a task, workflow or evaluation to stop; its end is an event. @throws TidewireClientError TASK_NOT_FOUND, TASK_FINISHED */
  async cancel(topic: string, reason = ""): Promise<void> {
    await this.connect();
    return (await this.#loadJournal()).cancel(topic, reason);
  }

  // ---- inside ----

  #join(family: Family, options: object): Subscription {
    return this.subscribe(topicOf(family, options as Message), options);
  }

  #leave(channel: Channel, subscriber: Subscriber): void {
    const { topic, members } = channel;
    members.delete(subscriber);
    if (members.size > 0 || !this.#channels.delete(topic) || !this.isConnected()) return;
    // Nobody waits for the answer; what still comes is nobody's.
    this.#calls.send({ $case: "unsubscribe", value: { topic } }, () => undefined);
  }

  /** Asks for what has not been asked for, and sends what has not been sent. */
  #proceed(): void {
    this.#environment.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sync();
    this.#journal?.release();
  }

  #sync(): void {
    if (!this.isConnected() || this.#timer !== undefined) return;
    for (const channel of this.#channels.values()) if (channel.isStale) this.#ask(channel);
  }

  #ask(channel: Channel): void {
    const value = channel.request();
    this.#calls.send({ $case: "subscribe", value }, (outcome) => {
      if (!channel.isAsked(value)) return;
      if ("$case" in outcome) {
        this.#refusals = 0;
        if (outcome.$case === "subscribed") channel.subscribed(outcome.value);
        this.#sync();
      } else if (outcome.retryable) {
        channel.isStale = true;
        if (this.isConnected()) this.#later(outcome);
      } else this.#refuse(channel, outcome);
    });
  }

  #refuse(channel: Channel, error: TidewireClientError): void {
    for (const subscriber of [...channel.members]) {
      subscriber.tell("onError", error);
      subscriber.unsubscribe();
    }
  }

  /** Goes on when the server has had its time. */
  #later({ retryAfterMs }: TidewireClientError): void {
    if (this.#timer !== undefined) return;
    const delayMs = retryAfterMs ?? backoffMs(this.#refusals++, this.#environment.random(), this.#settings);
    this.#timer = this.#environment.setTimeout(() => this.#proceed(), Math.max(1, delayMs));
  }

  #receive(frame: ServerFrame): void {
    this.#calls.receive(frame);
    const { body } = frame;
    if (body?.$case === "event") {
      const { value } = body;
      const event = toEvent(value);
      if (event) this.#each(value.topic, (channel) => channel.event(value, event));
    } else if (body?.$case === "snapshot") {
      const { value } = body;
      const snapshot = toSnapshot(value);
      this.#each(value.topic, (channel) => channel.snapshot(value, snapshot));
    } else if (body?.$case === "gap") {
      const { value } = body;
      this.#each(value.topic, (channel) => channel.gap(value));
    }
  }

  /** The channels that a topic belongs to; some may have to ask anew after that. */
  #each(topic: string, tell: (channel: Channel) => void): void {
    for (const channel of [...this.#channels.values()]) {
      if (!channel.matches(topic)) continue;
      tell(channel);
      if (channel.isStale) this.#sync();
    }
  }

  #cut(error: TidewireClientError): void {
    if (error.code === "FRAME_TOO_LARGE") this.#journal?.rejectLargest(error);
    for (const channel of this.#channels.values()) channel.cut();
    this.#calls.cut(connectionLost(error.message));
  }

  #gaveUp(error: TidewireClientError): void {
    this.#journal?.abandon(error);
    if (error.code === "CLIENT_CLOSED") return;
    for (const { members } of [...this.#channels.values()])
      for (const subscriber of [...members]) subscriber.tell("onError", error);
  }
}

/** The address of the socket that carries everything, for a server's own address. */
function toSocketUrl(url: string): string {
  return /^\w+:\/\/[^/]+\/?$/.test(url) ? url.replace(/\/?$/, "/api/v1/ws") : url;
}
