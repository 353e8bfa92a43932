// Errors of a server as a person at the terminal needs them: what is wrong, and what to do.
import { TidewireClientError } from "@tidewire/client";
import { CommandError } from "./context.js";

/** What to do, by code; the server's message has said what is wrong. */
const ADVICE: Readonly<Record<string, string>> = {
  INVALID_TOPIC:
    "topics: training.<id>, evaluation.<id>, task.<project>.<task>, workflow.<id>.<execution>, container.<project>.<id>, system.<node>",
  INVALID_TRANSITION: "see where it stands: tidewire watch <topic>",
  SESSION_NOT_FOUND: "see what there is: tidewire runs",
  TASK_NOT_FOUND: "see what there is: tidewire watch '>'",
  UNAUTHENTICATED: "set TIDEWIRE_TOKEN, or --token; tidewire token makes one",
  PERMISSION_DENIED: "set TIDEWIRE_TOKEN, or --token, to one that has it; tidewire token makes one",
  OVERLOADED: "the server is busy: try again later",
  RATE_LIMITED: "the server asks for time: try again later",
  SHUTTING_DOWN: "the server is stopping: try again when it is back",
};

/** What Node calls a certificate that it does not trust. */
const UNTRUSTED: ReadonlySet<unknown> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** No server answers, or one that is not trusted: how to have one. */
export function noServer(url: string, cause?: unknown): CommandError {
  const text = isUntrusted(cause)
    ? `the certificate of ${url} is not trusted: set NODE_EXTRA_CA_CERTS to the PEM file of its authority`
    : `no server answers at ${url}: start one with tidewire serve or tidewire demo`;
  return new CommandError(text, { cause });
}

/** The certificate is what the innermost error is about. */
function isUntrusted(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && UNTRUSTED.has(error.code)) || isUntrusted(error.cause);
}

/** The error as it is told; one that is no server's stays as it is. @param hints advice that goes before the usual */
export function explained(error: unknown, url: string, hints: Readonly<Record<string, string>> = {}): unknown {
  if (!(error instanceof TidewireClientError)) return error;
  if (error.code === "CONNECTION_FAILED") return noServer(url, error);
  return new CommandError(explain(error, hints), { cause: error });
}

/** "INVALID_TOPIC: topic "x" is …", and on a line of its own what to do. */
export function explain({ code, message }: TidewireClientError, hints: Readonly<Record<string, string>> = {}): string {
  const advice = hints[code] ?? ADVICE[code];
  return `${code}: ${message}${advice === undefined ? "" : `\n${advice}`}`;
}
