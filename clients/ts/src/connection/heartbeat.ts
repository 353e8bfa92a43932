// Finds connections that are dead without saying so.
import type { Environment, Timer } from "./environment.js";

/** Asks for a sign of life at an interval; a whole interval without any means death, unless the silence is excused. */
export class Heartbeat {
  readonly #intervalMs: number;
  readonly #environment: Environment;
  readonly #ping: () => void;
  readonly #dead: () => void;
  readonly #excused: () => boolean;
  #timer: Timer;
  #pingedAt: number | undefined;
  #heard = false;

  /**
   * @param intervalMs 0 never asks
   * @param excused    whether a peer that is alive may be silent at this moment
   */
  constructor(
    intervalMs: number,
    environment: Environment,
    ping: () => void,
    dead: () => void,
    excused: () => boolean,
  ) {
    this.#intervalMs = intervalMs;
    this.#environment = environment;
    this.#ping = ping;
    this.#dead = dead;
    this.#excused = excused;
  }

  start(): void {
    this.stop();
    this.#arm();
  }

  stop(): void {
    this.#environment.clearTimeout(this.#timer);
    this.#pingedAt = undefined;
  }

  /** Any frame is a sign of life. */
  heard(): void {
    this.#heard = true;
  }

  /** Milliseconds since the latest ping; undefined when none was sent. */
  sincePing(): number | undefined {
    return this.#pingedAt === undefined ? undefined : this.#environment.now() - this.#pingedAt;
  }

  #arm(): void {
    if (this.#intervalMs > 0) this.#timer = this.#environment.setTimeout(() => this.#beat(), this.#intervalMs);
  }

  #beat(): void {
    const silent = this.#pingedAt !== undefined && !this.#heard;
    if (silent && !this.#excused()) {
      this.stop();
      this.#dead();
      return;
    }
    this.#arm();
    // The last ping is still to be read: another one would wait behind it.
    if (silent) return;
    this.#heard = false;
    this.#pingedAt = this.#environment.now();
    this.#ping();
  }
}
