// What is refused while the event loop is late. What was accepted is answered.
import type { ClientFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { TidewireError } from "../errors.js";
import type { Lateness } from "../limits/late-loop.js";

type BodyCase = NonNullable<ClientFrame["body"]>["$case"];

/** Bodies that ask for new work. */
export const IS_NEW_WORK: ReadonlySet<string> = new Set([
  "predict",
  "predictBatch",
  "infer",
  "subscribe",
] satisfies BodyCase[]);

/** @throws TidewireError OVERLOADED */
export function assertTimely({ isLate, retryAfterMs }: Lateness): void {
  if (!isLate) return;
  const message = "the server is behind with its work; try again later";
  throw new TidewireError("OVERLOADED", message, undefined, { retryAfterMs });
}
