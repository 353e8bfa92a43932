// The dashboard: a page and its assets, as they were built.
import { existsSync, readdirSync } from "node:fs";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { TidewireError } from "../errors.js";
import { withMethodsRefused } from "./methods.js";

const PAGE = "index.html";
/** Files are named by their content: what has been loaded once is never asked for again. */
const ASSETS = "assets/";
const IMMUTABLE = "public, max-age=31536000, immutable";
/** The page names the assets of its build: it is asked for each time, and answered 304 while it is the same. */
const REVALIDATED = "no-cache";
/** Written by the build beside the files, and served in their place to clients that take them. */
const COMPRESSED = /\.(br|gz)$/;
/** Paths that belong to programs: what is not served there is an error, not the page. */
const RESERVED = /^(api|health|v2|metrics|docs|ws|assets)(\/|$)/;
/** A host and port that may stand in a policy. */
const HOST = /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i;
const NOT_BUILT = "the dashboard is not built: run `npm run build` and restart the server";

/** What {@link registerDashboard} takes. */
export interface DashboardDependencies {
  /** Folder of the built files; may be missing. Read once: what a client names is looked up, never opened. */
  readonly dashboardFolder: string;
}

/**
 * GET `/` is the page and GET `/assets/…` what it loads. The page is also what a browser gets at a path that nothing
 * else is served at: the URL holds the view.
 */
export function registerDashboard(app: FastifyInstance, { dashboardFolder }: DashboardDependencies): void {
  app.register(async (scope) => {
    const files = filesIn(dashboardFolder);
    const isBuilt = files.includes(PAGE);
    if (isBuilt) {
      await scope.register(fastifyStatic, {
        root: dashboardFolder,
        serve: false,
        preCompressed: true,
        cacheControl: false,
      });
    }
    const sendPage = isBuilt ? sendFile(PAGE) : sayNotBuilt;
    withMethodsRefused(scope, () => {
      scope.get("/", sendPage);
      for (const name of files) if (name !== PAGE) scope.get(`/${name}`, sendFile(name));
    });
    scope.get<{ Params: { "*": string } }>("/*", (request, reply) => {
      const isView = acceptsPage(request) && !RESERVED.test(request.params["*"]);
      return isView ? sendPage(request, reply) : reply.callNotFound();
    });
  });
}

/** Names below the folder, with slashes; none where there is no such folder. */
function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map(({ parentPath, name }) => `${parentPath}/${name}`.slice(folder.length + 1));
  return names.filter((name) => !COMPRESSED.test(name)).map((name) => name.replaceAll("\\", "/"));
}

function sendFile(name: string) {
  const caching = name.startsWith(ASSETS) ? IMMUTABLE : REVALIDATED;
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    reply.headers(protections(request)).headers({ "cache-control": caching, vary: "accept-encoding" });
    return reply.sendFile(name);
  };
}

/** Nothing but this server's own files and connections, whatever a page of ours is made to show. */
function protections({ headers }: FastifyRequest): Record<string, string> {
  const host = headers.host && HOST.test(headers.host) ? headers.host : undefined;
  // Some browsers do not count WebSocket among what 'self' allows.
  const sockets = host ? ` ws://${host} wss://${host}` : "";
  const policy = `default-src 'self'; connect-src 'self'${sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; object-src 'none'`;
  return {
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
}

/** Whether a browser asks for a page: programs that take anything are better told that there is nothing. */
function acceptsPage({ headers }: FastifyRequest): boolean {
  return /\btext\/html\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(headers.accept ?? "");
}

function sayNotBuilt(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!acceptsPage(request)) throw new TidewireError("NOT_FOUND", NOT_BUILT);
  const page = `<!doctype html><html lang="en"><title>Tidewire</title><h1>Tidewire</h1><p>${NOT_BUILT}.</p></html>`;
  return reply.code(404).headers(protections(request)).type("text/html; charset=utf-8").send(page);
}
