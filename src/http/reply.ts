import type { FastifyReply } from "fastify";
import { type JsonObject, type MessageType, writeMessage } from "../wire/json.js";
import { planOf } from "../wire/plan.js";

/** Replies with a message as the schema writes it in JSON, `"status": "success"` included where the schema asks for it. */
export function send<T extends MessageType>(
  reply: FastifyReply,
  type: T,
  message: Parameters<typeof writeMessage<T>>[1],
): FastifyReply {
  const fields = writeMessage(type, message) as JsonObject;
  const body = planOf(type).success ? { status: "success", ...fields } : fields;
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
}
