// Liveness and readiness, as orchestrators and people ask for them.
import type { FastifyInstance } from "fastify";
import { type Health, ModelStatus } from "../../generated/ts/tidewire/v1/http.js";
import type { EnsembleDirectory, HttpDependencies, Readiness } from "./dependencies.js";
import { send } from "./reply.js";

type HealthDependencies = Pick<HttpDependencies, "ensembles" | "readiness" | "version">;

/** `/health` and `/health/live` answer 200 while the process lives; `/health/ready` 503 while it takes no work. */
export function registerHealth(app: FastifyInstance, dependencies: HealthDependencies): void {
  const startedMs = performance.now();
  const health = () => describe(dependencies, (performance.now() - startedMs) / 1000);
  app.get("/health", (_, reply) => send(reply, "Health", health()));
  app.get("/health/live", (_, reply) => send(reply, "Health", health()));
  app.get("/health/ready", (_, reply) => {
    if (dependencies.readiness.state() !== "ready") reply.code(503).header("retry-after", "1");
    return send(reply, "Health", health());
  });
}

function describe({ ensembles, readiness, version }: HealthDependencies, uptimeSeconds: number): Health {
  return { status: statusOf(readiness), version, uptimeSeconds, ...modelsOf(ensembles) };
}

function statusOf(readiness: Readiness): Health["status"] {
  const state = readiness.state();
  return state === "ready" ? "ok" : state;
}

function modelsOf(directory: EnsembleDirectory): Pick<Health, "ensembles" | "broken"> {
  const all = directory.list();
  const broken = all.filter(({ status }) => status === ModelStatus.MODEL_STATUS_BROKEN);
  return {
    ensembles: all.filter((ensemble) => !broken.includes(ensemble)).map(({ name }) => name),
    broken: Object.fromEntries(broken.map(({ name, reason }) => [name, reason ?? ""])),
  };
}
