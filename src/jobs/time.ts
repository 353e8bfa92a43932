import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";

/** The present instant, to the millisecond. */
export function timestampNow(): Timestamp {
  const ms = Date.now();
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
}
