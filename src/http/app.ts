// The HTTP server and its routes. WebSocket is added to the same app by ws/.
import type { Server } from "node:http";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyHttpOptions,
  type FastifyInstance,
  LogController,
} from "fastify";
import type { Authenticator } from "../access/access.js";
import { type OriginSettings, Origins } from "../access/origins.js";
import type { TlsContext } from "../access/tls-files.js";
import type { Config } from "../config/index.js";
import { TrustedProxies } from "../limits/addresses.js";
import type { Lateness } from "../limits/late-loop.js";
import { HttpCounts } from "../meters/route-counts.js";
import { type AdmissionLimits, guard } from "./admission.js";
import { readBodies } from "./bodies.js";
import { limitBodyTime } from "./body-deadline.js";
import { registerCancel } from "./cancel.js";
import { registerConnections } from "./connections.js";
import { countRequests } from "./counted.js";
import type { HttpDependencies } from "./dependencies.js";
import { registerEnsembles } from "./ensembles.js";
import { answerMalformed, handleErrors, replyError } from "./errors.js";
import { registerEventStream } from "./event-stream.js";
import { registerEvents } from "./events.js";
import { checkAccess } from "./guard.js";
import { registerHealth } from "./health.js";
import { withMethodsRefused } from "./methods.js";
import { registerMetrics } from "./metrics.js";
import { protectPages } from "./pages-policy.js";
import { NAMED_REQUESTS, nameRequests, REQUEST_ID_LABEL } from "./request-id.js";
import { registerSchema } from "./schema.js";
import { registerStreams } from "./streams.js";
import { registerTokens } from "./tokens.js";
import { registerTopics } from "./topics.js";
import { registerTraining } from "./training.js";
import { registerTrainingEntries } from "./training-entries.js";
import { UnusedConnections } from "./unused-connections.js";

/** A request whose head has not arrived whole by then is given up; for bodies see body-deadline.ts. */
const HEADERS_TIMEOUT_MS = 60_000;
/** A connection that has not agreed on a key by then is closed. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Longest name in a path that is looked up; a longer one is unknown in any case. */
const MAX_PARAMETER_LENGTH = 1024;

/** What the app needs of the configuration. */
export type HttpLimits = AdmissionLimits & OriginSettings & Pick<Config, "maxBodyBytes" | "trustedProxies">;

/** What the app needs of the rest of the server. */
export interface AppContext {
  readonly authenticator: Authenticator;
  readonly lateness: Lateness;
  readonly counts?: HttpCounts;
  /** Certificate and key; without them the app speaks plain HTTP. */
  readonly tls?: TlsContext | undefined;
}

/** An app without routes that answers every error in the catalogue's form, and counts. Not listening yet. */
export function createApp(
  limits: HttpLimits,
  log: FastifyBaseLogger,
  { authenticator, lateness, tls, counts = new HttpCounts() }: AppContext,
): FastifyInstance {
  const proxies = new TrustedProxies(limits.trustedProxies);
  // Node would refuse a request without Host by itself, without a word.
  const transport = { headersTimeout: HEADERS_TIMEOUT_MS, requireHostHeader: false };
  const options: FastifyHttpOptions<Server> = {
    ...NAMED_REQUESTS,
    loggerInstance: log,
    // A line a request would cost more than most requests do.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: REQUEST_ID_LABEL }),
    bodyLimit: limits.maxBodyBytes,
    trustProxy: (address) => proxies.has(address),
    requestTimeout: 0,
    // Nothing but the two servers' own types tells them apart, and both are an http.Server in all that is used here.
    ...((tls
      ? { https: { ...tls, ...transport, handshakeTimeout: HANDSHAKE_TIMEOUT_MS } }
      : { http: transport }) as object),
    forceCloseConnections: "idle",
    // Fastify's own 503 has another form than our errors; a request that still gets in while it closes is served.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    clientErrorHandler: (error, socket) => {
      counts.errors.add("INVALID_MESSAGE");
      answerMalformed(error, socket);
    },
    frameworkErrors: (error, request, reply) => {
      replyError(error as FastifyError, request, reply);
    },
  };
  const app: FastifyInstance = Fastify(options);
  guard(app, { limits, proxies, lateness });
  const unused = new UnusedConnections(app.server);
  app.addHook("preClose", (done) => {
    unused.close();
    done();
  });
  nameRequests(app);
  countRequests(app, counts);
  const origins = new Origins(limits, authenticator.isOpen);
  protectPages(app, origins);
  limitBodyTime(app); // before anything refuses a request: Node reads a refused one's body, too
  checkAccess(app, authenticator, origins);
  readBodies(app);
  handleErrors(app);
  return app;
}

/** Adds every route of the REST interface. */
export function registerRoutes(app: FastifyInstance, dependencies: HttpDependencies): void {
  withMethodsRefused(app, () => {
    registerHealth(app, dependencies);
    registerEnsembles(app, dependencies);
    registerStreams(app, dependencies);
    registerTraining(app, dependencies);
    registerTrainingEntries(app, dependencies);
    registerEvents(app, dependencies);
    registerEventStream(app, dependencies);
    registerTopics(app, dependencies);
    registerCancel(app, dependencies);
    registerConnections(app, dependencies);
    registerMetrics(app, dependencies);
    registerSchema(app, dependencies);
    registerTokens(app, dependencies);
  });
}
