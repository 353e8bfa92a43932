// An error as frames say it.
import type { Error as ErrorBody } from "../../generated/ts/tidewire/v1/error.js";
import type { TidewireError } from "../errors.js";

export function toErrorBody(error: TidewireError): ErrorBody {
  return {
    errorCode: error.row.wireNumber as never,
    message: error.message,
    details: error.details === undefined ? undefined : { ...error.details },
    retryable: error.retryable,
    retryAfterMs: error.retryAfterMs,
  };
}
