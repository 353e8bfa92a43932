// Requests and replies as the schema has them.
import type { ClientFrame, ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import { TidewireClientError } from "../errors.js";

/** A request. */
export type RequestBody = NonNullable<ClientFrame["body"]>;

/** A reply that is no error. */
export type ReplyBody = Exclude<NonNullable<ServerFrame["body"]>, { $case: "error" }>;

/** What the reply of the expected kind says. @throws TidewireClientError UNEXPECTED_REPLY on another */
export function expectReply<Case extends ReplyBody["$case"]>({ $case, value }: ReplyBody, expected: Case) {
  if ($case === expected) return value as Extract<ReplyBody, { $case: Case }>["value"];
  throw new TidewireClientError("UNEXPECTED_REPLY", `the server answered with ${$case} instead of ${expected}`);
}
