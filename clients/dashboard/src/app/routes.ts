// The pages: where each is found, what it is called, and how its code is loaded.
import type { ComponentType } from "react";
import { matchPath, type Params } from "../router/match.js";
import type { IconName } from "../ui/icon.js";

/** What a page is given; the rest of its view is in the query (`useView`). */
export interface PageProps {
  /** What the route's pattern names: `{ experimentId: "run_1" }`. */
  readonly params: Params;
}

type PageModule = { readonly default: ComponentType<PageProps> };

/** A page. */
export interface Route {
  readonly pattern: string;
  readonly load: () => Promise<PageModule>;
  /** The entry of the navigation that it belongs to. */
  readonly section: string;
}

/** An entry of the navigation. */
export interface Section {
  readonly path: string;
  readonly title: string;
  readonly icon: IconName;
  /** Goes there from anywhere, after "g". */
  readonly key: string;
}

export const SECTIONS: readonly Section[] = [
  { path: "/", title: "Overview", icon: "overview", key: "o" },
  { path: "/runs", title: "Runs", icon: "runs", key: "r" },
  { path: "/tasks", title: "Tasks", icon: "tasks", key: "t" },
  { path: "/inference", title: "Inference", icon: "inference", key: "i" },
  { path: "/evaluations", title: "Evaluations", icon: "evaluations", key: "e" },
  { path: "/system", title: "System", icon: "system", key: "s" },
  { path: "/connections", title: "Connections", icon: "connections", key: "c" },
];

export const ROUTES: readonly Route[] = [
  { pattern: "/", section: "/", load: () => import("../pages/overview/page.js") },
  { pattern: "/runs", section: "/runs", load: () => import("../pages/runs/page.js") },
  { pattern: "/runs/:experimentId", section: "/runs", load: () => import("../pages/run/page.js") },
  { pattern: "/tasks", section: "/tasks", load: () => import("../pages/tasks/page.js") },
  { pattern: "/inference", section: "/inference", load: () => import("../pages/inference/page.js") },
  { pattern: "/evaluations", section: "/evaluations", load: () => import("../pages/evaluations/page.js") },
  {
    pattern: "/evaluations/:evaluationId",
    section: "/evaluations",
    load: () => import("../pages/evaluations/page.js"),
  },
  { pattern: "/system", section: "/system", load: () => import("../pages/system/page.js") },
  { pattern: "/connections", section: "/connections", load: () => import("../pages/connections/page.js") },
];

/** The route of a path, and what its pattern names. */
export function routeOf(path: string): { readonly route: Route; readonly params: Params } | undefined {
  for (const route of ROUTES) {
    const params = matchPath(route.pattern, path);
    if (params) return { route, params };
  }
  return undefined;
}
