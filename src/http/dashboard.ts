// The dashboard: a page and its assets, as they were built.
import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import fastifyStatic, { type SetHeadersResponse } from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { TidewireError } from "../errors.js";
import { PUBLIC } from "./guard.js";
import { withMethodsRefused } from "./methods.js";

const PAGE = "index.html";
/** Files are named by their content: what has been loaded once is never asked for again. */
const ASSETS = join("assets", "/");
const IMMUTABLE = "public, max-age=31536000, immutable";
/** The page names the assets of its build: it is asked for each time, and answered 304 while it is the same. */
const REVALIDATED = "no-cache";
/** Written by the build beside the files, and served in their place to clients that take them. */
const COMPRESSED = /\.(br|gz)$/;
/** Paths that belong to programs: what is not served there is an error, not the page. */
const RESERVED = /^(api|health|v2|metrics|docs|ws|assets)(\/|$)/;
/** A host and port that may stand in a policy. */
const HOST = /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i;
const NOT_BUILT = "the dashboard is not built: run `npm run build`";

/** What {@link registerDashboard} takes. */
export interface DashboardDependencies {
  /** Folder of the built files; may be missing, and may come or be replaced while the server runs. */
  readonly dashboardFolder: string;
}

/**
 * GET `/` is the page and GET `/assets/…` what it loads. The page is also what a browser gets at a path that nothing
 * else is served at: the URL holds the view.
 */
export function registerDashboard(app: FastifyInstance, { dashboardFolder }: DashboardDependencies): void {
  const files = new BuiltFiles(dashboardFolder);
  const send = (name: string, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    reply.headers(protections(request)).header("vary", "accept-encoding");
    return reply.sendFile(name, dashboardFolder);
  };
  // Only once a file is there to be sent: that there is none must not be kept for a year.
  const setHeaders = (response: SetHeadersResponse, path: string): void => {
    const isAsset = relative(dashboardFolder, path).startsWith(ASSETS);
    response.setHeader("cache-control", isAsset ? IMMUTABLE : REVALIDATED);
  };
  const sendPage = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    files.has(PAGE) ? send(PAGE, request, reply) : sayNotBuilt(request, reply);
  app.register(async (scope) => {
    await scope.register(fastifyStatic, { serve: false, preCompressed: true, cacheControl: false, setHeaders });
    const options = { config: { ...PUBLIC.config, isUndescribed: true } } as const;
    withMethodsRefused(scope, () => scope.get("/", options, sendPage));
    scope.get<{ Params: { "*": string } }>("/*", options, (request, reply) => {
      const name = request.params["*"];
      if (files.has(name)) return send(name, request, reply);
      return acceptsPage(request) && !RESERVED.test(name) ? sendPage(request, reply) : reply.callNotFound();
    });
  });
}

/** The built files by name: what a client asks for is looked up here, and never opened unless it is found. */
class BuiltFiles {
  readonly #folder: string;
  #names: ReadonlySet<string> = new Set();
  /** When the page and the folder of its assets changed that the names belong to. */
  #changed = "";

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether there is a file of that name, with slashes, below the folder. */
  has(name: string): boolean {
    const [page, assets] = [PAGE, ASSETS].map((entry) => changedMs(join(this.#folder, entry)));
    const changed = `${page} ${assets}`;
    if (changed !== this.#changed) {
      this.#changed = changed;
      this.#names = new Set(page === undefined ? [] : namesIn(this.#folder));
    }
    return this.#names.has(name);
  }
}

function changedMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function namesIn(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll("\\", "/"));
  return names.filter((name) => !COMPRESSED.test(name));
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
