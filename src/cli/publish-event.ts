// A publish as JSON has it, checked by the schema, as the client takes it.
import type { EventInput, PublishOptions } from "@tidewire/client";
import { TidewireClientError } from "@tidewire/client";
import { TidewireError } from "../errors.js";
import { readMessage } from "../wire/json.js";
import { type FieldPlan, type Message, planOf } from "../wire/plan.js";

/** What is to be published. */
export interface Publication extends PublishOptions {
  readonly topic: string;
  readonly event: EventInput;
}

/** @throws TidewireClientError INVALID_MESSAGE naming the field, what was expected and what came */
export function toPublication(json: Readonly<Record<string, unknown>>): Publication {
  const { topic, timestamp, idempotencyKey, kind } = checked(json);
  const { name, plan } = planOf("Publish").byCase.get(kind?.$case ?? "") as FieldPlan;
  const event = { type: name, ...shown(plan, kind?.value as unknown as Message) } as unknown as EventInput;
  return {
    topic,
    event,
    ...(timestamp && { timestamp: new Date(timestamp.seconds * 1000 + timestamp.nanos / 1e6) }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

function checked(json: Readonly<Record<string, unknown>>) {
  try {
    const publish = readMessage("Publish", json);
    if (publish.kind === undefined)
      throw new TidewireError("INVALID_MESSAGE", "type: expected an event type, came none");
    return publish;
  } catch (error) {
    if (!(error instanceof TidewireError)) throw error;
    throw new TidewireClientError(error.code, error.message, { details: error.details, cause: error });
  }
}

/** A message with enums by their names, as the client takes them; what is absent stays absent. */
function shown({ plain }: FieldPlan["plan"], message: Message): Message {
  const said = plain.filter(({ key }) => message[key] !== undefined);
  return Object.fromEntries(said.map((field) => [field.key, shownField(field, message[field.key])]));
}

function shownField(field: FieldPlan, value: unknown): unknown {
  const { cardinality, kind, names, plan } = field;
  if (cardinality === "list")
    return (value as unknown[]).map((each) => shownField({ ...field, cardinality: "one" }, each));
  if (cardinality === "map") return value;
  if (kind === "message") return shown(plan, value as Message);
  return kind === "enum" ? names[value as number] : value;
}
