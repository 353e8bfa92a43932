// Which routes the app has, for the documents.
import type { FastifyInstance } from "fastify";
import type { Route } from "../docs/openapi.js";
import { ALWAYS_ANSWERED } from "./admission.js";
import type { RouteAccess } from "./guard.js";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the documents leave it out: it is a file of a page, or refuses. */
    readonly isUndescribed?: true;
  }
}

/** What comes with other routes: the HEAD of each GET, and the preflights of browsers. */
const COMPANIONS: ReadonlySet<string> = new Set(["HEAD", "OPTIONS"]);

/** Collects every route that the app gets from now on, but sockets and what only comes with other routes. */
export function watchRoutes(app: FastifyInstance): readonly Route[] {
  const routes: Route[] = [];
  app.addHook("onRoute", ({ url, method, config, ...route }) => {
    if (config?.isUndescribed || "wsHandler" in route) return;
    const isAlwaysAnswered = ALWAYS_ANSWERED.test(url);
    for (const name of [method].flat())
      if (!COMPANIONS.has(name))
        routes.push({ method: name, path: openApiPath(url), needs: scopeOf(url, config?.access), isAlwaysAnswered });
  });
  return routes;
}

/** The scope that a route needs, its path's names in braces; empty where it asks itself, undefined where it needs none. */
function scopeOf(url: string, access: RouteAccess | undefined): string | undefined {
  if (typeof access !== "function") return access === "known" ? "" : undefined;
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  // Braces are no part of a topic, and what the route makes of its names is checked.
  const [action, target] = access(Object.fromEntries(names.map((name) => [name, `__${name}__`])));
  return target === "" ? action : `${action}:${target.replace(/__(\w+?)__/g, "{$1}")}`;
}

/** `/topics/:topic/*` as OpenAPI writes it: `/topics/{topic}/{path}`. */
export function openApiPath(url: string): string {
  return url.replace(/:(\w+)/g, "{$1}").replace("*", "{path}");
}
