// How long a body may take to arrive. Node's own bound is one for all requests, and a large upload needs longer than any
// other body may have.
import type { FastifyInstance } from "fastify";

/** A body that has not arrived whole by then is given up: a client that trickles bytes holds no connection. */
const BODY_TIMEOUT_MS = 60_000;

/** Cuts requests whose bodies take too long. Forms are uploads: their route watches whether they get on. */
export function limitBodyTime(app: FastifyInstance, timeoutMs = BODY_TIMEOUT_MS): void {
  app.addHook("preParsing", (request, _reply, payload, done) => {
    const isForm = request.headers["content-type"]?.startsWith("multipart/") === true;
    if (!isForm) {
      const cut = setTimeout(() => request.raw.destroy(), timeoutMs).unref();
      request.raw.once("close", () => clearTimeout(cut)).once("end", () => clearTimeout(cut));
    }
    done(null, payload);
  });
}
