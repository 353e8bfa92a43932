// Subscriptions without a socket: the same pushes, one way only, for Server-Sent Events. The output writes; resume,
// filters and the fate of slow readers are the subscriptions' own.
import type { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { Position, Subscribe } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import type { DeliveredEvent, EventBatch } from "../events/delivered.js";
import { type EventSink, Subscription } from "../events/subscription.js";
import { toTidewireError } from "../machine-faults.js";
import { checkPattern } from "../runs/families.js";
import { jsonCodec } from "../wire/json-codec.js";
import { toErrorBody } from "./error-body.js";
import { type Backlog, READY_BYTES, roomFor } from "./reader-budget.js";
import type { SessionServices } from "./services.js";

type ServerBody = NonNullable<ServerFrame["body"]>;

/** Where an event stream is written to. */
export interface EventOutput extends Backlog {
  /** What the request for the stream is called. */
  readonly requestId: string;
  /**
   * Writes one frame.
   *
   * @param frameJson  the frame as JSON writes it
   * @param topic      whose position `position` is; both undefined where the frame has none
   */
  write(frameJson: string, topic?: string, position?: Position): void;
  /** The client stands there without a frame that says so. */
  stand(topic: string, position: Position): void;
  /** Ends the stream once what was written has been sent. */
  end(): void;
}

/** What event streams need of the server. */
export type EventStreamServices = Pick<SessionServices, "broker" | "limits" | "traffic" | "log">;

/** One client's stream. Call {@link subscribe} once, and {@link closed} when the client has gone. */
export class EventStream implements EventSink {
  readonly #services: EventStreamServices;
  readonly #output: EventOutput;
  #subscriptions: readonly Subscription[] = [];
  #waiting: (() => void)[] = [];
  #isOpen = true;

  constructor(services: EventStreamServices, output: EventOutput) {
    this.#services = services;
    this.#output = output;
  }

  /** Subscribes to all of it or none. @throws TidewireError INVALID_TOPIC, INVALID_MESSAGE */
  subscribe(requests: readonly Subscribe[]): void {
    const subscriptions: Subscription[] = [];
    try {
      for (const request of requests) {
        checkPattern(request.topic);
        subscriptions.push(new Subscription(this.#services.broker, request, this));
      }
    } catch (error) {
      for (const subscription of subscriptions) subscription.end();
      throw error;
    }
    this.#subscriptions = subscriptions;
    for (const subscription of subscriptions) {
      this.#stand(subscription);
      this.#write({ $case: "subscribed", value: subscription.subscribed });
      subscription.start();
    }
  }

  /** Topics of which nothing is to follow first: a client that is cut now resumes them here. */
  #stand(subscription: Subscription): void {
    const { topic, generation, offset, positions } = subscription.subscribed;
    const heads = generation === 0 ? positions : { [topic]: { generation, offset } };
    for (const [name, position] of Object.entries(heads))
      if (!subscription.isBehind(name)) this.#output.stand(name, position);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get backlogBytes(): number {
    return this.#output.turnBytes + this.#output.unsentBytes;
  }

  batch(batch: EventBatch): boolean {
    if (!this.#hasRoom(batch.messages(jsonCodec).bytes)) return false;
    for (const event of batch.events) this.#tell(batch.topic, event);
    return true;
  }

  event(topic: string, event: DeliveredEvent): boolean {
    if (!this.#hasRoom(event.message(jsonCodec).length)) return false;
    this.#tell(topic, event);
    return true;
  }

  #tell(topic: string, event: DeliveredEvent): void {
    this.#output.write(event.message(jsonCodec) as string, topic, event);
  }

  #hasRoom(bytes: number): boolean {
    if (!this.#isOpen) return false;
    const { maxQueuedBytes } = this.#services.limits;
    const room = roomFor(bytes, this.#output, maxQueuedBytes);
    if (room === "slow") {
      this.#services.traffic.slowConsumerCloses += 1;
      this.end(new TidewireError("SLOW_CONSUMER", `more than ${maxQueuedBytes} bytes wait to be read; resume`));
    }
    return room === "now";
  }

  frame(body: ServerBody): void {
    if (!this.#isOpen) return;
    if (body.$case === "snapshot") this.#write(body, body.value.topic, body.value);
    else this.#write(body);
  }

  #write(body: ServerBody, topic?: string, position?: Position): void {
    this.#output.write(jsonCodec.encode({ id: 0, body }) as string, topic, position);
  }

  skipped(count: number): void {
    this.#services.traffic.droppedFrames += count;
  }

  ready(): Promise<void> {
    if (!this.#isOpen || this.backlogBytes <= READY_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  broke(error: unknown): void {
    const { requestId } = this.#output;
    const told = toTidewireError(error).withRequestId(requestId);
    this.#services.log.error({ err: error, request_id: requestId, error_code: told.code }, "an event stream failed");
    this.end(told);
  }

  /** The network has taken what was unsent. */
  drained(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Says why, and ends. */
  end(error: TidewireError): void {
    if (!this.#isOpen) return;
    this.#services.traffic.errors.add(error.code);
    this.#write({ $case: "error", value: toErrorBody(error) });
    this.#output.end();
    this.closed();
  }

  /** The client is gone, or has been told to go. Idempotent. */
  closed(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const subscription of this.#subscriptions) subscription.end();
    this.drained();
  }
}
