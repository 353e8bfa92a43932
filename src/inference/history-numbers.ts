// Numbers of a history as text, written as the JSON frames write them.
import { shortestDouble } from "../wire/float32.js";
import { formatTimestamp } from "../wire/timestamp.js";

/** The shortest decimal that is read back as the same float32; NaN and the infinities as JavaScript names them. */
export function float32Text(value: number): string {
  return Object.is(value, -0) ? "-0" : String(shortestDouble(value));
}

/** Unix milliseconds as whole microseconds, which is what a double tells apart. */
export function microsOf(timestampMs: number): number {
  return Math.round(timestampMs * 1000);
}

/** An instant as RFC 3339 in UTC, to the microsecond. */
export function instantText(timestampMs: number): string {
  const micros = microsOf(timestampMs);
  const seconds = Math.floor(micros / 1e6);
  return formatTimestamp({ seconds, nanos: (micros - seconds * 1e6) * 1000 });
}
