// Instants between the wire (seconds and nanoseconds) and what the histories keep (ms since 1970).
import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";

/** ms since 1970, with the fraction that a double still holds. */
export function toMs({ seconds, nanos }: Timestamp): number {
  return seconds * 1000 + nanos / 1e6;
}

/** The present instant, to the millisecond. */
export function timestampNow(): Timestamp {
  const ms = Date.now();
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
}

/** An instant of ms since 1970. */
export function toTimestamp(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}
