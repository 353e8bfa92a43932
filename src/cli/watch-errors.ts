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
  UNAUTHENTICATED: "the server asks for a token",
  OVERLOADED: "the server is busy: try again later",
  RATE_LIMITED: "the server asks for time: try again later",
  SHUTTING_DOWN: "the server is stopping: try again when it is back",
};

/** No server answers: how to have one. */
export function noServer(url: string, cause?: unknown): CommandError {
  return new CommandError(`no server answers at ${url}: start one with tidewire serve or tidewire demo`, { cause });
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

/** The base URL of a server, as `--url` gives it. @throws CommandError */
export function toBaseURL(url: string): string {
  if (/^https?:\/\/[^/]+/.test(url) && URL.canParse(url)) return url.replace(/\/+$/, "");
  throw new CommandError(`--url takes a URL such as http://127.0.0.1:8000, not "${url}"`);
}
