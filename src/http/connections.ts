// The figures of the WebSocket connections.
import type { FastifyInstance } from "fastify";
import type { HttpDependencies } from "./dependencies.js";
import { needs } from "./guard.js";
import { send } from "./reply.js";

/** GET `/api/v1/ws/stats`. */
export function registerConnections(
  app: FastifyInstance,
  { connections }: Pick<HttpDependencies, "connections">,
): void {
  app.get("/api/v1/ws/stats", needs("monitor"), (_, reply) => send(reply, "WsStats", connections.stats()));
}
