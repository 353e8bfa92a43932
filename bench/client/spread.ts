// One publisher and one subscriber, among ever more topics and subscriptions of others.
import { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { CLOSE, toFrame } from "./frames.js";
import type { LeanSocket } from "./lean-socket.js";
import { encodeSubscribe, offsetOf } from "./lines.js";
import { openTopics, Publisher } from "./publisher.js";

/** Subscriptions of others, none of which matches what is published. */
export interface BystanderOptions {
  readonly port: number;
  readonly count: number;
  readonly to: "topics" | "patterns";
}

/** A publisher of so many topics, in turn, and a subscriber to all of them. */
export interface SpreadOptions {
  readonly port: number;
  readonly topics: number;
}

/** Events from the one to the other. */
export interface PassOptions {
  /** As {@link openSpread} gave it. */
  readonly spread: number;
  readonly inFlight: number;
  readonly ms: number;
}

/** What has passed. */
export interface PassResult {
  readonly perSecond: number;
  readonly events: number;
}

/** A server allows 1,024 by default. */
const SUBSCRIPTIONS_EACH = 1000;
const READ_BYTES = 64 * 1024;
const PATIENCE_MS = 20_000;

/** Messages to those who have asked for none of them. */
let disturbances = 0;

/** Subscribes, and stays subscribed. @throws Error when one of them is refused */
export async function bystanders({ port, count, to }: BystanderOptions): Promise<void> {
  const read = Buffer.allocUnsafeSlow(READ_BYTES);
  for (let from = 0; from < count; from += SUBSCRIPTIONS_EACH) {
    const socket = await openTopics(port, read);
    await subscribeAll(socket, from, Math.min(SUBSCRIPTIONS_EACH, count - from), to);
  }
}

async function subscribeAll(socket: LeanSocket, from: number, count: number, to: "topics" | "patterns"): Promise<void> {
  const prefix = to === "topics" ? "training" : "*";
  const requests = Array.from({ length: count }, (_, i) =>
    encodeSubscribe(i + 1, { topic: `${prefix}.other_${from + i}` }),
  );
  await new Promise<void>((resolve, reject) => {
    let replies = 0;
    socket.onClose = () => reject(new Error("a subscriber was cut off"));
    socket.onFrame = (bytes, start, end) => {
      const { body } = ServerFrame.decode(bytes.subarray(start, end));
      if (body?.$case !== "subscribed") return reject(new Error(`not subscribed: ${JSON.stringify(body)}`));
      replies += 1;
      if (replies === count) resolve();
    };
    socket.write(Buffer.concat(requests.map(toFrame)));
  });
  socket.onFrame = (_bytes, _start, _end, opcode) => {
    if (opcode !== CLOSE) disturbances += 1;
  };
}

/** Counts what the subscriber gets. */
class Spread {
  readonly #publisher: Publisher;
  #events = 0;
  /** Of all events: each comes once, so their offsets add up to what was sent. */
  #offsets = 0;
  #expectedOffsets = 0;
  #checkedTo = 0;
  #isScheduled = false;
  #step = (): void => {};

  private constructor(publisher: Publisher, subscriber: LeanSocket) {
    this.#publisher = publisher;
    subscriber.onFrame = (bytes, start) => {
      this.#events += 1;
      this.#offsets += offsetOf(bytes, start);
    };
    subscriber.onRead = () => this.#schedule();
    publisher.onAccepted = () => this.#schedule();
  }

  static async open({ port, topics }: SpreadOptions): Promise<Spread> {
    const names = topics === 1 ? ["training.run"] : Array.from({ length: topics }, (_, i) => `training.run_${i}`);
    const publisher = await Publisher.open(port, names);
    const subscriber = await openTopics(port);
    const reply = subscriber.next();
    subscriber.write(toFrame(encodeSubscribe(1, { topic: topics === 1 ? "training.run" : "training.*" })));
    const { body } = ServerFrame.decode(await reply);
    if (body?.$case !== "subscribed") throw new Error(`not subscribed: ${JSON.stringify(body)}`);
    return new Spread(publisher, subscriber);
  }

  /** Once for all reads of a turn. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#step();
    });
  }

  async pass(inFlight: number, ms: number): Promise<PassResult> {
    const publisher = this.#publisher;
    const before = this.#events;
    const startMs = performance.now();
    let endMs = startMs;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.#events} of ${publisher.sent} events came`)),
        ms + PATIENCE_MS,
      );
      publisher.onFailure = reject;
      this.#step = () => {
        endMs = performance.now();
        const waiting = publisher.sent - Math.min(publisher.accepted, this.#events);
        if (endMs - startMs < ms) return publisher.publish(inFlight - waiting);
        if (waiting > 0) return;
        clearTimeout(timer);
        resolve();
      };
      this.#step();
    });
    this.#check();
    const events = this.#events - before;
    return { perSecond: (events * 1000) / (endMs - startMs), events };
  }

  /** Whether each event came once. */
  #check(): void {
    if (disturbances > 0) throw new Error(`${disturbances} events came to subscriptions that they do not match`);
    const { topics, sent } = this.#publisher;
    for (; this.#checkedTo < sent; this.#checkedTo += 1) {
      const { offset: born } = topics[this.#checkedTo % topics.length] ?? { offset: 0 };
      this.#expectedOffsets += born + 1 + Math.floor(this.#checkedTo / topics.length);
    }
    if (this.#events !== sent || this.#offsets !== this.#expectedOffsets)
      throw new Error(
        `${this.#events} events came of ${sent}, offsets add up to ${this.#offsets} instead of ${this.#expectedOffsets}`,
      );
  }
}

const spreads: Spread[] = [];

/** @returns the number of what was opened */
export async function openSpread(options: SpreadOptions): Promise<number> {
  return spreads.push(await Spread.open(options)) - 1;
}

/** Publishes with a fixed number of events not acknowledged or not received. @throws Error when one comes twice or never */
export async function pass({ spread, inFlight, ms }: PassOptions): Promise<PassResult> {
  const found = spreads[spread];
  if (!found) throw new Error(`no spread ${spread}`);
  return found.pass(inFlight, ms);
}
