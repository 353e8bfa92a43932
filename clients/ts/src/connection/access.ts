// How a connection shows its token: with the upgrade, or in its first frame, and again before the token expires.
import type { Authenticated } from "../../../../generated/ts/tidewire/v1/access.js";
import { fromErrorMessage, TidewireClientError } from "../errors.js";
import type { ClientCodec } from "../wire/codec.js";
import { toDate } from "../wire/present.js";
import { addSeldom } from "../wire/seldom.js";
import type { Environment, Socket, Timer } from "./environment.js";
import type { Cause } from "./lifecycle.js";
import { type ConnectionSettings, toDelay } from "./settings.js";
import { askFor } from "./token.js";
import type { WebSocketManager } from "./websocket-manager.js";

/** Close code of a connection without a valid token. */
const UNAUTHENTICATED = 4401;
/** How much of the life that is left to a token passes before it is renewed: the rest is for renewals that fail. */
const RENEWED_AFTER = 0.75;
/** Shortest wait before a token is asked for again, in milliseconds. */
const MIN_RENEWAL_MS = 1000;

/** The token of one manager's connections. */
export class Access {
  readonly #manager: WebSocketManager;
  readonly #settings: ConnectionSettings;
  readonly #environment: Environment;
  readonly #codec: ClientCodec;
  /** What the latest attempt showed. */
  #token = "";
  /** It was refused after an attempt that is followed by one with a fresh token. */
  #isRefused = false;
  #refusal = new TidewireClientError("UNAUTHENTICATED", "the server wants a valid token");
  /** Whether the latest upgrade failed without a word, as in browsers, where a wrong token looks like no server. */
  #isUnexplained = false;
  #timer: Timer;

  constructor(manager: WebSocketManager, settings: ConnectionSettings, environment: Environment, codec: ClientCodec) {
    addSeldom();
    this.#manager = manager;
    this.#settings = settings;
    this.#environment = environment;
    this.#codec = codec;
    manager
      .on("frame", ({ id, body }) => {
        if (body?.$case === "authenticated") this.#authenticated(body.value);
        else if (body?.$case === "error" && id === 0) void this.#isUnauthenticated(fromErrorMessage(body.value));
      })
      .on("connection_error", ({ error, willReconnect }) => {
        this.#isRefused = willReconnect && error.code === "UNAUTHENTICATED";
      })
      .on("disconnected", ({ code, willReconnect }) => {
        this.#isRefused = willReconnect && code === UNAUTHENTICATED;
        this.#environment.clearTimeout(this.#timer);
        this.#timer = undefined;
      });
  }

  /** Opens the socket with a token. @throws what the function of the token throws, and UNAUTHENTICATED where it has no other */
  async open(late: Socket): Promise<void> {
    const token = await askFor(this.#settings.token);
    if (late.onclose === null) return;
    if (this.#isRefused && token === this.#token) throw this.#refusal;
    this.#token = token;
    const { socket, isShown } = this.#openSocket();
    let cause: Cause | undefined;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => (isShown ? this.#opened(late, socket, true) : this.#show(socket));
    socket.onmessage = ({ data }) => {
      const { body } = this.#codec.decode(data);
      if (body?.$case === "error") cause = fromErrorMessage(body.value);
      if (body?.$case !== "authenticated") return;
      this.#opened(late, socket, false);
      late.onmessage?.({ data });
    };
    socket.onerror = (event) => {
      cause ??= (event as { readonly error?: Cause }).error;
    };
    socket.onclose = (event) => {
      this.#isUnexplained = isShown && cause === undefined;
      const isRefused = this.#isUnauthenticated(cause) || event.code === UNAUTHENTICATED;
      late.onerror?.({ error: isRefused ? this.#retryable(this.#refusal) : cause });
      late.onclose?.(event);
    };
    late.close = (code, reason) => socket.close(code, reason);
  }

  /** A token that cannot be sent with the upgrade, or whose refusal could not be told there, is shown by a frame. */
  #openSocket(): { readonly socket: Socket; readonly isShown: boolean } {
    const { url } = this.#settings;
    const { subprotocol } = this.#codec;
    const open = (token?: string) => this.#environment.openSocket(url, subprotocol, token);
    try {
      if (this.#token !== "" && !this.#isUnexplained) return { socket: open(this.#token), isShown: true };
    } catch {
      // If it is not the token but the address that the platform refuses, it does so again.
    }
    try {
      return { socket: open(), isShown: this.#token === "" };
    } catch (cause) {
      throw new TidewireClientError("CONNECTION_FAILED", `cannot connect to ${url}`, { cause });
    }
  }

  #opened(late: Socket, socket: Socket, asksForExpiry: boolean): void {
    this.#isRefused = false;
    this.#isUnexplained = false;
    late.send = (message) => socket.send(message);
    socket.onmessage = late.onmessage;
    socket.onerror = late.onerror;
    socket.onclose = (event) => {
      // It has expired: the function may give another.
      if (event.code === UNAUTHENTICATED && this.#isRenewable) late.onerror?.({ error: { retryable: true } });
      late.onclose?.(event);
    };
    late.onopen?.(undefined as never);
    // An upgrade does not tell how long its token is valid.
    if (asksForExpiry && this.#token !== "" && this.#isRenewable) this.#show(socket);
  }

  #show(socket: Socket): void {
    socket.send(this.#codec.encode({ id: 0, body: { $case: "authenticate", value: { token: this.#token } } }));
  }

  /** Of a token that was refused another one may be asked for, but not after the second in a row. */
  #retryable({ code, message, details }: TidewireClientError): TidewireClientError {
    return new TidewireClientError(code, message, { details, retryable: this.#isRenewable && !this.#isRefused });
  }

  get #isRenewable(): boolean {
    return typeof this.#settings.token === "function";
  }

  /** Whether that is why the connection ends; it is kept, for attempts that are not made. */
  #isUnauthenticated(cause: Cause | undefined): boolean {
    const { code, message = "" } = cause ?? {};
    if (code !== "UNAUTHENTICATED") return false;
    this.#refusal = new TidewireClientError(code, message, cause);
    return true;
  }

  #authenticated({ expiresAt }: Authenticated): void {
    if (expiresAt && this.#isRenewable) this.#renewBefore(toDate(expiresAt).getTime());
  }

  #renewBefore(expiryMs: number): void {
    this.#environment.clearTimeout(this.#timer);
    const leftMs = expiryMs - Date.now();
    // What a clock that is ahead calls expired may be valid: the server says when it is not.
    if (leftMs <= 0) return;
    const delayMs = Math.max(MIN_RENEWAL_MS, toDelay(leftMs * RENEWED_AFTER));
    this.#timer = this.#environment.setTimeout(() => void this.#renew(expiryMs), delayMs);
  }

  /** What the function cannot give now it may give later, until the server ends the connection. */
  async #renew(expiryMs: number): Promise<void> {
    const round = this.#timer;
    const token = await askFor(this.#settings.token).catch(() => this.#token);
    if (this.#timer !== round) return;
    const isFresh = token !== "" && token !== this.#token;
    if (isFresh) this.#token = token;
    if (!isFresh || !this.#manager.send({ id: 0, body: { $case: "authenticate", value: { token } } }))
      this.#renewBefore(expiryMs);
  }
}
