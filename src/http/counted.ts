// Counts what becomes of requests. Only routes as they were registered are told apart: a path is the client's.
import type { FastifyInstance } from "fastify";
import type { ErrorCode } from "../errors.js";
import type { HttpCounts } from "../meters/route-counts.js";

declare module "fastify" {
  interface FastifyReply {
    /** What the client was told, where it was an error. */
    errorCode: ErrorCode | undefined;
  }
  interface FastifyContextConfig {
    /** Whether the route's replies go on: they are connections, and no requests that take their time. */
    isEndless?: boolean;
  }
}

/** Stands for the route of a path that nothing is served at, and for a method that hardly any route takes. */
const NONE = "none";
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Counts every reply of the app. Upgrades and event streams count where they are refused. */
export function countRequests(app: FastifyInstance, counts: HttpCounts): void {
  app.decorateReply("errorCode", undefined);
  app.addHook("onResponse", async (request, reply) => {
    if (reply.errorCode) counts.errors.add(reply.errorCode);
    const { url: route = NONE, config } = request.routeOptions;
    const isConnection = request.ws || config.isEndless === true;
    if (isConnection && reply.errorCode === undefined) return;
    const method = METHODS.has(request.method) ? request.method : NONE;
    counts.answered(method, route, reply.statusCode, reply.elapsedTime / 1000);
  });
}
