// The rate of one session's frames: who is over it is told once, and read no further until it may go on. What had been
// read by then waits its turn here, so that no frame overtakes another.
import { TidewireError } from "../errors.js";
import { FrameGate, type FrameRates } from "../limits/frame-gate.js";
import { type Codec, FrameError } from "../wire/codec.js";
import type { TurnClock } from "./turn-clock.js";

type Message = Uint8Array | string;

/** Whose frames they are. */
export interface RatedSession {
  /** Handles a frame that may pass. */
  pass(message: Message): void;
  /** A frame is over the rate: it is answered, and nothing is read meanwhile. */
  limited(message: Message, error: TidewireError): void;
  /** The pause is over, and nothing waits. */
  rested(): void;
}

/** Lets frames pass at a bounded rate. */
export class FrameRate {
  readonly #gate: FrameGate;
  readonly #clock: TurnClock;
  readonly #session: RatedSession;
  /** Read before the pause began: at most what one read of the socket holds. */
  #waiting: Message[] = [];
  #pause: NodeJS.Timeout | undefined;

  private constructor(gate: FrameGate, clock: TurnClock, session: RatedSession) {
    this.#gate = gate;
    this.#clock = clock;
    this.#session = session;
  }

  /** A rate, or undefined where none is set. */
  static of(rates: FrameRates, clock: TurnClock, session: RatedSession): FrameRate | undefined {
    const gate = FrameGate.of(rates, clock.now());
    return gate && new FrameRate(gate, clock, session);
  }

  /** Whether nothing may be read. */
  get isPausing(): boolean {
    return this.#pause !== undefined;
  }

  /** Passes a frame on, answers it, or keeps it until those before it have passed. */
  take(message: Message): void {
    if (this.#pause) this.#waiting.push(message);
    else this.#takeNow(message);
  }

  #takeNow(message: Message): void {
    const waitMs = this.#gate.pass(message.length, this.#clock.now());
    if (waitMs === 0) return this.#session.pass(message);
    this.#pause = setTimeout(() => this.#goOn(), waitMs);
    this.#session.limited(message, rateLimited(waitMs));
  }

  #goOn(): void {
    this.#pause = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) this.take(message);
    if (!this.#pause) this.#session.rested();
  }

  /** Ends the pause: what waits is handed over, whatever the rate. */
  release(): void {
    this.end();
    for (const message of this.#waiting.splice(0)) this.#session.pass(message);
  }

  /** Nothing of it follows. Idempotent. */
  end(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }
}

function rateLimited(retryAfterMs: number): TidewireError {
  const message = `more frames or bytes a second than one connection may send; this frame was not executed, the next is read in ${retryAfterMs} ms`;
  return new TidewireError("RATE_LIMITED", message, undefined, { retryAfterMs });
}

/** The id of a message that is not handled; 0 where it has none. */
export function idOf(codec: Codec, message: Message): number {
  try {
    return codec.decode(message).id;
  } catch (error) {
    return error instanceof FrameError ? error.id : 0;
  }
}
