// How long a body may take to arrive. Node's own bound is one for all requests, and a large upload needs longer than any
// other body may have.
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";

/** A body that has not arrived whole by then is given up: a client that trickles bytes holds no connection. */
const BODY_TIMEOUT_MS = 60_000;

/** Cuts requests whose bodies take too long. Forms are uploads: their route watches whether they get on. */
export function limitBodyTime(app: FastifyInstance, timeoutMs = BODY_TIMEOUT_MS): void {
  app.addHook("preParsing", ({ raw }, _reply, payload, done) => {
    if (hasBody(raw) && !isForm(raw)) {
      const cut = setTimeout(() => raw.destroy(), timeoutMs).unref();
      raw.once("close", () => clearTimeout(cut)).once("end", () => clearTimeout(cut));
    }
    done(null, payload);
  });
}

/** Upgrades and event streams have none, and never end. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function isForm({ headers }: IncomingMessage): boolean {
  return headers["content-type"]?.startsWith("multipart/") === true;
}
