// Asking the owner of a task, workflow or evaluation to stop.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { readMessage } from "../wire/json.js";
import type { HttpDependencies } from "./dependencies.js";
import { ASKS_ITSELF } from "./guard.js";
import { topicOf } from "./names.js";
import { send } from "./reply.js";

/** POST `/api/v1/tasks/{project}/{task}/cancel`, `/workflows/{workflow}/{execution}/cancel`, `/evaluations/{id}/cancel`. */
export function registerCancel(app: FastifyInstance, { cancellation }: Pick<HttpDependencies, "cancellation">): void {
  const options = { config: { ...ASKS_ITSELF.config, bodyOptional: true } };
  const cancel = async ({ body, grant }: FastifyRequest, reply: FastifyReply, topic: string) => {
    grant.require("publish", topic);
    const { reason } = readMessage("RequestCancel", body ?? {});
    await cancellation.cancel(topic, reason);
    return send(reply.code(202), "CancelAccepted", { topic });
  };

  app.post<{ Params: { project: string; task: string } }>(
    "/api/v1/tasks/:project/:task/cancel",
    options,
    async (request, reply) => cancel(request, reply, topicOf("task", request.params.project, request.params.task)),
  );
  app.post<{ Params: { workflow: string; execution: string } }>(
    "/api/v1/workflows/:workflow/:execution/cancel",
    options,
    async (request, reply) =>
      cancel(request, reply, topicOf("workflow", request.params.workflow, request.params.execution)),
  );
  app.post<{ Params: { id: string } }>("/api/v1/evaluations/:id/cancel", options, async (request, reply) =>
    cancel(request, reply, topicOf("evaluation", request.params.id)),
  );
}
