// GET /metrics: what the server measures of itself, for Prometheus and whatever reads its formats.
import type { FastifyInstance } from "fastify";
import { CONTENT_TYPES, formatOf } from "../metrics/exposition.js";
import type { HttpDependencies } from "./dependencies.js";
import { needs } from "./guard.js";

/** GET `/metrics`, as text in Prometheus' format, or in OpenMetrics where `Accept` prefers it. */
export function registerMetrics(app: FastifyInstance, { metrics }: Pick<HttpDependencies, "metrics">): void {
  app.get("/metrics", needs("monitor"), async (request, reply) => {
    const format = formatOf(request.headers.accept);
    return reply
      .type(CONTENT_TYPES[format])
      .header("cache-control", "no-store")
      .header("vary", "accept")
      .send(await metrics.write(format));
  });
}
