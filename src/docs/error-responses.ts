// Which errors an operation may answer with, and how the document shows them.
import { ERRORS, type ErrorCode } from "../errors.js";
import type { JsonObject } from "../wire/json.js";
import { partComment } from "./comments.js";
import type { Operation } from "./operation.js";
import { codeOf, type Recording } from "./recording.js";

/** The name of the errors' schema among the components. */
export const ERROR_SCHEMA = "HttpError";

/** The body of every refused request; written by http/errors.ts, and no message of the schema. */
export const HTTP_ERROR: JsonObject = {
  description: "A refused request.",
  type: "object",
  properties: {
    error_code: { $ref: "#/components/schemas/ErrorCode", description: "The code to match on." },
    message: { type: "string", description: "What happened and what to do, for a person." },
    details: { type: "object", description: "The facts: names, values and bounds." },
  },
  required: ["error_code", "message", "details"],
};

/** A status that is not its code's own: what Fastify refuses before a route sees it. */
const UNSUPPORTED_TYPE = 415;
const NAMED_IN_PATH: readonly ErrorCode[] = ["INVALID_MESSAGE", "NOT_FOUND"];
const WITH_BODY: readonly ErrorCode[] = ["INVALID_JSON", "INVALID_MESSAGE", "FRAME_TOO_LARGE"];
/** Of a client that asks too much, and of a server that is behind. */
const LIMITED: readonly ErrorCode[] = ["RATE_LIMITED", "TOO_MANY_REQUESTS", "OVERLOADED"];
/** Of routes that need a token. */
const GUARDED: readonly ErrorCode[] = ["UNAUTHENTICATED", "PERMISSION_DENIED"];
const HEADERS: Readonly<Record<number, JsonObject>> = {
  401: { "www-authenticate": header("What kind of token is asked for (RFC 6750).") },
  429: { "retry-after": header("Seconds to wait, where the server knows.") },
  503: { "retry-after": header("Seconds to wait, where the server knows.") },
};

/** What decides on errors beside the operation itself. */
export interface Circumstances {
  readonly takesBody: boolean;
  readonly hasNames: boolean;
  readonly isGuarded: boolean;
  readonly isLimited: boolean;
}

/** The codes that the operation may answer with, by status. */
export function errorCodes(operation: Operation, circumstances: Circumstances): Map<number, ErrorCode[]> {
  const { takesBody, hasNames, isGuarded, isLimited } = circumstances;
  const codes = new Set<ErrorCode>([
    ...operation.errors,
    ...(takesBody ? WITH_BODY : []),
    ...(hasNames ? NAMED_IN_PATH : []),
    ...(isGuarded ? GUARDED : []),
    ...(isLimited ? LIMITED : []),
    "INTERNAL_ERROR",
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { httpStatus } = ERRORS[code];
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), code]);
  }
  if (takesBody) byStatus.set(UNSUPPORTED_TYPE, ["INVALID_MESSAGE"]);
  return new Map([...byStatus].sort(([a], [b]) => a - b));
}

/** The response of a status, with the recorded errors as its examples. */
export function errorResponse(
  status: number,
  codes: readonly ErrorCode[],
  recordings: readonly Recording[],
): JsonObject {
  const examples = recordings.filter((recording) => recording.status === status && codeOf(recording) !== undefined);
  const schema: JsonObject = {
    $ref: `#/components/schemas/${ERROR_SCHEMA}`,
    type: "object",
    properties: { error_code: { enum: [...codes] } },
  };
  const named = examples.map((recording) => [codeOf(recording), { value: recording.reply ?? null }]);
  return {
    description: codes.map((code) => `\`${code}\`: ${meaningOf(status, code)}`).join("\n\n"),
    ...(HEADERS[status] && { headers: HEADERS[status] }),
    content: {
      "application/json": { schema, ...(named.length > 0 && { examples: Object.fromEntries(named) }) },
    },
  };
}

function meaningOf(status: number, code: ErrorCode): string {
  return status === UNSUPPORTED_TYPE ? "The body's type is not taken here." : partComment("ErrorCode", code);
}

function header(description: string): JsonObject {
  return { description, schema: { type: "string" } };
}
