// A server's side of subscriptions and publishes, played by the test, over whichever socket is the newest.
import type { Event } from "../../../generated/ts/tidewire/v1/events.js";
import type { ClientFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import type { Position, Subscribe, TopicState } from "../../../generated/ts/tidewire/v1/topics.js";
import { emptyState } from "../../../src/events/fold.js";
import { frameFromJson, frameToJson } from "../../../src/wire/json.js";
import type { TidewireEvent, TopicEnd, TopicGap, TopicSnapshot } from "../src/index.js";
import { ProgressClient, type ProgressOptions, type SubscriptionOptions } from "../src/index.js";
import { FakeEnvironment, type FakeSocket } from "./clock.js";
import type { Body } from "./fake-server.js";

export type Kind = NonNullable<Event["kind"]>;

const TASK_STARTED = { worker: undefined, totalSteps: undefined, message: undefined, details: undefined };

/** Kinds of events, with as little in them as they need. */
export const kinds = {
  started: { $case: "taskStarted", value: TASK_STARTED },
  completed: { $case: "taskCompleted", value: { result: { rmse: 0.5 } } },
  failed: { $case: "taskFailed", value: { error: "out of memory", details: undefined } },
  cancelled: { $case: "taskCancelled", value: { reason: "enough" } },
  step: (progress: number): Kind => ({ $case: "stepProgress", value: { progress, details: undefined } }),
  log: (level: 1 | 2 | 3 | 4 | 5, message: string): Kind => ({ $case: "log", value: { level, message } }),
  status: (status: 2 | 4 | 5 | 6): Kind => ({ $case: "statusChanged", value: { status, config: undefined } }),
} as const;

/** Topics of a server that says what the test has it say. */
export class FakeTopics {
  #answered = new WeakMap<FakeSocket, Set<number>>();

  constructor(private readonly environment: FakeEnvironment) {}

  /** Everything that came over the newest socket. */
  frames(): ClientFrame[] {
    return this.environment.socket.sent.map((text) => frameFromJson("ClientFrame", JSON.parse(String(text))));
  }

  /** Requests of one kind over the newest socket, in order. */
  requests<Case extends NonNullable<ClientFrame["body"]>["$case"]>($case: Case) {
    type Found = Extract<NonNullable<ClientFrame["body"]>, { $case: Case }>["value"];
    return this.frames().flatMap(({ id, body }) => (body?.$case === $case ? [{ id, ...(body.value as Found) }] : []));
  }

  say(id: number, body: Body): void {
    this.environment.socket.deliver(JSON.stringify(frameToJson("ServerFrame", { id, body })));
  }

  /** Answers the oldest subscribe to the topic that has no answer. */
  subscribed(
    topic: string,
    told: Partial<Position & { recovered: boolean; positions: Record<string, Position> }> = {},
  ): Subscribe {
    const { id, ...request } = this.#next("subscribe", (asked) => asked.topic === topic);
    const value = { topic, generation: 1, offset: 0, recovered: false, positions: {}, ...told };
    this.say(id, { $case: "subscribed", value });
    return request;
  }

  /** Answers the oldest publish that has no answer. */
  published(position: Position) {
    const { id, ...publish } = this.#next("publish", () => true);
    this.say(id, { $case: "published", value: position });
    return publish;
  }

  /** Refuses the oldest request of the kind that has no answer. */
  refuse($case: "subscribe" | "publish" | "cancelTask", errorCode: Refusal["errorCode"], retryable = false): void {
    const { id } = this.#next($case, () => true);
    this.say(id, { $case: "error", value: { errorCode, message: "no", details: undefined, retryable } });
  }

  event(topic: string, [generation, offset]: readonly [number, number], kind: Kind): void {
    const timestamp = { seconds: 1_700_000_000 + offset, nanos: 5_000_000 };
    this.say(0, { $case: "event", value: { topic, timestamp, generation, offset, kind } });
  }

  snapshot(topic: string, [generation, offset]: readonly [number, number], state: Partial<TopicState> = {}): void {
    this.say(0, { $case: "snapshot", value: { topic, generation, offset, state: { ...emptyState(), ...state } } });
  }

  #next<Case extends "subscribe" | "publish" | "cancelTask">(
    $case: Case,
    matches: (request: ReturnType<FakeTopics["requests"]>[number] & { topic: string }) => boolean,
  ) {
    const { socket } = this.environment;
    const answered = this.#answered.get(socket) ?? new Set();
    this.#answered.set(socket, answered);
    const found = this.requests($case).find((each) => !answered.has(each.id) && matches(each as never));
    if (found === undefined) throw new Error(`no ${$case} without an answer`);
    answered.add(found.id);
    return found;
  }
}

type Refusal = Extract<Body, { $case: "error" }>["value"];

/** A client over a clock that stands still, and its server; connected unless said otherwise. */
export function start(options: Partial<ProgressOptions> = {}, connects = true) {
  const environment = new FakeEnvironment();
  const settings = {
    url: "http://host:1",
    encoding: "json",
    heartbeatInterval: 0,
    fallbackAfter: 0,
    ...options,
  } as const;
  const client = new ProgressClient(settings, environment);
  const server = new FakeTopics(environment);
  if (connects) {
    client.connect();
    environment.socket.accept();
  }
  /** Cuts the connection and opens the next. */
  const reconnect = () => {
    environment.socket.end(1006);
    environment.advance(environment.next ?? 0);
    environment.socket.accept();
  };
  return { environment, client, server, reconnect };
}

/** Callbacks that write down what they are told, in order. */
export function record(options: SubscriptionOptions = {}) {
  const events: TidewireEvent[] = [];
  const snapshots: TopicSnapshot[] = [];
  const gaps: TopicGap[] = [];
  const ends: [callback: string, end: TopicEnd][] = [];
  const errors: unknown[] = [];
  const callbacks: SubscriptionOptions = {
    onEvent: (event) => events.push(event),
    onSnapshot: (snapshot) => snapshots.push(snapshot),
    onGap: (gap) => gaps.push(gap),
    onComplete: (end) => ends.push(["complete", end]),
    onFailed: (end) => ends.push(["failed", end]),
    onError: (error) => errors.push(error),
    ...options,
  };
  return {
    callbacks,
    events,
    snapshots,
    gaps,
    ends,
    errors,
    offsets: () => events.map(({ position }) => position.offset),
  };
}
