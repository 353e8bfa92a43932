// The one place where HTTP requests are let in: each has a grant before its route sees it, and each route says what it
// needs. A route that says nothing keeps the server from starting, so that none is forgotten.
import type { FastifyInstance, FastifyRequest, RouteOptions } from "fastify";
import type { Authenticator } from "../access/access.js";
import { EVERYBODY, type Grant, NOBODY, unauthenticated } from "../access/grant.js";
import type { Origins } from "../access/origins.js";
import { presentedToken } from "../access/presented.js";
import type { Action } from "../access/scopes.js";
import { TidewireError } from "../errors.js";
import { notFound } from "./errors.js";

/** An action, and the ensemble, topic or pattern it is about. */
type Need = readonly [action: Action, target: string];

/**
 * What a route needs, as its `config.access`:
 *
 * - `public`: nothing; a token that is shown is looked at, for what more it lets see
 * - `known`: any valid token; what else is needed depends on the body, and the handler asks `request.grant`
 * - `socket`: a WebSocket, which may show its token in its first frame
 * - or what a scope must cover, from the path's parameters
 */
export type RouteAccess = "public" | "known" | "socket" | ((params: unknown) => Need);

/** A part of a route's options. */
export interface Declared {
  readonly config: { readonly access: RouteAccess };
}

/** Options of a route that needs nothing. */
export const PUBLIC: Declared = { config: { access: "public" } };

/** Options of a route whose handler asks the request's grant: it must, for what it needs stands in the body or the reply. */
export const ASKS_ITSELF: Declared = { config: { access: "known" } };

/** Options of a route that needs an action, on what its path names. */
export function needs<Params>(action: Action, targetOf: (params: Params) => string = () => ""): Declared {
  return { config: { access: (params) => [action, targetOf(params as Params)] } };
}

declare module "fastify" {
  interface FastifyContextConfig {
    readonly access?: RouteAccess;
  }
  interface FastifyRequest {
    /** What the client may do. */
    grant: Grant;
  }
}

/** Methods that change nothing: without CORS a page of another origin cannot see what they answer. */
const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses requests of pages that may not ask, gives every other its grant, and refuses those whose route needs more. Call
 * it before any route is added.
 */
export function checkAccess(app: FastifyInstance, authenticator: Authenticator, origins: Origins): void {
  app.decorateRequest("grant");
  // Not in onRequest: there the WebSocket plugin still has to learn that a request is an upgrade, or it would leave the
  // socket of a refused one open. Nothing of a body is read before this hook either.
  app.addHook("preParsing", (request, _reply, payload, done) => {
    request.grant = NOBODY;
    const stranger = origins.refusal(request.headers, !READS.has(request.method) || isSocket(request));
    const refusal = isNameless(request) ? nameless() : stranger;
    if (refusal) return done(refusal);
    // Whatever its body is, it is in vain; what browsers ask before a request has been answered by now.
    if (request.is404 || request.method === "OPTIONS") return done(notFound(request));
    if (authenticator.isOpen) {
      request.grant = EVERYBODY;
      return done(null, payload);
    }
    admit(request, authenticator).then(
      () => done(null, payload),
      (error: Error) => done(error),
    );
  });
  // A body may take a minute to arrive: whose token has ended meanwhile acts no more.
  app.addHook("preHandler", ({ grant, routeOptions }, _reply, done) => {
    done(routeOptions.config.access === "public" ? undefined : grant.endedAt(Date.now()));
  });
  refuseUndeclared(app);
}

/** @throws TidewireError UNAUTHENTICATED, PERMISSION_DENIED, OVERLOADED */
async function admit(request: FastifyRequest, authenticator: Authenticator): Promise<void> {
  const access = request.is404 ? "public" : request.routeOptions.config.access;
  try {
    const token = presentedToken(request.headers);
    if (token !== undefined) request.grant = await authenticator.authenticate(token);
  } catch (error) {
    if (access !== "public") throw error;
  }
  demand(request, access);
}

/** Whether a request breaks RFC 9112, section 3.2: it does not say whom it asks. Nothing of an upgrade hangs on that. */
function isNameless({ raw, headers, ws }: FastifyRequest): boolean {
  return headers.host === undefined && raw.httpVersion === "1.1" && !ws;
}

function nameless(): TidewireError {
  return new TidewireError("INVALID_MESSAGE", "the header Host is missing: HTTP/1.1 asks for it", { field: "Host" });
}

function isSocket({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config?.access === "socket";
}

function demand({ grant, params }: FastifyRequest, access: RouteAccess | undefined): void {
  if (access === "public" || access === "socket") return;
  if (access === "known") {
    if (grant === NOBODY) throw unauthenticated('this needs a token: send it as "Authorization: Bearer <token>"');
    return;
  }
  // A route without a declaration keeps the server from starting; were there one, it would be the administrator's.
  const [action, target] = access ? access(params) : (["admin", ""] as const);
  grant.require(action, target);
}

function refuseUndeclared(app: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  app.addHook("onRoute", (route) => {
    routes.push(route);
  });
  app.addHook("onReady", (done) => {
    const undeclared = routes.filter(({ method, config }) => method !== "OPTIONS" && config?.access === undefined);
    const names = undeclared.map(({ method, url }) => `${[method].flat().join(",")} ${url}`);
    if (names.length === 0) return done();
    done(new Error(`these routes do not say in config.access what they need: ${names.join("; ")}`));
  });
}

/** Declares all routes that `scope` gets from now on public: pages and files that a plugin serves. */
export function declarePublic(scope: FastifyInstance): void {
  scope.addHook("onRoute", (route) => {
    route.config = { access: "public", ...route.config };
  });
}
