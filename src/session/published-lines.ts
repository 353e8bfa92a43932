// The short way of a log line from one session to the broker: its bytes go from the message into the log, and lines that
// become durable together are acknowledged as one run.
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import { LogLine } from "../events/log-line.js";
import type { AppendAsker } from "../events/turn.js";
import type { HotCodec } from "../wire/codec.js";
import { LogMatch, lineBytes, timestampField } from "../wire/hot-log.js";
import type { SessionServices } from "./services.js";
import type { Session } from "./session.js";
import { toTimestamp } from "./timestamps.js";

/**
 * What a line costs of the credit window. It is short and computes nothing, so a full window of who is alone holds four times
 * as many of them as of other requests: a group is written while the next is read and the one before waits for the disk.
 * Beside others it is as dear as anything, for their lines wait behind all that are on their way.
 */
const [COST_ALONE, COST_BESIDE] = [1 / 4, 1];

/** Publishes one session's lines and answers them. */
export class PublishedLines implements AppendAsker {
  readonly #session: Session;
  readonly #services: SessionServices;
  readonly #codec: HotCodec;
  readonly #match = new LogMatch();
  readonly #topic = new TopicName();
  /** Ids of the frames that are not answered yet, in order; the credit window bounds them. */
  readonly #ids: number[] = [];
  /** What each of them costs. */
  #credit = COST_ALONE;
  /** The topic that the grant was last asked for: not for every line, only where another follows. */
  #allowed = "";
  #stampedMs = 0;
  #stamp: Uint8Array = new Uint8Array(0);

  constructor(session: Session, services: SessionServices, codec: HotCodec) {
    this.#session = session;
    this.#services = services;
    this.#codec = codec;
  }

  /** Publishes the message's line. @returns false when it is none, or one with more to it; nothing has happened then */
  publish(message: Uint8Array): boolean {
    const match = this.#match;
    if (!this.#codec.matchLog(message, match)) return false;
    const topic = this.#topic.read(message, match.topicAt, match.topicEnd);
    const line = new LogLine(topic, lineBytes(message, match, this.#now));
    try {
      if (topic !== this.#allowed) this.#allow(topic);
      if (!this.#services.runs.submitLine(line, this)) return false;
    } catch (error) {
      this.#session.refuse(match.id, error);
      return true;
    }
    this.#ids.push(match.id);
    this.#price(this.#session.isAlone ? COST_ALONE : COST_BESIDE);
    this.#session.begin({ credit: this.#credit });
    return true;
  }

  /** Sets what a line costs, also of those before the present one. */
  #price(credit: number): void {
    if (credit === this.#credit) return;
    this.#session.begin({ credit: (this.#ids.length - 1) * (credit - this.#credit) });
    this.#credit = credit;
  }

  /** @throws TidewireError PERMISSION_DENIED */
  #allow(topic: string): void {
    this.#session.grant.require("publish", topic);
    this.#allowed = topic;
  }

  /** The connection has another grant. */
  revalidate(): void {
    this.#allowed = "";
  }

  /** The present time as a line without one gets it. */
  readonly #now = (): Uint8Array => {
    const ms = this.#services.clock.date();
    if (ms !== this.#stampedMs) {
      this.#stampedMs = ms;
      this.#stamp = timestampField(toTimestamp(ms));
    }
    return this.#stamp;
  };

  accepted(positions: readonly Position[]): void {
    const ids = this.#ids.splice(0, positions.length);
    this.#session.push(this.#codec.publishedRun(ids, positions));
    this.#session.answered(ids.length * this.#credit);
  }

  refused(error: unknown, count: number): void {
    for (const id of this.#ids.splice(0, count)) this.#session.refuse(id, error);
    this.#session.answered(count * this.#credit);
  }
}

/** The text of a topic; most lines of a session have the last one's. */
class TopicName {
  #bytes: Uint8Array = new Uint8Array(0);
  #text = "";

  read(message: Uint8Array, from: number, to: number): string {
    if (this.#isLast(message, from, to)) return this.#text;
    this.#bytes = Uint8Array.prototype.slice.call(message, from, to); // a Buffer's own slice would keep what the socket read
    this.#text = Buffer.from(this.#bytes).toString("latin1"); // a topic is ASCII: any other text is none that is known
    return this.#text;
  }

  #isLast(message: Uint8Array, from: number, to: number): boolean {
    const last = this.#bytes;
    if (to - from !== last.length) return false;
    for (let i = 0; i < last.length; i += 1) if (message[from + i] !== last[i]) return false;
    return true;
  }
}
