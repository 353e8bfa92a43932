// Requests and their replies over a connection that may go away: a bounded queue, a window, deadlines, retries.
import type { ClientFrame, ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import type { Environment } from "../connection/environment.js";
import type { ReplyBody, RequestBody } from "../connection/replies.js";
import { toDelay } from "../connection/settings.js";
import { fromErrorMessage, TidewireClientError } from "../errors.js";

/** How one request is treated. */
export interface RequestOptions {
  /** Ends the request; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long the whole request may take, waiting included, in milliseconds, rounded up; 0 and Infinity are without end.
   * Default: the session's.
   */
  readonly timeoutMs?: number | undefined;
}

/** How all requests of a session are treated. */
export interface RequestSettings {
  readonly timeoutMs: number;
  readonly retryInFlight: boolean;
  readonly whileReconnecting: "wait" | "fail";
  readonly maxQueued: number;
}

/** How often a request is sent again after cuts: one that brings the server down must not do so for ever. */
const MAX_RESENDS = 3;
const MAX_ID = 0x7fffffff;
const MAX_UINT32 = 0xffffffff;

/**
 * - waiting: no connection is ready; requests queue
 * - open: requests go out while fewer than `limit` are unanswered
 * - shut: requests are refused
 */
type Gate =
  | { readonly is: "waiting"; readonly wasOpen: boolean }
  | { readonly is: "open"; readonly limit: number }
  | { readonly is: "shut"; readonly error: TidewireClientError };

/** A request's body, or what makes it when its turn has come: undefined while it and all behind it are to wait. */
export type Turn = RequestBody | (() => RequestBody | undefined);

interface Pending {
  readonly body: Turn;
  readonly resolve: (reply: ReplyBody) => void;
  readonly reject: (reason: unknown) => void;
  /** How often it may be sent again on other connections. */
  resends: number;
  /** Sent, awaited, and of a kind that costs the server more than one request. */
  large: boolean;
}

/** Correlates requests with replies. Requests go out in the order in which they were made. */
export class Requests {
  readonly #send: (frame: ClientFrame) => boolean;
  readonly #settings: RequestSettings;
  readonly #environment: Environment;
  readonly #queue = new Set<Pending>();
  /** By id; one that was given up meanwhile keeps its place, for the server still works on it. */
  readonly #unanswered = new Map<number, Pending>();
  #gate: Gate = { is: "waiting", wasOpen: false };
  #lastId = 0;

  constructor(send: (frame: ClientFrame) => boolean, settings: RequestSettings, environment: Environment) {
    this.#send = send;
    this.#settings = settings;
    this.#environment = environment;
  }

  /** Requests that may be unanswered at a time; 0 while none goes out. */
  get limit(): number {
    return this.#gate.is === "open" ? this.#gate.limit : 0;
  }

  /** Why no request is taken any more; undefined while they are. */
  get refusal(): TidewireClientError | undefined {
    return this.#gate.is === "shut" ? this.#gate.error : undefined;
  }

  /**
   * Whether a request is awaited that may cost more than the server's window, which counts rows and bytes too: until
   * it is answered the server may read no further, pings included.
   */
  get large(): boolean {
    return [...this.#unanswered.values()].some(({ large }) => large);
  }

  /** Sends the request when its turn comes. @throws TidewireClientError, or the signal's reason */
  request(body: Turn, options: RequestOptions = {}): Promise<ReplyBody> {
    const refusal = this.#refusal();
    if (refusal) return Promise.reject(refusal);
    return this.#track(body, options, this.#settings.retryInFlight ? MAX_RESENDS : 0, (pending) => {
      this.#queue.add(pending);
      this.flush();
    });
  }

  /** Sends the request at once, whatever the gate: what opens the gate goes this way. Never sent again. */
  direct(body: RequestBody): Promise<ReplyBody> {
    return this.#track(body, {}, 0, (pending) => this.#transmit(pending, body));
  }

  open(limit: number): void {
    this.#gate = { is: "open", limit: Math.max(1, limit) };
    this.flush();
  }

  /** The connection was cut: what is unanswered is rejected, or goes back to the head of the queue. */
  cut(error: TidewireClientError): void {
    if (this.#gate.is === "open") this.#gate = { is: "waiting", wasOpen: true };
    const queued = [...this.#queue];
    this.#queue.clear();
    for (const pending of this.#takeUnanswered()) {
      if (error.retryable && pending.resends-- > 0) this.#queue.add(pending);
      else pending.reject(error);
    }
    for (const pending of queued) this.#queue.add(pending);
    if (this.#settings.whileReconnecting === "fail") this.#rejectQueued(error);
  }

  /** Nothing goes out any more, until opened again. */
  shut(error: TidewireClientError): void {
    this.#gate = { is: "shut", error };
    for (const pending of this.#takeUnanswered()) pending.reject(error);
    this.#rejectQueued(error);
  }

  receive({ id, body }: ServerFrame): void {
    const pending = this.#unanswered.get(id);
    if (pending === undefined || body === undefined) return;
    this.#unanswered.delete(id);
    if (body.$case === "error") pending.reject(fromErrorMessage(body.value));
    else pending.resolve(body);
    this.flush();
  }

  #refusal(): TidewireClientError | undefined {
    const { maxQueued, whileReconnecting } = this.#settings;
    if (this.#gate.is === "shut") return this.#gate.error;
    if (this.#gate.is === "waiting" && this.#gate.wasOpen && whileReconnecting === "fail") {
      return new TidewireClientError("NOT_CONNECTED", "there is no connection at present", { retryable: true });
    }
    if (this.#queue.size < maxQueued) return undefined;
    const message = `${this.#queue.size} requests wait already, the limit is ${maxQueued}`;
    return new TidewireClientError("QUEUE_FULL", message, { retryable: true, details: { limit: maxQueued } });
  }

  #track(
    body: Turn,
    { signal, timeoutMs = this.#settings.timeoutMs }: RequestOptions,
    resends: number,
    begin: (pending: Pending) => void,
  ): Promise<ReplyBody> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const release = () => {
        this.#environment.clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      const pending: Pending = {
        body,
        resends,
        large: false,
        resolve: (reply) => {
          release();
          resolve(reply);
        },
        reject: (reason) => {
          release();
          reject(reason);
        },
      };
      const abort = () => this.#giveUp(pending, signal?.reason);
      const delayMs = toDelay(timeoutMs);
      const timer = delayMs > 0 && this.#environment.setTimeout(() => this.#giveUp(pending, late(delayMs)), delayMs);
      signal?.addEventListener("abort", abort);
      begin(pending);
    });
  }

  /** Rejects a request that is not answered. Its place in the window stays taken: the server still works on it. */
  #giveUp(pending: Pending, reason: unknown): void {
    this.#queue.delete(pending);
    pending.resends = 0;
    pending.large = false;
    pending.reject(reason);
  }

  /** Sends what may go out; called also by whoever made requests wait. */
  flush(): void {
    for (const pending of this.#queue) {
      if (this.#unanswered.size >= this.limit) return;
      try {
        const body = typeof pending.body === "function" ? pending.body() : pending.body;
        if (body === undefined) return;
        this.#queue.delete(pending);
        this.#transmit(pending, body);
      } catch (error) {
        this.#giveUp(pending, error);
      }
    }
  }

  #transmit(pending: Pending, body: RequestBody): void {
    pending.large = body.$case === "predictBatch" || body.$case === "infer";
    this.#lastId = (this.#lastId % MAX_ID) + 1;
    this.#unanswered.set(this.#lastId, pending);
    try {
      this.#send({ id: this.#lastId, body });
    } catch (error) {
      this.#unanswered.delete(this.#lastId);
      pending.reject(error);
    }
  }

  #takeUnanswered(): Pending[] {
    const unanswered = [...this.#unanswered.values()];
    this.#unanswered.clear();
    return unanswered;
  }

  #rejectQueued(error: TidewireClientError): void {
    const queued = [...this.#queue];
    this.#queue.clear();
    for (const pending of queued) pending.reject(error);
  }
}

/** A request's timeout as the server is told it. */
export function toTimeout({ timeoutMs }: RequestOptions): number | undefined {
  return toDelay(timeoutMs, MAX_UINT32) || undefined;
}

function late(timeoutMs: number): TidewireClientError {
  const message = `no reply within ${timeoutMs} ms`;
  return new TidewireClientError("DEADLINE_EXCEEDED", message, { retryable: true, details: { timeout_ms: timeoutMs } });
}
