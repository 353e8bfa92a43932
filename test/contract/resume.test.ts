// The promise of topics, over every adapter: whatever is published, cut, resumed, dropped by retention or read slowly, each
// subscriber sees the log from its position on, in order and without doubles, or is told of what it does not see.
import fc from "fast-check";
import { pino } from "pino";
import { test } from "tap";
import { LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import type { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { Position, Publish, Subscribe } from "../../generated/ts/tidewire/v1/topics.js";
import { Broker } from "../../src/events/broker.js";
import type { DeliveredEvent, EventBatch } from "../../src/events/delivered.js";
import type { EventLog } from "../../src/events/event-log.js";
import { type EventSink, Subscription } from "../../src/events/subscription.js";
import { logFactories } from "./event-logs.js";

const TOPICS = ["training.a", "training.b", "training.c"];
const SUBSCRIBERS = ["training.a", "training.b", "training.*", "training.>"];
/** Unsent bytes at which a subscriber of the test is cut, as a session's budget does. */
const BUDGET = 600 * 1024;
/** Unsent bytes at which nothing more is taken. */
const FULL = 500 * 1024;
/** Beyond this a subscription counts its reader as slow. */
const SLOW = 300 * 1024;
/** Histories by adapter: a disk takes its time. */
const RUNS: Readonly<Record<string, number>> = { memory: 400, lmdb: 60 };

type Command =
  | { is: "publish"; topic: number; count: number; kind: "log" | "progress" }
  | { is: "cut" | "resume" | "slow" | "fill" | "choke" | "fast"; subscriber: number }
  | { is: "remove"; topic: number }
  | { is: "retain" }
  | { is: "wait" };

const subscriber = fc.nat(SUBSCRIBERS.length - 1);
const topic = fc.nat(TOPICS.length - 1);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant("publish" as const),
      topic,
      count: fc.integer({ min: 1, max: 30 }),
      kind: fc.constantFrom("log" as const, "progress" as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ is: fc.constantFrom("cut", "resume", "slow", "fill", "choke", "fast"), subscriber }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("remove" as const), topic }) },
  { weight: 1, arbitrary: fc.constant({ is: "retain" } as const) },
  { weight: 2, arbitrary: fc.constant({ is: "wait" } as const) },
);

/** What one subscriber has been told of one topic. */
interface Told {
  position: Position;
  /** Whether what comes next may begin anywhere: a gap or a snapshot said so. */
  faults: string[];
}

/** A client: it loses its connection and comes back with the positions it has seen. */
class Client implements EventSink {
  readonly topic: string;
  readonly told = new Map<string, Told>();
  /** What each event said, by its place. */
  readonly heard: [place: string, text: string | undefined][] = [];
  readonly #broker: Broker;
  #subscription: Subscription | undefined;
  #waiting: (() => void)[] = [];
  backlogBytes = 0;
  /** Positions as of the last cut. */
  #resumesAt: Map<string, Position> | undefined;

  constructor(broker: Broker, topic: string) {
    this.#broker = broker;
    this.topic = topic;
  }

  get isOpen(): boolean {
    return this.#subscription !== undefined;
  }

  connect(): void {
    if (this.#subscription) return;
    const isPattern = this.topic.includes("*") || this.topic.includes(">");
    const known = this.#resumesAt;
    const request: Subscribe = {
      topic: this.topic,
      after: isPattern ? undefined : known?.get(this.topic),
      // Topics that were born meanwhile have no position to resume at.
      snapshot: known === undefined || isPattern,
      minLevel: LogLevel.LOG_LEVEL_UNSPECIFIED,
      types: [],
      positions: isPattern && known ? Object.fromEntries(known) : {},
      topicPositions: [],
    };
    this.backlogBytes = 0;
    this.#subscription = new Subscription(this.#broker, request, this);
    const { generation, offset, recovered } = this.#subscription.subscribed;
    // Without a position there is nothing before this subscription that it could miss.
    if (!isPattern && !recovered && !request.after)
      this.told.set(this.topic, { position: { generation, offset }, faults: [] });
    this.#subscription.start();
  }

  cut(): void {
    if (!this.#subscription) return;
    this.#resumesAt = new Map([...this.told].map(([name, { position }]) => [name, { ...position }]));
    this.#subscription.end();
    this.#subscription = undefined;
    this.release();
  }

  release(): void {
    this.backlogBytes = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  ready(): Promise<void> {
    if (this.backlogBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  batch(batch: EventBatch): boolean {
    return this.#hasRoom() && batch.events.every((event) => this.event(batch.topic, event));
  }

  event(name: string, event: DeliveredEvent): boolean {
    if (this.#isCut() || !this.#hasRoom()) return false;
    const told = this.#of(name, { generation: event.generation, offset: event.offset - 1 });
    const { position, faults } = told;
    const place = `${name} ${event.generation}-${event.offset}`;
    if (event.generation !== position.generation && event.offset !== 1)
      faults.push(`${place} after ${position.generation}`);
    if (event.generation === position.generation && event.offset !== position.offset + 1)
      faults.push(`${place} after ${position.offset}`);
    const text = event.kind?.$case === "log" || event.kind?.$case === "progress" ? event.kind.value.message : undefined;
    this.heard.push([place, text]);
    told.position = { generation: event.generation, offset: event.offset };
    return true;
  }

  #hasRoom(): boolean {
    return this.backlogBytes < FULL;
  }

  frame(body: NonNullable<ServerFrame["body"]>): void {
    if (this.#isCut()) return;
    if (body.$case === "snapshot") {
      const { topic: name, generation, offset } = body.value;
      const { position, faults } = this.#of(name, { generation, offset });
      const isBack = generation === position.generation && offset < position.offset;
      if (generation < position.generation || isBack) faults.push(`a snapshot of ${name} goes back to ${offset}`);
      this.told.set(name, { position: { generation, offset }, faults });
    }
    if (body.$case === "gap") {
      const { topic: name, generation, fromOffset, toOffset } = body.value;
      const told = this.#of(name, { generation, offset: toOffset - 1 });
      const isBorn = generation > told.position.generation && fromOffset === 0;
      if (isBorn || generation === told.position.generation) told.position = { generation, offset: toOffset - 1 };
    }
  }

  skipped(): void {}

  broke(error: unknown): void {
    throw error;
  }

  /** A reader that has used up its budget loses its connection. */
  #isCut(): boolean {
    if (this.backlogBytes > BUDGET) this.cut();
    return !this.isOpen;
  }

  #of(name: string, position: Position): Told {
    const told = this.told.get(name) ?? { position, faults: [] };
    this.told.set(name, told);
    return told;
  }
}

function publishOf(name: string, kind: "log" | "progress", message: string): Publish {
  const timestamp = { seconds: 1, nanos: 0 };
  const none = { status: undefined, progress: undefined, details: undefined };
  return kind === "log"
    ? { topic: name, timestamp, kind: { $case: "log", value: { level: LogLevel.LOG_LEVEL_INFO, message } } }
    : { topic: name, timestamp, kind: { $case: "progress", value: { ...none, message } } };
}

/** Events of one page, so that catching up takes several. */
const PAGE_EVENTS = 4;
/** Turns that a read takes: what is published meanwhile must wait for its place. */
const READ_TURNS = 3;

/** A log whose reads take their time, as those of a busy disk do. */
function slowly(log: EventLog): EventLog {
  const readAfter: EventLog["readAfter"] = async (name, after, limits) => {
    for (let i = 0; i < READ_TURNS; i += 1) await turn();
    const page = await log.readAfter(name, after, { ...limits, events: PAGE_EVENTS });
    await turn();
    return page;
  };
  return new Proxy(log, {
    get: (target, key) => {
      const value: unknown = key === "readAfter" ? readAfter : Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs commands against a broker; what is wrong, as text. */
async function play(log: EventLog, commands: readonly Command[]): Promise<string[]> {
  const context = {
    limits: { maxTopics: 10, maxIdempotencyKeys: 10 },
    log: pino({ level: "silent" }),
    ageMs: Date.now,
    afterDelivery() {},
  };
  const broker = await Broker.open(log, context);
  const texts = new Map<string, string>();
  const clients = SUBSCRIBERS.map((name) => new Client(broker, name));
  const pending: Promise<unknown>[] = [];
  let count = 0;
  const publish = ({ topic: index, count: times, kind }: Extract<Command, { is: "publish" }>): void => {
    const name = TOPICS[index] as string;
    for (let i = 0; i < times; i += 1) {
      count += 1;
      const message = `${count} ${"x".repeat(count % 97)}`;
      pending.push(
        new Promise<void>((resolve, refused) => {
          const accepted = ([position]: readonly Position[]): void => {
            texts.set(`${name} ${position?.generation}-${position?.offset}`, message);
            resolve();
          };
          broker.append([publishOf(name, kind, message)], { accepted, refused });
        }),
      );
    }
  };
  for (const client of clients) client.connect();
  for (const one of commands) {
    if (one.is === "publish") publish(one);
    else if (one.is === "remove") pending.push(broker.remove(TOPICS[one.topic] as string));
    else if (one.is === "retain") await broker.retain();
    else if (one.is === "wait") await turn();
    else act(clients[one.subscriber] as Client, one.is);
  }
  await Promise.all(pending);
  for (const client of clients) {
    client.release();
    client.connect();
  }
  const faults = await atRest(broker, clients);
  for (const [place, text] of clients.flatMap(({ heard }) => heard))
    if (text !== texts.get(place)) faults.push(`${place} says ${text}, not ${texts.get(place)}`);
  for (const client of clients) client.cut();
  await broker[Symbol.asyncDispose]();
  return faults;
}

function act(client: Client, is: "cut" | "resume" | "slow" | "fill" | "choke" | "fast"): void {
  if (is === "cut") client.cut();
  else if (is === "resume") client.connect();
  else if (is === "fast") client.release();
  else client.backlogBytes = { slow: SLOW, fill: FULL, choke: BUDGET + 1 }[is];
}

const MAX_TURNS = 2_000;

/** Waits until everybody has seen everything, then tells what is wrong. */
async function atRest(broker: Broker, clients: readonly Client[]): Promise<string[]> {
  const behind = (): string[] =>
    clients.flatMap((client) =>
      broker.list(client.topic, "", 10).flatMap(({ topic: name, generation, offset }) => {
        const at = client.told.get(name)?.position;
        const isThere = at?.generation === generation && at.offset === offset;
        return isThere
          ? []
          : [`${client.topic} is at ${at?.generation}-${at?.offset} of ${name}, not ${generation}-${offset}`];
      }),
    );
  for (let i = 0; i < MAX_TURNS && behind().length > 0; i += 1) await turn();
  return [...clients.flatMap(({ told }) => [...told.values()].flatMap(({ faults }) => faults)), ...behind()];
}

for (const [name, open] of Object.entries(logFactories)) {
  test(`${name}: every subscriber sees the log from its position, or is told of a gap`, async (t) => {
    const property = fc.asyncProperty(fc.array(command, { maxLength: 60, minLength: 5 }), async (commands) => {
      const faults = await play(slowly(await open(t)), commands);
      if (faults.length > 0) throw new Error(faults.join("\n"));
    });
    await fc.assert(property, { numRuns: RUNS[name] as number });
    t.pass(`${RUNS[name]} random histories`);
  });
}
