// The life of a connection: which socket is the present one, and what follows its end. Knows nothing of frames.
import type { TidewireClientError } from "../errors.js";
import type { Environment, Socket, Timer } from "./environment.js";
import type { ConnectionState } from "./events.js";
import { backoffMs, type ConnectionSettings, comesBack } from "./settings.js";

/** Close codes: asked for, without a reason of the peer, given up on by this side. */
const NORMAL = 1000;
const ABNORMAL = 1006;
const GIVEN_UP = 4000;
/** How long a peer may take to answer a close, in milliseconds; then the socket is left to the platform. */
const CLOSE_TIMEOUT_MS = 2000;

/**
 * disconnected ─start→ connecting ─open→ connected ─stop→ disconnecting ─closed→ disconnected
 *
 * A cut or a failed attempt leads from `connecting`, `connected` and `reconnecting` to `reconnecting` (without a socket
 * while it waits, with one while it tries), or to `disconnected` when no further attempt is due.
 */
type State =
  | { readonly is: "disconnected"; readonly socket?: undefined }
  | { readonly is: "connecting"; readonly socket: Socket }
  | { readonly is: "connected"; readonly socket: Socket }
  | { readonly is: "reconnecting"; readonly socket?: Socket }
  | { readonly is: "disconnecting"; readonly socket: Socket };

/** An error; where it says whether it is `retryable`, that counts before the close code. */
export type Cause = Partial<TidewireClientError>;

/** The end of a connection, or of an attempt at one. */
export interface End {
  readonly code: number;
  readonly reason: string;
  readonly wasConnected: boolean;
  readonly willReconnect: boolean;
  /** The platform's error, where it tells one; or the server's, by which it refused the upgrade. */
  readonly cause?: Cause | undefined;
}

/** Who is told; each call comes after the state has changed. */
export interface LifecycleListener {
  opened(): void;
  received(message: ArrayBuffer | string): void;
  ended(end: End): void;
  /** `stop()` has come to its end, or a new start has overtaken it. */
  stopped(): void;
  changed(state: ConnectionState): void;
}

/** At most one socket at a time counts, and at most one timer runs. */
export class Lifecycle {
  readonly #settings: ConnectionSettings;
  readonly #openSocket: () => Socket;
  readonly #environment: Environment;
  readonly #listener: LifecycleListener;
  #state: State = { is: "disconnected" };
  #timer: Timer;
  /** Attempts since {@link prove}: a server that accepts only to close is not asked faster. */
  #attempts = 0;

  /** @param openSocket throws when the platform refuses the address */
  constructor(
    settings: ConnectionSettings,
    openSocket: () => Socket,
    environment: Environment,
    listener: LifecycleListener,
  ) {
    this.#settings = settings;
    this.#openSocket = openSocket;
    this.#environment = environment;
    this.#listener = listener;
  }

  get state(): ConnectionState {
    return this.#state.is;
  }

  /** Opens a connection unless there is one, or an attempt at one. */
  start(): void {
    if (!this.state.startsWith("disconnect")) return;
    this.#attempts = 0;
    this.#open("connecting");
  }

  /** Closes for good, until the next start. */
  stop(): void {
    const { is, socket } = this.#state;
    if (is.startsWith("disconnect")) return;
    if (socket === undefined) this.#enter({ is: "disconnected" });
    else this.#enter({ is: "disconnecting", socket }, CLOSE_TIMEOUT_MS, () => this.#stopped());
    this.#listener.ended({ code: NORMAL, reason: "", wasConnected: is === "connected", willReconnect: false });
    if (socket === undefined) this.#listener.stopped();
    socket?.close(NORMAL);
  }

  /** Drops what there is and opens another connection at once. */
  restart(): void {
    const { is, socket } = this.#state;
    this.#attempts = 0;
    this.#open("reconnecting");
    if (is === "connected") {
      this.#listener.ended({ code: NORMAL, reason: "reconnect", wasConnected: true, willReconnect: true });
    }
    socket?.close(NORMAL);
  }

  /** Treats the present connection, or attempt, as lost; without one nothing happens. */
  drop(reason: string, cause?: Cause): void {
    const { socket } = this.#state;
    if (socket === undefined) return;
    this.#lost(ABNORMAL, reason, cause);
    socket.close(GIVEN_UP, reason);
  }

  /** The connection has been of use: after its end, attempts are counted anew. */
  prove(): void {
    this.#attempts = 0;
  }

  /** False when there is no connection. */
  send(message: Uint8Array<ArrayBuffer> | string): boolean {
    if (this.#state.is !== "connected") return false;
    this.#state.socket.send(message);
    return true;
  }

  #open(is: "connecting" | "reconnecting"): void {
    if (this.#state.is === "disconnecting") this.#stopped();
    const { connectionTimeout } = this.#settings;
    let socket: Socket;
    try {
      socket = this.#openSocket();
    } catch (cause) {
      // The platform refuses the address itself; another attempt would end alike.
      return this.#lost(ABNORMAL, "", { retryable: false, cause });
    }
    this.#listen(socket);
    this.#enter({ is, socket }, connectionTimeout, () => this.drop(`not open within ${connectionTimeout} ms`));
  }

  /** A socket that is no longer the present one is not listened to, but keeps its handlers: `ws` throws without. */
  #listen(socket: Socket): void {
    const present = () => this.#state.socket === socket;
    let cause: Cause | undefined;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => present() && this.#opened(socket);
    socket.onmessage = ({ data }) => this.#state.is === "connected" && present() && this.#listener.received(data);
    socket.onerror = (event) => {
      cause ??= (event as { readonly error?: Cause }).error;
    };
    socket.onclose = ({ code, reason }) => present() && this.#lost(code, reason, cause);
  }

  #opened(socket: Socket): void {
    if (this.#state.is === "disconnecting") return;
    this.#enter({ is: "connected", socket });
    if (this.#state.socket === socket) this.#listener.opened();
  }

  #lost(code: number, reason: string, cause?: Cause): void {
    const { is } = this.#state;
    if (is === "disconnecting") {
      this.#stopped();
      return;
    }
    const { reconnect, maxReconnectAttempts } = this.#settings;
    const isWorthwhile = cause?.retryable ?? comesBack(code);
    const willReconnect = reconnect && isWorthwhile && this.#attempts < maxReconnectAttempts;
    if (willReconnect) this.#wait(cause?.retryAfterMs);
    else this.#enter({ is: "disconnected" });
    this.#listener.ended({ code, reason, wasConnected: is === "connected", willReconnect, cause });
  }

  #wait(retryAfterMs = 0): void {
    const delay = retryAfterMs + backoffMs(this.#attempts++, this.#environment.random(), this.#settings);
    this.#enter({ is: "reconnecting" }, Math.max(1, delay), () => this.#open("reconnecting"));
  }

  #stopped(): void {
    this.#enter({ is: "disconnected" });
    this.#listener.stopped();
  }

  /** The only place where the state changes. @param delayMs 0 sets no timer */
  #enter(state: State, delayMs = 0, action = () => {}): void {
    const changed = state.is !== this.#state.is;
    this.#environment.clearTimeout(this.#timer);
    this.#state = state;
    this.#timer = delayMs > 0 ? this.#environment.setTimeout(action, delayMs) : undefined;
    if (changed) this.#listener.changed(state.is);
  }
}
