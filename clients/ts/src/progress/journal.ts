// Publishes until the server has acknowledged them: in order, bounded, sent again after a cut.
import type { Position, Publish } from "../../../../generated/ts/tidewire/v1/topics.js";
import { expectReply, type ReplyBody, type RequestBody } from "../connection/replies.js";
import { TidewireClientError } from "../errors.js";
import { addSeldom } from "../wire/seldom.js";
import type { Outcome } from "./calls.js";
import type { EventInput } from "./events.js";
import { type PublishOptions, toPublish } from "./publishing.js";

/** Publishes on their way at a time: enough to fill a link of 100 ms at some thousand a second, few to send again. */
const MAX_IN_FLIGHT = 256;

/** Publishes that may be unacknowledged: some minutes of a busy publisher's. */
const MAX_COUNT = 10_000;
/** Their size: what a page or a training script can spare. */
const MAX_BYTES = 8 * 1024 * 1024;

/** How much a journal may hold. */
export interface JournalOptions {
  /** Most publishes without an acknowledgement; beyond it QUEUE_FULL. Default: 10 000. */
  readonly maxUnacknowledged?: number | undefined;
  /** Their most bytes, as the length of their JSON. Default: 8 MiB. */
  readonly maxUnacknowledgedBytes?: number | undefined;
}

/** The connection that a journal publishes over. */
export interface JournalHost {
  /** Whether anything can be sent. */
  isConnected(): boolean;
  /** Sends a request and tells once what became of it. @throws TidewireClientError when it cannot be encoded */
  send(body: RequestBody, told: (outcome: Outcome) => void): void;
  /** Has {@link Journal.release} called later: the server asks for time. */
  wait(error: TidewireClientError): void;
}

interface Entry {
  readonly publish: Publish;
  readonly bytes: number;
  readonly resolve: (position: Position) => void;
  readonly reject: (error: unknown) => void;
  isSent: boolean;
}

/**
 * Publishes without an acknowledgement, in the order in which they were made. One that fails for the moment holds up
 * those behind it: their errors may come of its absence, so they go out again after it.
 */
export class Journal {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  readonly #host: JournalHost;
  readonly #entries = new Set<Entry>();
  #bytes = 0;
  #inFlight = 0;
  #isHeld = false;

  constructor({ maxUnacknowledged, maxUnacknowledgedBytes }: JournalOptions, host: JournalHost) {
    addSeldom();
    this.#maxCount = maxUnacknowledged ?? MAX_COUNT;
    this.#maxBytes = maxUnacknowledgedBytes ?? MAX_BYTES;
    this.#host = host;
  }

  /** Keeps a publish, and sends it when it may go out. @returns its position, once the server has it for good */
  async publish(topic: string, event: EventInput, options: PublishOptions): Promise<Position> {
    const publish = toPublish(topic, event, options);
    const bytes = JSON.stringify(publish).length;
    if (this.#entries.size >= this.#maxCount || this.#bytes + bytes > this.#maxBytes) throw this.#full();
    this.#bytes += bytes;
    return new Promise((resolve, reject) => {
      this.#entries.add({ publish, bytes, resolve, reject, isSent: false });
      this.#flush();
    });
  }

  /** Asks a topic's owner to stop. Not kept: a cut rejects it. */
  cancel(topic: string, reason: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#host.send({ $case: "cancelTask", value: { topic, reason } }, (outcome) => {
        if ("$case" in outcome) resolve();
        else reject(outcome);
      });
    });
  }

  /** Sends what may go out, after a cut or when the server has had its time. */
  release(): void {
    this.#isHeld = false;
    this.#flush();
  }

  /** Rejects the largest of those on their way: one of them was more than the server takes. */
  rejectLargest(error: TidewireClientError): void {
    const sent = [...this.#entries].filter(({ isSent }) => isSent).sort((a, b) => b.bytes - a.bytes);
    if (sent[0]) this.#drop(sent[0]).reject(error);
  }

  /** Rejects everything. */
  abandon(error: TidewireClientError): void {
    for (const entry of this.#entries) this.#drop(entry).reject(error);
  }

  #flush(): void {
    for (const entry of this.#entries) {
      if (this.#isHeld || this.#inFlight >= MAX_IN_FLIGHT || !this.#host.isConnected()) return;
      if (!entry.isSent) this.#transmit(entry);
    }
  }

  #full(): TidewireClientError {
    const details = { limit: this.#maxCount, limit_bytes: this.#maxBytes };
    const held = `${this.#entries.size} publishes of ${this.#bytes} bytes are not acknowledged yet`;
    const message = `${held}; the limits are ${this.#maxCount} and ${this.#maxBytes}`;
    return new TidewireClientError("QUEUE_FULL", message, { retryable: true, details });
  }

  #transmit(entry: Entry): void {
    entry.isSent = true;
    this.#inFlight++;
    try {
      this.#host.send({ $case: "publish", value: entry.publish }, (outcome) => this.#told(entry, outcome));
    } catch (error) {
      this.#inFlight--;
      this.#drop(entry).reject(error);
    }
  }

  #told(entry: Entry, outcome: Outcome): void {
    this.#inFlight--;
    entry.isSent = false;
    if (!this.#entries.has(entry)) return;
    if ("$case" in outcome) this.#accepted(entry, outcome);
    else if (outcome.retryable) {
      // After a cut the next connection releases it; there is nothing to wait for until then.
      if (outcome.code === "CONNECTION_LOST") return;
      this.#isHeld = true;
      this.#host.wait(outcome);
    } else if (!this.#isBehindRefused(entry)) this.#drop(entry).reject(outcome);
    this.#flush();
  }

  #accepted(entry: Entry, reply: ReplyBody): void {
    const { resolve, reject } = this.#drop(entry);
    try {
      resolve(expectReply(reply, "published"));
    } catch (error) {
      reject(error);
    }
  }

  #isBehindRefused(entry: Entry): boolean {
    for (const other of this.#entries) if (other === entry || !other.isSent) return other !== entry;
    return false;
  }

  #drop(entry: Entry): Entry {
    this.#entries.delete(entry);
    this.#bytes -= entry.bytes;
    return entry;
  }
}
