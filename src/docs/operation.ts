// What the document of the HTTP interface says of a route that the schema cannot say: what it is for, which messages go in
// and out, and which errors it has.
import type { MessageName } from "../../generated/ts/schema.js";
import type { ErrorCode } from "../errors.js";
import { TOKEN_PATTERN } from "../events/topic.js";

/** Groups of operations, in the order in which they are shown. */
export const TAGS = {
  Models: "The served ensembles, and the connections that stream readings to them.",
  "Training runs":
    "Begin a run, report what happens in it, read it. Its events are those of the topic `training.{id}`.",
  Topics: "Events of any topic: publish, read, stream, and ask an owner to stop.",
  Evaluations: "An ensemble over a CSV file, run by the server itself.",
  Server: "Whether the server is well, what is connected to it, and what it speaks.",
} as const;

/** A body that a request may have. */
export interface RequestBody {
  readonly message: MessageName;
  /**
   * `one`: a JSON object; `entries`: that, a list of them, or one a line (NDJSON); `file`: a JSON object, or a form with
   * the fields beside a part `file`.
   */
  readonly as: "one" | "entries" | "file";
  /** Whether no body at all is one too. */
  readonly isOptional?: true;
}

/** A reply that is no error. */
export interface Reply {
  readonly description: string;
  /** The messages that its JSON may be; none for another type or no body. */
  readonly messages?: readonly MessageName[];
  /** Its types, one of them, where it is no message; without either there is no body. */
  readonly types?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a name in a path stands for. */
export interface PathName {
  readonly description: string;
  /** The names that there can be; any other is refused. */
  readonly pattern?: string;
}

/** One method of one path. */
export interface Operation {
  /** Name by which clients generated from the document call it. */
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description?: string;
  /** What the names in the path stand for. */
  readonly path?: Readonly<Record<string, PathName>>;
  /** The message whose fields the query holds. */
  readonly query?: MessageName;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** By status. */
  readonly replies: Readonly<Record<number, Reply>>;
  /** Beside those that every route has; see errors-of.ts. */
  readonly errors: readonly ErrorCode[];
}

/** A name that is one token of a topic. */
export function token(what: string): PathName {
  return { description: `${what}: one token of a topic.`, pattern: `^${TOKEN_PATTERN}$` };
}

/** Operations by method and path, such as `GET /api/v1/topics/{topic}`. */
export type Operations = Readonly<Record<string, Operation>>;

/** A reply that is a message. */
export function message(description: string, ...messages: readonly MessageName[]): Reply {
  return { description, messages };
}
