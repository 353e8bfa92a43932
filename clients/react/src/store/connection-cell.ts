// The connection that all subscriptions share, as a page shows it.
import type { ClientErrorCode, ConnectionState, ProgressClient, TidewireClientError } from "@tidewire/client";
import { Cell, type CellHost } from "./cell.js";
import type { Timer } from "./environment.js";
import { type LinkState, STALE_MS } from "./link.js";

/** What `useConnection` gives. */
export interface ConnectionView {
  /** idle as long as nothing has been asked for. */
  readonly connection: Exclude<LinkState, "ended">;
  /** Attempts that failed since the connection was last open. */
  readonly attempts: number;
  /** From a ping to its answer, in milliseconds; undefined until it was measured, and over Server-Sent Events. */
  readonly roundTripMs: number | undefined;
  /** When it came to be so, in milliseconds since 1970. */
  readonly since: number;
  /** Why the last attempt failed, or the last connection broke; undefined while it is open. */
  readonly error: TidewireClientError | undefined;
  /**
   * The error's code, once it is final and nothing is tried until {@link reconnect}: UNAUTHENTICATED, there is no valid token;
   * PERMISSION_DENIED, the token may not connect.
   */
  readonly refusal: ClientErrorCode | undefined;
  /** Drops what there is and connects anew at once. */
  readonly reconnect: () => void;
}

/** Follows the connection for as long as its store lives: what is asked of it later was noted before. */
export class ConnectionCell extends Cell<ConnectionView> {
  readonly #progress: ProgressClient;
  readonly #changed: () => void;
  #state: ConnectionState;
  #wasOpen = false;
  #isStale = false;
  #attempts = 0;
  #roundTripMs: number | undefined;
  #since = Date.now();
  #told: LinkState = "idle";
  #error: TidewireClientError | undefined;
  #pingedAt: number | undefined;
  #timer: Timer | undefined;

  /** @param changed is told at once, and not by frames */
  constructor(progress: ProgressClient, host: CellHost, changed: () => void) {
    super("connection", host);
    this.#progress = progress;
    this.#changed = changed;
    this.#state = progress.getConnectionState();
    progress.onConnectionState((state) => this.#enter(state));
    progress.connection
      .on("connected", () => this.#ping())
      .on("heartbeat", ({ latencyMs }) => this.#measured(latencyMs))
      .on("frame", ({ body }) => body?.$case === "pong" && this.#ponged())
      .on("connection_error", ({ error }) => {
        this.#attempts++;
        this.#broke(error);
      })
      .on("disconnected", ({ error }) => this.#broke(error));
  }

  get link(): Exclude<LinkState, "ended"> {
    if (this.#state === "connected") return "live";
    if (this.#isStale) return "stale";
    if (this.#state.startsWith("disconnect")) return this.#wasOpen || this.#error ? "stale" : "idle";
    return this.#wasOpen ? "reconnecting" : "connecting";
  }

  readonly reconnect = (): void => {
    // How it goes is told by the state and the error, whoever asked for it.
    this.#progress.connection.reconnect().catch(() => undefined);
  };

  /** It is followed anyway. */
  protected start(): void {}
  protected stop(): void {}

  protected present(): ConnectionView {
    const { link: connection, reconnect } = this;
    const error = this.#error;
    return {
      connection,
      attempts: this.#attempts,
      roundTripMs: this.#roundTripMs,
      since: this.#since,
      error,
      refusal: connection === "stale" && error?.retryable === false ? error.code : undefined,
      reconnect,
    };
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    if (state === "connected") {
      this.#wasOpen = true;
      this.#attempts = 0;
      this.#error = undefined;
    }
    if (state !== "reconnecting") this.#setStale(false);
    else this.#timer ??= setTimeout(() => this.#setStale(true), STALE_MS);
    this.#tell();
  }

  #setStale(isStale: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isStale = isStale;
    this.#tell();
  }

  #broke(error: TidewireClientError): void {
    this.#roundTripMs = undefined;
    this.#pingedAt = undefined;
    if (this.#state !== "connected" && error.code !== "CLIENT_CLOSED") this.#error = error;
    this.#tell();
  }

  /** The heartbeat's first ping is an interval away: a page wants to know at once. */
  #ping(): void {
    this.#pingedAt = performance.now();
    this.#progress.connection.send({ id: 0, body: { $case: "ping", value: {} } });
  }

  #ponged(): void {
    if (this.#pingedAt === undefined) return;
    this.#measured(performance.now() - this.#pingedAt);
    this.#pingedAt = undefined;
  }

  #measured(latencyMs: number): void {
    this.#roundTripMs = latencyMs;
    this.changed();
  }

  #tell(): void {
    const { link } = this;
    if (link !== this.#told) this.#since = Date.now();
    this.#told = link;
    this.changed();
    this.#changed();
  }
}
