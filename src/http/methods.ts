// A known path with a method it does not take: 405 with `Allow`, instead of a 404 that hides the path.
import type { FastifyInstance, HTTPMethods } from "fastify";
import { TidewireError } from "../errors.js";

const METHODS: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"];

/** Refuses the other methods of every path that `register` adds to `app`. */
export function withMethodsRefused(app: FastifyInstance, register: () => void): void {
  const taken = new Map<string, Set<HTTPMethods>>();
  let watching = true;
  app.addHook("onRoute", ({ url, method }) => {
    if (!watching) return;
    const methods = taken.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    taken.set(url, methods);
  });
  register();
  watching = false;
  for (const [url, methods] of taken) refuseOthers(app, url, methods);
}

function refuseOthers(app: FastifyInstance, url: string, methods: ReadonlySet<HTTPMethods>): void {
  const allowed = METHODS.filter((name) => methods.has(name)).join(", ");
  app.route({
    url,
    method: METHODS.filter((name) => !methods.has(name)),
    config: { access: "public", isUndescribed: true },
    // Before the body is read: it does not matter any more.
    onRequest: async (request, reply) => {
      reply.code(405).header("allow", allowed);
      const error = new TidewireError("INVALID_MESSAGE", `${request.method} is not taken here, only ${allowed}`);
      reply.errorCode = error.code;
      return reply.send({ error_code: error.code, message: error.message, details: { allowed: allowed.split(", ") } });
    },
    handler: () => undefined,
  });
}
