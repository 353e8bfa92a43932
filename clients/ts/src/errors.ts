// The one class of errors that the client throws and rejects with.
import { ENUMS } from "../../../generated/ts/schema.js";
import type { Error as ErrorMessage } from "../../../generated/ts/tidewire/v1/error.js";
import type { ErrorCode } from "../../../src/errors.js";
import { given } from "./given.js";

export type { ErrorCode } from "../../../src/errors.js";

/**
 * Codes of the client itself, beside the server's catalogue.
 *
 * - CONNECTION_LOST: the connection went away before the reply came; whether the server had the request is unknown
 * - CONNECTION_FAILED: no connection, and no further attempt is made; or an HTTP request that reached no server
 * - NOT_CONNECTED: there is no connection, and the request was not to wait for one
 * - QUEUE_FULL: too many requests wait already
 * - CLIENT_CLOSED: the session or connection was closed by its owner
 * - UNEXPECTED_REPLY: the server answered with something else than was asked for
 */
export type LocalErrorCode =
  | "CONNECTION_LOST"
  | "CONNECTION_FAILED"
  | "NOT_CONNECTED"
  | "QUEUE_FULL"
  | "CLIENT_CLOSED"
  | "UNEXPECTED_REPLY";

/** Every code that callers may match on; a newer server may send others. */
export type ClientErrorCode = ErrorCode | LocalErrorCode | (string & {});

/** What a {@link TidewireClientError} says beside its code and message. */
export interface ClientErrorOptions {
  readonly retryable?: boolean | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** An error of the server or of the connection to it. Callers match on `code`. */
export class TidewireClientError extends Error {
  override readonly name = "TidewireClientError";
  declare readonly code: ClientErrorCode;
  /** Whether the same request may succeed later without a change. */
  declare readonly retryable: boolean;
  /** The facts: names, values and bounds. */
  declare readonly details: Readonly<Record<string, unknown>>;
  /** How long the server asks to wait before the next try, in milliseconds. */
  declare readonly retryAfterMs: number | undefined;

  constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
    const { cause, retryable = false, details = {}, retryAfterMs } = options;
    super(message, given({ cause }));
    Object.assign(this, { code, retryable, details, retryAfterMs });
  }
}

/** A connection that went away, with everything that was unanswered on it. */
export function connectionLost(reason: string): TidewireClientError {
  return new TidewireClientError("CONNECTION_LOST", `the connection was lost: ${reason}`, { retryable: true });
}

/** A connection that its owner closed. */
export function clientClosed(what = "connection"): TidewireClientError {
  return new TidewireClientError("CLIENT_CLOSED", `the ${what} was closed`);
}

/** The server's error as the client's; a code that this version does not know becomes UNKNOWN_ERROR. */
export function fromErrorMessage(message: ErrorMessage): TidewireClientError {
  const { retryable, details, retryAfterMs } = message;
  const code = ENUMS.ErrorCode?.[message.errorCode] || "UNKNOWN_ERROR";
  return new TidewireClientError(code, message.message, { retryable, details, retryAfterMs });
}
