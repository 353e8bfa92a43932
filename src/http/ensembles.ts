// The served ensembles: all of them, and one in full.
import type { FastifyInstance } from "fastify";
import type { HttpDependencies } from "./dependencies.js";
import { ASKS_ITSELF, needs } from "./guard.js";
import { send } from "./reply.js";

/** GET `/api/v1/ensemble/list` and `/api/v1/ensemble/{name}/info`. */
export function registerEnsembles(app: FastifyInstance, { ensembles }: Pick<HttpDependencies, "ensembles">): void {
  app.get("/api/v1/ensemble/list", ASKS_ITSELF, ({ grant }, reply) =>
    send(reply, "EnsembleList", { ensembles: ensembles.list().filter(({ name }) => grant.allows("predict", name)) }),
  );
  const predict = needs("predict", ({ name }: { name: string }) => name);
  app.get<{ Params: { name: string } }>("/api/v1/ensemble/:name/info", predict, (request, reply) =>
    send(reply, "EnsembleDescription", ensembles.describe(request.params.name)),
  );
}
