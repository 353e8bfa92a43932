// The short ways of the messages that come in floods: readings, lines and pings of one session, without a frame in between.
import type { HotCodec } from "../wire/codec.js";
import type { HotPredict } from "../wire/hot.js";
import type { PongRun } from "../wire/hot-ping.js";
import type { InferenceRequests } from "./inference-requests.js";
import { assertTimely } from "./new-work.js";
import type { Outbox } from "./outbox.js";
import type { SessionServices } from "./services.js";
import type { Session } from "./session.js";
import { toTimestamp } from "./timestamps.js";
import type { TopicRequests } from "./topic-requests.js";

/** What a reading costs of the credit window. */
const COST = { credit: 1 };

/** What it hands messages to. */
export interface HotParts {
  readonly inference: InferenceRequests;
  readonly topics: TopicRequests;
  readonly outbox: Outbox;
}

/** Handles one session's hot messages. */
export class HotRequests {
  readonly #session: Session;
  readonly #services: SessionServices;
  readonly #parts: HotParts;
  readonly #found: HotPredict = { id: 0, at: 0 };
  /** Pongs that may still leave in this turn. */
  #pongs: PongRun | undefined;

  constructor(session: Session, services: SessionServices, parts: HotParts) {
    this.#session = session;
    this.#services = services;
    this.#parts = parts;
  }

  /** @returns whether it was one of them; else nothing has happened */
  receive(hot: HotCodec, message: Uint8Array): boolean {
    return (
      this.#reading(hot, message) || this.#ping(hot, message) || this.#parts.topics.lines?.publish(message) === true
    );
  }

  /** A positional reading: its floats go from the message into the open batch. */
  #reading(hot: HotCodec, message: Uint8Array): boolean {
    const { stream } = this.#parts.inference;
    if (!stream || !hot.matchPredict(message, stream.ensemble.boundarySignals.length, this.#found)) return false;
    const { id, at } = this.#found;
    const { clock, lateness } = this.#services;
    try {
      assertTimely(lateness);
      stream.predictBytes(id, message, at, clock.now(), clock.date());
      this.#session.begin(COST);
    } catch (error) {
      this.#session.refuse(id, error);
    }
    return true;
  }

  /** Pongs of one turn that nothing else comes between leave as one run. */
  #ping(hot: HotCodec, message: Uint8Array): boolean {
    const id = hot.matchPing(message);
    if (id < 0) return false;
    const { outbox } = this.#parts;
    if (this.#pongs === undefined || outbox.last !== this.#pongs) {
      this.#pongs = hot.pongRun(toTimestamp(this.#services.clock.date()));
      outbox.push(this.#pongs);
    }
    outbox.grow(this.#pongs.add(id));
    return true;
  }
}
