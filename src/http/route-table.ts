// Which routes the app has, for the documents.
import type { FastifyInstance } from "fastify";
import type { Route } from "../docs/openapi.js";
import { ALWAYS_ANSWERED } from "./admission.js";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the documents leave it out: it is a file of a page, or refuses. */
    readonly isUndescribed?: true;
  }
}

/** Collects every route that the app gets from now on: not the sockets, nor the HEAD that comes with each GET. */
export function watchRoutes(app: FastifyInstance): readonly Route[] {
  const routes: Route[] = [];
  app.addHook("onRoute", ({ url, method, config, ...route }) => {
    if (config?.isUndescribed || "wsHandler" in route) return;
    const isAlwaysAnswered = ALWAYS_ANSWERED.test(url);
    for (const name of [method].flat())
      if (name !== "HEAD") routes.push({ method: name, path: openApiPath(url), isAlwaysAnswered });
  });
  return routes;
}

/** `/topics/:topic/*` as OpenAPI writes it: `/topics/{topic}/{path}`. */
export function openApiPath(url: string): string {
  return url.replace(/:(\w+)/g, "{$1}").replace("*", "{path}");
}
