// What becomes of HTTP requests: by route, as it was registered, never by the path that was asked for.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { ERROR_CODES, type ErrorCode } from "../errors.js";
import { Histogram } from "../meters/histogram.js";
import { Tally } from "../meters/tally.js";

declare module "fastify" {
  interface FastifyReply {
    /** What the client was told, where it was an error. */
    errorCode: ErrorCode | undefined;
  }
}

/** Stands for the route of a path that nothing is served at, and for a method that no route takes. */
const NONE = "none";
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** The requests of one route. */
export interface RouteCounts {
  readonly method: string;
  readonly route: string;
  /** From the head's arrival to the last byte handed to the system, in seconds. */
  readonly durations: Histogram;
  /** Replies by status. */
  readonly statuses: Map<number, number>;
}

/** Counts since the start of the server; they only rise. */
export class RequestCounts {
  /** Errors told to clients of HTTP. */
  readonly errors = new Tally(ERROR_CODES);
  readonly #routes = new Map<string, RouteCounts>();

  /** Counts every reply of the app but upgrades and event streams, which are connections. */
  watch(app: FastifyInstance): void {
    app.decorateReply("errorCode", undefined);
    app.addHook("onResponse", async (request, reply) => {
      if (reply.errorCode) this.errors.add(reply.errorCode);
      if (request.ws || isStream(reply.getHeader("content-type"))) return;
      const { durations, statuses } = this.#routeOf(request);
      durations.observe(reply.elapsedTime / 1000);
      statuses.set(reply.statusCode, (statuses.get(reply.statusCode) ?? 0) + 1);
    });
  }

  /** The routes that were asked for. */
  get routes(): Iterable<RouteCounts> {
    return this.#routes.values();
  }

  #routeOf(request: FastifyRequest): RouteCounts {
    const route = request.routeOptions.url ?? NONE;
    const method = METHODS.has(request.method) ? request.method : NONE;
    const name = `${method} ${route}`;
    let counts = this.#routes.get(name);
    if (!counts) {
      counts = { method, route, durations: new Histogram(), statuses: new Map() };
      this.#routes.set(name, counts);
    }
    return counts;
  }
}

const isStream = (type: unknown): boolean => typeof type === "string" && type.startsWith("text/event-stream");
