// HTTP requests by route.
import { ERROR_CODES } from "../errors.js";
import { Histogram } from "./histogram.js";
import { Tally } from "./tally.js";

/** The requests of one method and route. */
export interface RouteCounts {
  readonly method: string;
  /** As it was registered, never the path that was asked for. */
  readonly route: string;
  /** From the head's arrival to the reply's end, in seconds. */
  readonly durations: Histogram;
  /** Replies by status. */
  readonly statuses: ReadonlyMap<number, number>;
}

/** Counts since the start of the server; they only rise. */
export class HttpCounts {
  /** Errors told to clients of HTTP. */
  readonly errors = new Tally(ERROR_CODES);
  readonly #routes = new Map<string, RouteCounts & { readonly statuses: Map<number, number> }>();

  /** A request has been answered. Methods and routes must be few: each pair is kept for good. */
  answered(method: string, route: string, status: number, seconds: number): void {
    const name = `${method} ${route}`;
    let counts = this.#routes.get(name);
    if (!counts) {
      counts = { method, route, durations: new Histogram(), statuses: new Map() };
      this.#routes.set(name, counts);
    }
    counts.durations.observe(seconds);
    counts.statuses.set(status, (counts.statuses.get(status) ?? 0) + 1);
  }

  /** The routes that were asked for. */
  get routes(): Iterable<RouteCounts> {
    return this.#routes.values();
  }
}
