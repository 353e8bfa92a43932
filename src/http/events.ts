// Publishing over HTTP, for whoever has no socket open.
import type { FastifyInstance } from "fastify";
import type { HttpDependencies } from "./dependencies.js";
import { publishEntries, readEntries } from "./entries.js";

/** POST `/api/v1/events`: a publish, a list of them, or one a line (NDJSON); of any topics, all or none. */
export function registerEvents(app: FastifyInstance, { publisher }: Pick<HttpDependencies, "publisher">): void {
  app.post("/api/v1/events", { config: { takesLines: true } }, async (request, reply) =>
    publishEntries(reply, publisher, readEntries("Publish", request.body), (publish) => publish),
  );
}
