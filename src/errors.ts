// The error catalogue: one row a code, and the one class that carries it.

/** One row of the catalogue. */
export interface ErrorRow {
  /** Number of the code in the schema's `ErrorCode`. */
  readonly wireNumber: number;
  /** Status of an HTTP reply with this error. */
  readonly httpStatus: number;
  /** Code a WebSocket is closed with when this error ends it; absent where it never does. */
  readonly closeCode?: number;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** How long a client should wait, in ms, where whoever refuses does not know better. */
  readonly retryAfterMs?: number;
}

/** Every error Tidewire tells a client. Close codes 4000–4399 invite to come back, 4400–4999 do not. */
export const ERRORS = {
  INVALID_MESSAGE: { wireNumber: 1, httpStatus: 400, retryable: false },
  MISSING_ENSEMBLE: { wireNumber: 2, httpStatus: 400, retryable: false },
  ENSEMBLE_NOT_FOUND: { wireNumber: 3, httpStatus: 404, retryable: false },
  MISSING_SIGNALS: { wireNumber: 4, httpStatus: 400, retryable: false },
  EMPTY_BATCH: { wireNumber: 5, httpStatus: 400, retryable: false },
  BATCH_TOO_LARGE: { wireNumber: 6, httpStatus: 400, retryable: false },
  PREDICTION_ERROR: { wireNumber: 7, httpStatus: 500, retryable: false },
  UNKNOWN_MESSAGE_TYPE: { wireNumber: 8, httpStatus: 400, retryable: false },
  INVALID_JSON: { wireNumber: 9, httpStatus: 400, closeCode: 4400, retryable: false },
  INTERNAL_ERROR: { wireNumber: 10, httpStatus: 500, retryable: false },
  INVALID_FRAME: { wireNumber: 11, httpStatus: 400, closeCode: 4400, retryable: false },
  INVALID_SIGNALS: { wireNumber: 12, httpStatus: 400, retryable: false },
  UNKNOWN_SIGNALS: { wireNumber: 13, httpStatus: 400, retryable: false },
  INVALID_TENSOR: { wireNumber: 14, httpStatus: 400, retryable: false },
  SESSION_NOT_FOUND: { wireNumber: 15, httpStatus: 404, closeCode: 4404, retryable: false },
  SESSION_EXISTS: { wireNumber: 16, httpStatus: 409, retryable: false },
  INVALID_TRANSITION: { wireNumber: 17, httpStatus: 409, retryable: false },
  INVALID_TOPIC: { wireNumber: 18, httpStatus: 400, retryable: false },
  TOPIC_NOT_FOUND: { wireNumber: 19, httpStatus: 404, retryable: false },
  TASK_NOT_FOUND: { wireNumber: 20, httpStatus: 404, retryable: false },
  TASK_FINISHED: { wireNumber: 21, httpStatus: 409, retryable: false },
  INVALID_PATH: { wireNumber: 22, httpStatus: 400, retryable: false },
  POSITION_LOST: { wireNumber: 23, httpStatus: 410, retryable: false },
  UNAUTHENTICATED: { wireNumber: 24, httpStatus: 401, closeCode: 4401, retryable: false },
  PERMISSION_DENIED: { wireNumber: 25, httpStatus: 403, closeCode: 4403, retryable: false },
  RATE_LIMITED: { wireNumber: 26, httpStatus: 429, retryable: true, retryAfterMs: 1000 },
  FRAME_TOO_LARGE: { wireNumber: 27, httpStatus: 413, closeCode: 1009, retryable: false },
  TOO_MANY_REQUESTS: { wireNumber: 28, httpStatus: 429, retryable: true, retryAfterMs: 1000 },
  OVERLOADED: { wireNumber: 29, httpStatus: 503, retryable: true, retryAfterMs: 250 },
  DEADLINE_EXCEEDED: { wireNumber: 30, httpStatus: 504, retryable: true },
  SLOW_CONSUMER: { wireNumber: 31, httpStatus: 503, closeCode: 4008, retryable: true },
  SHUTTING_DOWN: { wireNumber: 32, httpStatus: 503, closeCode: 1001, retryable: true },
  NOT_FOUND: { wireNumber: 33, httpStatus: 404, retryable: false },
} as const satisfies Record<string, ErrorRow>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof ERRORS;

/** All of them, in the order of their numbers. */
export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];

/** The facts beside an error's message: JSON values by name. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** Options of a {@link TidewireError}. */
export interface ErrorOptions {
  /** What led to it; logged, never sent. */
  readonly cause?: unknown;
  /** Overrides the catalogue for this one case. */
  readonly retryable?: boolean;
  /** How long the client should wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** An error that a client is told. Callers match on `code`. */
export class TidewireError extends Error {
  override readonly name = "TidewireError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  /** @param message text for the person who must act: the value and the bound */
  constructor(code: ErrorCode, message: string, details?: ErrorDetails, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = details;
    this.retryable = options.retryable ?? ERRORS[code].retryable;
    const byRow: number | undefined = (ERRORS[code] as ErrorRow).retryAfterMs;
    this.retryAfterMs = this.retryable ? (options.retryAfterMs ?? byRow) : undefined;
  }

  /** The same with the id that a client quotes when it asks for help, and that the log has beside the cause. */
  withRequestId(requestId: string): TidewireError {
    const { code, message, cause, retryable, retryAfterMs } = this;
    const options = { cause, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    return new TidewireError(code, message, { ...this.details, request_id: requestId }, options);
  }

  /** Whether the server is at fault: the client can do nothing but tell whoever runs it. */
  get isFault(): boolean {
    return this.row.httpStatus === 500;
  }

  /** The catalogue's row of this error. */
  get row(): ErrorRow {
    return ERRORS[this.code];
  }
}

/**
 * Where a text stops being JSON, as far as `JSON.parse` says it. Its whole message quotes the text, and a file that holds
 * secrets must not get into a log by a comma too many.
 */
export function placeInJson({ message }: SyntaxError): string {
  const place = /at position \d+(?: \(line \d+ column \d+\))?/.exec(message)?.[0];
  return place === undefined ? "" : ` ${place}`;
}
