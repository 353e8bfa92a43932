// What browsers are told: replies are no pages, and which other pages may read them.
import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";
import type { Origins } from "../access/origins.js";

/** How long a browser may remember what it may send, in seconds. */
const PREFLIGHT_AGE_S = 600;

/** Sets the headers of every reply. Routes that serve pages set a policy of their own in place of the strictest one. */
export function protectPages(app: FastifyInstance, origins: Origins): void {
  app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
    },
    referrerPolicy: { policy: "no-referrer" },
    // It would bind every other port of this host too, for months: a proxy in front may say it, if that is meant.
    strictTransportSecurity: false,
    // Of browsers that are gone.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    originAgentCluster: false,
  });
  app.register(cors, {
    origin: origins.allowed.includes("*")
      ? "*"
      : (origin, done) => done(null, origin !== undefined && origins.allows(origin)),
    methods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
    allowedHeaders: ["authorization", "content-type", "last-event-id", "traceparent", "x-request-id"],
    exposedHeaders: ["content-disposition", "location", "retry-after", "www-authenticate", "x-request-id"],
    maxAge: PREFLIGHT_AGE_S,
    strictPreflight: false,
  });
}
