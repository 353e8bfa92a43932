// Events of users as the schema's publishes.
import type { Publish } from "../../../../generated/ts/tidewire/v1/topics.js";
import { TidewireClientError } from "../errors.js";
import { toMessage } from "../wire/accept.js";
import { planOf } from "../wire/plan.js";
import { toTimestamp } from "../wire/present.js";
import type { EventInput } from "./events.js";

const KEY_BYTES = 16;

/** Options of one publish. */
export interface PublishOptions {
  /** A key that was seen before adds nothing and gives the first position. Default: a random one, of 128 bits. */
  readonly idempotencyKey?: string | undefined;
  /** When it happened. Default: the time of arrival. */
  readonly timestamp?: Date | undefined;
}

/** @throws TidewireClientError INVALID_MESSAGE on an unknown type, or a name that its enum does not have */
export function toPublish(topic: string, { type, ...said }: EventInput, options: PublishOptions): Publish {
  const { idempotencyKey = randomKey(), timestamp } = options;
  const field = planOf("Publish").cases.get(type)?.field;
  if (field === undefined)
    throw new TidewireClientError("INVALID_MESSAGE", `type: there are no events of type ${type}`);
  const kind = { $case: field.key, value: toMessage(field.plan, said) } as unknown as Publish["kind"];
  return { topic, timestamp: timestamp && toTimestamp(timestamp), idempotencyKey, kind };
}

function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
