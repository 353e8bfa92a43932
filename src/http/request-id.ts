// What a request is called: by its client, by us, and by the trace it is part of. Log lines, replies and errors say it.
import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, FastifyServerOptions } from "fastify";

/** The header of the request and of its reply. */
export const REQUEST_ID_HEADER = "x-request-id";
/** What may stand in a log and in a header without being quoted. Another id is the client's mistake, and gets one of ours. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** `traceparent` of W3C Trace Context: version, trace, parent, flags. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(-|$)/;

/** The id that a client gave its request; undefined where there is none that can be used. */
export function sentRequestId(headers: IncomingHttpHeaders): string | undefined {
  const id = headers[REQUEST_ID_HEADER];
  return typeof id === "string" && REQUEST_ID.test(id) ? id : undefined;
}

/** The trace that a request is part of, 32 hexadecimal digits. */
export function traceIdOf({ traceparent }: IncomingHttpHeaders): string | undefined {
  return typeof traceparent === "string" ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}

/** The id in log lines, and in the details of errors. */
export const REQUEST_ID_LABEL = "request_id";

/** How Fastify names requests, and what their log lines carry. */
export const NAMED_REQUESTS = {
  genReqId: ({ headers }: IncomingMessage) => sentRequestId(headers) ?? `req_${randomBytes(9).toString("base64url")}`,
  childLoggerFactory(log: FastifyBaseLogger, bindings, options, { headers }: IncomingMessage) {
    const trace_id = traceIdOf(headers);
    return log.child(trace_id === undefined ? bindings : { ...bindings, trace_id }, options);
  },
} satisfies FastifyServerOptions;

/** Tells each client its request's id; at level debug, each reply leaves a line. */
export function nameRequests(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header(REQUEST_ID_HEADER, request.id);
  });
  app.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions, log } = request;
    const { statusCode: status, elapsedTime, errorCode: error_code } = reply;
    log.debug(
      { method, route: routeOptions.url, status, ms: Math.round(elapsedTime * 100) / 100, error_code },
      "answered",
    );
  });
}
