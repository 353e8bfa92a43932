import type { FastifyReply } from "fastify";
import { type MessageType, writeMessage } from "../wire/json.js";

/** Replies with a message as the schema writes it in JSON. */
export function send<T extends MessageType>(
  reply: FastifyReply,
  type: T,
  message: Parameters<typeof writeMessage<T>>[1],
): FastifyReply {
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(writeMessage(type, message)));
}
