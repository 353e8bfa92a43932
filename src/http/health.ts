// Liveness and readiness, as orchestrators and people ask for them.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { CheckState, type Health, type HealthCheck, ModelStatus } from "../../generated/ts/tidewire/v1/http.js";
import type { Grant } from "../access/grant.js";
import type { Check, EnsembleDirectory, HttpDependencies } from "./dependencies.js";
import { PUBLIC } from "./guard.js";
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
  const health = ({ grant }: FastifyRequest) => describe(dependencies, grant, (performance.now() - startedMs) / 1000);
  app.get("/health", PUBLIC, (request, reply) => send(reply, "Health", health(request)));
  app.get("/health/live", PUBLIC, (request, reply) => send(reply, "Health", health(request)));
  app.get("/health/ready", PUBLIC, (request, reply) => {
    const found = health(request);
    if (found.status !== "ok") reply.code(503).header("retry-after", "1");
    return send(reply, "Health", found);
  });
}

function describe(dependencies: HealthDependencies, grant: Grant, uptimeSeconds: number): Health {
  const { ensembles, readiness, health, version } = dependencies;
  const checks = health.checks();
  const state = readiness.state();
  const isFailing = checks.some((check) => check.state === "failing");
  const status = state !== "ready" ? state : isFailing ? "failing" : "ok";
  const told = grant.allows("monitor") ? checks : checks.map(withoutReason);
  return { status, version, uptimeSeconds, ...modelsOf(ensembles, grant), checks: told.map(toMessage) };
}

/** Reasons name folders and models: they are for those who look after the server. */
function withoutReason({ name, state }: Check): Check {
  return { name, state, message: `a token with the scope monitor is told why it is ${state}` };
}

function toMessage({ name, state, message, remedy }: Check): HealthCheck {
  return { name, state: STATES[state], message, remedy };
}

/** Whoever may not predict with a model learns neither its name nor what is wrong with it. */
function modelsOf(directory: EnsembleDirectory, grant: Grant): Pick<Health, "ensembles" | "broken"> {
  const all = directory.list().filter(({ name }) => grant.allows("predict", name));
  const broken = all.filter(({ status }) => status === ModelStatus.MODEL_STATUS_BROKEN);
  return {
    ensembles: all.filter((ensemble) => !broken.includes(ensemble)).map(({ name }) => name),
    broken: Object.fromEntries(broken.map(({ name, reason }) => [name, reason ?? ""])),
  };
}
