// One connection that comes back by itself.
import type { ClientFrame, ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import { clientClosed, connectionLost, fromErrorMessage, TidewireClientError } from "../errors.js";
import { lazy } from "../lazy.js";
import { type ClientCodec, createCodec } from "../wire/codec.js";
import { Emitter } from "./emitter.js";
import { type Environment, platform } from "./environment.js";
import type { ConnectionEvents, ConnectionState } from "./events.js";
import { Heartbeat } from "./heartbeat.js";
import { lateSocket } from "./late-socket.js";
import { type Cause, type End, Lifecycle } from "./lifecycle.js";
import { type ConnectionOptions, comesBack, toSettings } from "./settings.js";
import { Waiters } from "./waiters.js";

/** Code of a close because a frame was too large: sending it again would end alike. */
const TOO_LARGE = 1009;

type StateListener = (state: ConnectionState) => void;
type Events = ConnectionEvents & { state: ConnectionState };

/**
 * A WebSocket to a Tidewire server that is opened again after a cut: exponential backoff with full jitter, a heartbeat
 * that finds dead connections, never after `disconnect()` and never after a close code from 4400 to 4999.
 */
export class WebSocketManager {
  /**
   * Whether a server that is alive may leave pings unread at this moment; asked when it is silent, before the connection
   * is given up. Whoever sends large requests sets it. Default: it never may.
   */
  mayBeSilent: () => boolean = () => false;
  readonly #url: string;
  readonly #codec: ClientCodec;
  readonly #lifecycle: Lifecycle;
  readonly #heartbeat: Heartbeat;
  readonly #events = new Emitter<Events>();
  /** The error that the server told outside of any reply: why it is about to close. */
  #refusal: TidewireClientError | undefined;
  readonly #connecting = new Waiters();
  readonly #disconnecting = new Waiters();

  constructor(options: ConnectionOptions, environment: Environment = platform) {
    const settings = toSettings(options);
    const { url, token, encoding } = settings;
    const codec = createCodec(encoding);
    this.#url = url;
    this.#codec = codec;
    // Most servers of a first day have no tokens: what they need is loaded with the first one.
    const access = lazy(async () => new (await import("./access.js")).Access(this, settings, environment, codec));
    const open = token
      ? () => lateSocket(async (socket) => (await access()).open(socket))
      : () => environment.openSocket(url, codec.subprotocol);
    this.#lifecycle = new Lifecycle(settings, open, environment, {
      opened: () => this.#opened(),
      received: (message) => this.#received(message),
      ended: (end) => this.#ended(end),
      stopped: () => this.#disconnecting.resolve(),
      changed: (state) => this.#events.emit("state", state),
    });
    this.#heartbeat = new Heartbeat(
      settings.heartbeatInterval,
      environment,
      () => this.send({ id: 0, body: { $case: "ping", value: {} } }),
      () => this.drop(`no frame within ${settings.heartbeatInterval} ms of a ping`),
      () => this.mayBeSilent(),
    );
  }

  /**
   * Resolves once connected. Failed attempts are repeated like lost connections.
   *
   * @throws TidewireClientError when no further attempt is made, or when `disconnect()` came first
   */
  connect(): Promise<void> {
    if (this.isConnected()) return Promise.resolve();
    const connected = this.#connecting.wait();
    this.#lifecycle.start();
    return connected;
  }

  /** Drops the present connection, if any, and opens another one at once. Settles like `connect()`. */
  reconnect(): Promise<void> {
    const connected = this.#connecting.wait();
    this.#lifecycle.restart();
    return connected;
  }

  /** Closes for good, until the next `connect()`. Resolves when the connection is closed, after 2 s at the latest. */
  disconnect(): Promise<void> {
    if (this.getState() === "disconnected") return Promise.resolve();
    const disconnected = this.#disconnecting.wait();
    this.#lifecycle.stop();
    return disconnected;
  }

  /**
   * Treats the present connection as lost: it is closed, and opened again after the usual wait.
   *
   * @param cause what the server said, if it did: it may ask for time
   */
  drop(reason: string, cause?: Cause): void {
    this.#lifecycle.drop(reason, cause);
  }

  getState(): ConnectionState {
    return this.#lifecycle.state;
  }

  isConnected(): boolean {
    return this.getState() === "connected";
  }

  /**
   * Sends a frame; false when there is no connection. Frames of publishing and of tensors need their code, which is loaded
   * with the first `publish` and the first `infer`.
   *
   * @throws TypeError when the frame cannot be encoded
   */
  send(frame: ClientFrame): boolean {
    return this.isConnected() && this.#lifecycle.send(this.#codec.encode(frame));
  }

  on<Type extends keyof ConnectionEvents>(type: Type, listener: (event: ConnectionEvents[Type]) => void): this {
    this.#events.on(type, listener as (event: Events[Type]) => void);
    return this;
  }

  off<Type extends keyof ConnectionEvents>(type: Type, listener: (event: ConnectionEvents[Type]) => void): this {
    this.#events.off(type, listener as (event: Events[Type]) => void);
    return this;
  }

  /** Calls the listener at every change of {@link getState}. */
  onConnectionState(listener: StateListener): this {
    this.#events.on("state", listener);
    return this;
  }

  offConnectionState(listener: StateListener): this {
    this.#events.off("state", listener);
    return this;
  }

  #opened(): void {
    this.#refusal = undefined;
    this.#heartbeat.start();
    this.#connecting.resolve();
    this.#events.emit("connected", { type: "connected" });
  }

  #received(message: ArrayBuffer | string): void {
    this.#heartbeat.heard();
    let frame: ServerFrame;
    try {
      frame = this.#codec.decode(message);
    } catch (error) {
      this.#events.report(error);
      return;
    }
    const { id, body } = frame;
    if (body?.$case !== "error") this.#lifecycle.prove();
    else if (id === 0) this.#refusal = fromErrorMessage(body.value);
    const latencyMs = body?.$case === "pong" && id === 0 ? this.#heartbeat.sincePing() : undefined;
    if (latencyMs !== undefined) this.#events.emit("heartbeat", { type: "heartbeat", latencyMs });
    this.#events.emit("frame", frame);
  }

  #ended(end: End): void {
    const { code, reason, wasConnected, willReconnect } = end;
    const error = this.#errorOf(end);
    this.#heartbeat.stop();
    if (!willReconnect) this.#connecting.reject(error);
    if (wasConnected) this.#events.emit("disconnected", { type: "disconnected", code, reason, willReconnect, error });
    else this.#events.emit("connection_error", { type: "connection_error", error, willReconnect });
  }

  #errorOf({ code, reason, wasConnected, willReconnect, cause }: End): TidewireClientError {
    if (code === 1000 && !willReconnect) return clientClosed();
    if (cause?.details) return new TidewireClientError(cause.code as string, cause.message as string, cause);
    if (this.#refusal && !willReconnect && !comesBack(code)) return this.#refusal;
    if (code === TOO_LARGE) return new TidewireClientError("FRAME_TOO_LARGE", "a frame was beyond the server's limit");
    const text = `code ${code}${reason && `, ${reason}`}`;
    if (wasConnected) return connectionLost(text);
    const message = `cannot connect to ${this.#url}: ${text}`;
    return new TidewireClientError("CONNECTION_FAILED", message, { retryable: true, cause: cause?.cause ?? cause });
  }
}
