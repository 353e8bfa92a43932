// Publishing over HTTP, for whoever has no socket open.
import type { FastifyInstance } from "fastify";
import type { HttpDependencies } from "./dependencies.js";
import { publishEntries, readEntries } from "./entries.js";
import { ASKS_ITSELF } from "./guard.js";

/** POST `/api/v1/events`: a publish, a list of them, or one a line (NDJSON); of any topics, all or none. */
export function registerEvents(app: FastifyInstance, { publisher }: Pick<HttpDependencies, "publisher">): void {
  const options = { config: { ...ASKS_ITSELF.config, takesLines: true } };
  app.post("/api/v1/events", options, async ({ body, grant }, reply) => {
    const entries = readEntries("Publish", body);
    for (const topic of new Set(entries.all.map((entry) => entry.topic))) grant.require("publish", topic);
    return publishEntries(reply, publisher, entries, (publish) => publish);
  });
}
