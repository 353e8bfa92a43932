// Carries frames by WebSocket; by HTTP, with the same frames, where WebSocket does not come through.
import type { ClientFrame, ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import type { Environment } from "../connection/environment.js";
import type { ConnectionState } from "../connection/events.js";
import type { ConnectionSettings } from "../connection/settings.js";
import { Waiters } from "../connection/waiters.js";
import { WebSocketManager } from "../connection/websocket-manager.js";
import { clientClosed, connectionLost, type TidewireClientError } from "../errors.js";
import { lazy } from "../lazy.js";
import type { Fallback } from "./fallback.js";

/** Few need it: its code is loaded with its first use. */
const loadFallback = lazy(() => import("./fallback.js"));

/** Who is told. */
export interface TransportListener {
  /** Frames go both ways from now on. */
  opened(): void;
  received(frame: ServerFrame): void;
  /** A request is refused, in the form that users see. */
  refused(id: number, error: TidewireClientError): void;
  /** They no longer do; what was not answered is lost. */
  cut(error: TidewireClientError): void;
  /** No further attempt is made. */
  gaveUp(error: TidewireClientError): void;
  changed(state: ConnectionState): void;
}

/** Sends a frame; false when there is no connection. */
interface Link {
  send(frame: ClientFrame): boolean;
}

/** At most one link carries frames at a time; the WebSocket is it whenever it is open. */
export class Transport {
  readonly connection: WebSocketManager;
  readonly #settings: ConnectionSettings;
  readonly #fallbackAfter: number;
  readonly #environment: Environment;
  readonly #listener: TransportListener;
  #link: Link | undefined;
  #fallback: Fallback | "loading" | undefined;
  /** Attempts at a WebSocket since the last success, or since HTTP did not answer either. */
  #failures = 0;
  #state: ConnectionState = "disconnected";
  readonly #waiters = new Waiters();

  /** @param fallbackAfter 0 is never */
  constructor(
    settings: ConnectionSettings,
    fallbackAfter: number,
    environment: Environment,
    listener: TransportListener,
  ) {
    this.#settings = settings;
    this.#fallbackAfter = fallbackAfter;
    this.#environment = environment;
    this.#listener = listener;
    this.connection = new WebSocketManager(settings, environment)
      .on("connected", () => this.#opened(this.connection))
      .on("frame", (frame) => listener.received(frame))
      .on("disconnected", ({ error, willReconnect }) => {
        this.#cut(error);
        if (!willReconnect) this.#gaveUp(error);
      })
      .on("connection_error", ({ error, willReconnect }) => this.#failed(error, willReconnect))
      .onConnectionState(() => this.#tellState());
  }

  get isOpen(): boolean {
    return this.#link !== undefined;
  }

  get state(): ConnectionState {
    if (this.#link) return "connected";
    const state = this.connection.getState();
    return state === "disconnected" && this.#fallback ? "reconnecting" : state;
  }

  /** False when there is no connection. @throws TidewireClientError when the frame cannot be encoded */
  send(frame: ClientFrame): boolean {
    return this.#link?.send(frame) ?? false;
  }

  /** Resolves once frames go both ways. @throws TidewireClientError when no further attempt is made */
  connect(): Promise<void> {
    if (this.#link) return Promise.resolve();
    const connected = this.#waiters.wait();
    this.wake();
    return connected;
  }

  /** Begins to connect, unless that is under way or done. */
  wake(): void {
    if (this.#fallback === undefined) this.#tryWebSocket();
  }

  /** Closes for good, until the next connect. */
  disconnect(): Promise<void> {
    const error = clientClosed();
    this.#stopFallback(error);
    const closed = this.connection.disconnect();
    this.#gaveUp(error);
    return closed;
  }

  #tryWebSocket(): void {
    if (!this.connection.getState().startsWith("disconnect")) return;
    // What goes wrong is told by `connection_error`, whether somebody waits for this promise or not.
    this.connection.connect().catch(() => undefined);
  }

  #opened(link: Link): void {
    if (link === this.connection) this.#stopFallback(connectionLost("a WebSocket takes over"));
    this.#link = link;
    this.#failures = 0;
    this.#tellState();
    this.#waiters.resolve();
    this.#listener.opened();
  }

  #cut(error: TidewireClientError): void {
    if (this.#link === undefined) return;
    this.#link = undefined;
    this.#tellState();
    this.#listener.cut(error);
  }

  #failed(error: TidewireClientError, willReconnect: boolean): void {
    this.#failures++;
    // Whom the server refuses a WebSocket it refuses the rest as well.
    if (error.retryable && this.#failures === this.#fallbackAfter && !this.#fallback) void this.#fallBack();
    if (!willReconnect && !this.#fallback) this.#gaveUp(error);
  }

  async #fallBack(): Promise<void> {
    this.#fallback = "loading";
    try {
      const { Fallback } = await loadFallback();
      if (this.#fallback !== "loading") return;
      const fallback: Fallback = new Fallback(this.connection, this.#settings, this.#environment, {
        opened: () => this.#opened(fallback),
        received: (frame) => this.#listener.received(frame),
        refused: (id, error) => this.#listener.refused(id, error),
        cut: (error) => this.#cut(error),
        ended: (error) => this.#fellShort(error),
      });
      this.#fallback = fallback;
      fallback.open();
    } catch (error) {
      this.#fellShort(error as TidewireClientError);
    }
  }

  /** HTTP does not answer, or no longer: what is left is the WebSocket. */
  #fellShort(error: TidewireClientError): void {
    const wasOpen = this.#link !== undefined;
    this.#stopFallback(error);
    if (this.connection.getState() !== "disconnected") return;
    if (wasOpen) this.#tryWebSocket();
    else this.#gaveUp(error);
  }

  #stopFallback(error: TidewireClientError): void {
    const fallback = this.#fallback;
    this.#fallback = undefined;
    this.#failures = 0;
    if (typeof fallback === "object") fallback.close();
    if (this.#link !== this.connection) this.#cut(error);
    this.#tellState();
  }

  #gaveUp(error: TidewireClientError): void {
    this.#waiters.reject(error);
    this.#listener.gaveUp(error);
  }

  #tellState(): void {
    const { state } = this;
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.changed(state);
  }
}
