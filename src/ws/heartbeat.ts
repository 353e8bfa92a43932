// Pings idle peers and gives up silent ones: one timer for all connections, none for each.
import type { BeatCount, Connection } from "./connection.js";

/** Beats within the time until a ping; the times are kept to this fraction. */
const BEATS_TO_PING = 5;

/** Times of the heartbeat, in ms. */
export interface HeartbeatTimes {
  readonly pingIntervalMs: number;
  readonly idleTimeoutMs: number;
}

/** Beats for all connections until it is disposed of. */
export class Heartbeat implements BeatCount, Disposable {
  readonly #connections = new Set<Connection>();
  readonly #timer: NodeJS.Timeout;
  #count = 0;

  constructor({ pingIntervalMs, idleTimeoutMs }: HeartbeatTimes) {
    const beatMs = Math.max(1, Math.floor(pingIntervalMs / BEATS_TO_PING));
    const closeAfter = Math.ceil(idleTimeoutMs / beatMs);
    this.#timer = setInterval(() => this.#beat(closeAfter), beatMs).unref();
  }

  /** Beats so far. */
  get count(): number {
    return this.#count;
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection);
  }

  #beat(closeAfter: number): void {
    this.#count += 1;
    for (const connection of this.#connections) connection.beat(BEATS_TO_PING, closeAfter);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
