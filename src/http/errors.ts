// Whatever goes wrong in HTTP, as a row of the error catalogue.
import type { Socket } from "node:net";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type ErrorCode, TidewireError } from "../errors.js";
import { toTidewireError } from "../machine-faults.js";
import { REQUEST_ID_HEADER, sentRequestId } from "./request-id.js";

/** Fastify's own errors that have a code of ours with a meaning closer than INVALID_MESSAGE. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "FRAME_TOO_LARGE",
  FST_ERR_CTP_INVALID_JSON_BODY: "INVALID_JSON",
  FST_ERR_CTP_EMPTY_JSON_BODY: "INVALID_JSON",
  // A name in a path that is too long to be looked up is no one's.
  FST_ERR_MAX_PARAM_LENGTH: "NOT_FOUND",
};

/** What the parser of Node says, and the status that fits. */
const PARSER_STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** What may not stand in a quoted scope. */
const NOT_QUOTABLE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g;

/** Longest text of Fastify's that a client is told, in characters. */
const MAX_MESSAGE = 300;

/** Every failed request is answered `{"error_code","message","details"}`; only causes that are the server's are logged. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>(replyError);
  app.setNotFoundHandler((request) => {
    throw notFound(request);
  });
}

/** What is told of a path without a route. */
export function notFound(request: FastifyRequest): TidewireError {
  return new TidewireError("NOT_FOUND", `nothing is served at ${request.method} ${pathOf(request)}`);
}

/**
 * Replies with the error in HTTP's form. Every reply has the request's id in its header; the body has it too where the
 * client gave it, and where the server is at fault: then it is what somebody quotes who asks for help.
 */
export function replyError(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { error: plain, status } = translate(thrown);
  const isQuoted = status >= 500 || sentRequestId(request.headers) !== undefined;
  const error = isQuoted ? plain.withRequestId(request.id) : plain;
  const { code, cause } = error;
  if (status >= 500 && cause !== undefined)
    request.log.error({ err: cause, error_code: code, status, url: request.url }, error.message);
  challenge(reply, error);
  if (error.retryAfterMs !== undefined) reply.header("retry-after", Math.ceil(error.retryAfterMs / 1000));
  reply.errorCode = code;
  reply.header(REQUEST_ID_HEADER, request.id); // an error of the framework's own comes before any hook
  return reply.code(status).type("application/json; charset=utf-8").send(bodyOf(error));
}

function translate(thrown: FastifyError): { error: TidewireError; status: number } {
  const status = thrown.statusCode ?? 500;
  const refused = !(thrown instanceof TidewireError) && status >= 400 && status < 500;
  if (!refused) {
    const error = toTidewireError(thrown);
    return { error, status: error.row.httpStatus };
  }
  const known = CODES[thrown.code];
  const code = known ?? (thrown instanceof SyntaxError ? "INVALID_JSON" : "INVALID_MESSAGE");
  // Some of Fastify's texts hold the whole URL.
  const error = new TidewireError(code, thrown.message.slice(0, MAX_MESSAGE));
  return { error, status: known ? error.row.httpStatus : status };
}

/** Says what kind of token is asked for (RFC 6750, section 3). */
function challenge(reply: FastifyReply, { code, details }: TidewireError): void {
  const needs = typeof details?.needs === "string" ? details.needs.replace(NOT_QUOTABLE, "?") : undefined;
  const scope = needs === undefined ? "" : `, scope="${needs}"`;
  if (code === "UNAUTHENTICATED") reply.header("www-authenticate", `Bearer realm="tidewire"${scope}`);
  else if (code === "PERMISSION_DENIED" && needs !== undefined)
    reply.header("www-authenticate", `Bearer realm="tidewire", error="insufficient_scope"${scope}`);
}

/** Answers bytes that are no HTTP request, and closes the connection. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  const isNoTls = error.code?.startsWith("ERR_SSL_") === true; // there is no way to say anything over it
  if (error.code === "ECONNRESET" || isNoTls || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = PARSER_STATUS[error.code ?? ""] ?? "400 Bad Request";
  const body = bodyOf(new TidewireError("INVALID_MESSAGE", `not a valid HTTP request: ${status.slice(4)}`));
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close\r\n`;
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy());
}

function bodyOf(error: TidewireError): string {
  const { code, message, details, retryAfterMs } = error;
  const retry = retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs };
  return JSON.stringify({ error_code: code, message, details: { ...details, ...retry } });
}

function pathOf(request: FastifyRequest): string {
  const [path = ""] = request.url.split("?", 1);
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}
