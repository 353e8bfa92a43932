// Liveness and readiness, as orchestrators and people ask for them.
import type { FastifyInstance } from "fastify";
import { CheckState, type Health, type HealthCheck, ModelStatus } from "../../generated/ts/tidewire/v1/http.js";
import type { Check, EnsembleDirectory, HttpDependencies } from "./dependencies.js";
import { send } from "./reply.js";

type HealthDependencies = Pick<HttpDependencies, "ensembles" | "readiness" | "health" | "version">;

const STATES: Readonly<Record<Check["state"], CheckState>> = {
  ok: CheckState.CHECK_STATE_OK,
  warning: CheckState.CHECK_STATE_WARNING,
  failing: CheckState.CHECK_STATE_FAILING,
};

/** `/health` and `/health/live` answer 200 while the process lives; `/health/ready` 503 while a check fails. */
export function registerHealth(app: FastifyInstance, dependencies: HealthDependencies): void {
  const startedMs = performance.now();
  const health = () => describe(dependencies, (performance.now() - startedMs) / 1000);
  app.get("/health", (_, reply) => send(reply, "Health", health()));
  app.get("/health/live", (_, reply) => send(reply, "Health", health()));
  app.get("/health/ready", (_, reply) => {
    const found = health();
    if (found.status !== "ok") reply.code(503).header("retry-after", "1");
    return send(reply, "Health", found);
  });
}

function describe({ ensembles, readiness, health, version }: HealthDependencies, uptimeSeconds: number): Health {
  const checks = health.checks();
  const state = readiness.state();
  const isFailing = checks.some((check) => check.state === "failing");
  const status = state !== "ready" ? state : isFailing ? "failing" : "ok";
  return { status, version, uptimeSeconds, ...modelsOf(ensembles), checks: checks.map(toMessage) };
}

function toMessage({ name, state, message, remedy }: Check): HealthCheck {
  return { name, state: STATES[state], message, remedy };
}

function modelsOf(directory: EnsembleDirectory): Pick<Health, "ensembles" | "broken"> {
  const all = directory.list();
  const broken = all.filter(({ status }) => status === ModelStatus.MODEL_STATUS_BROKEN);
  return {
    ensembles: all.filter((ensemble) => !broken.includes(ensemble)).map(({ name }) => name),
    broken: Object.fromEntries(broken.map(({ name, reason }) => [name, reason ?? ""])),
  };
}
