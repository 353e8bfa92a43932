// There is no room; a later try may find some.
import { TidewireError } from "../errors.js";

/** How long a publisher is asked to wait: a disk that is behind catches up in less, or not at all. */
const RETRY_AFTER_MS = 250;

export function overloaded(message: string): TidewireError {
  return new TidewireError("OVERLOADED", message, undefined, { retryAfterMs: RETRY_AFTER_MS });
}
