// The WebSocket paths: which exist, and what a connection on each begins with.
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import fastifyWebsocket from "@fastify/websocket";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type WebSocket from "ws";
import { NOBODY } from "../access/grant.js";
import { TidewireError } from "../errors.js";
import { clientOfRequest } from "../limits/addresses.js";
import type { Greeting } from "../session/opening.js";
import type { SessionServices } from "../session/services.js";
import { Session } from "../session/session.js";
import { cut } from "../wire/refuse.js";
import { Connection } from "./connection.js";
import { Heartbeat, type HeartbeatTimes } from "./heartbeat.js";
import { Turns } from "./turns.js";

/** The encodings that may be agreed on, the server's preference first. */
const SUBPROTOCOLS = ["tidewire.v1.proto", "tidewire.v1.json"];

/** Paths that speak the whole protocol, and what each is subscribed to from the start. */
const PATHS: Readonly<Record<string, string | undefined>> = {
  "/api/v1/ws": undefined,
  "/ws": undefined,
  "/api/v1/inference/stream": undefined,
  "/api/v1/ws/system": "system.*",
  "/api/v1/models/training-progress": "training.*",
  "/api/v1/models/evaluation-progress": "evaluation.*",
};

/** A training run's own path. */
const TRAINING_PATH = "/api/v1/ws/training/:experimentId";

/** Every path as the documents write it, and what a connection on it is subscribed to from the start. */
export const SOCKET_PATHS: readonly { readonly path: string; readonly topic: string | undefined }[] = [
  ...Object.entries(PATHS).map(([path, topic]) => ({ path, topic })),
  { path: TRAINING_PATH.replace(/:(\w+)/, "{$1}"), topic: "training.{experimentId}" },
];

const SOCKET_ROUTES: ReadonlySet<string> = new Set([...Object.keys(PATHS), TRAINING_PATH]);

/** Longest client_id that is told back; what is beyond is cut. */
const MAX_CLIENT_ID_LENGTH = 128;

/** When a connection without a token may be tried again: some of those before it have shown theirs by then. */
const STRANGERS_RETRY_MS = 1000;

const notFound = (url: string, what: string): TidewireError =>
  new TidewireError("NOT_FOUND", `${what} is served at ${url.slice(0, MAX_SHOWN_URL)}`);

/** Most of a URL that an error shows. */
const MAX_SHOWN_URL = 200;

/** What the paths need. */
export interface WebSocketContext extends HeartbeatTimes {
  readonly services: SessionServices;
  /** Longest message in bytes; a longer one closes the connection with 1009. */
  readonly maxFrameBytes: number;
  /** Connections that may be open without having shown a token, in all and of one address. */
  readonly maxUnauthenticated: number;
  readonly maxUnauthenticatedPerAddress: number;
  /** Whether new connections are still welcome. */
  readonly isOpen: () => boolean;
}

/** Adds the WebSocket paths to the app. Call it before any route is added. */
export async function registerWebSockets(app: FastifyInstance, context: WebSocketContext): Promise<void> {
  const heartbeat = new Heartbeat(context);
  const turns = new Turns();
  await app.register(fastifyWebsocket, {
    options: {
      maxPayload: context.maxFrameBytes,
      perMessageDeflate: false, // 226 KB against 8 KB a socket, and joined writes need it off
      clientTracking: false, // the session directory has them
      handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
    },
    // The plugin's own sends 1005; sessions have been drained with 1001 by then.
    preClose: (done) => {
      heartbeat[Symbol.dispose]();
      done();
    },
  });
  const upgrades = new WeakMap<IncomingMessage, Duplex>();
  app.server.prependListener("upgrade", (request, socket: Duplex) => {
    upgrades.set(request, socket);
    endIfAnswering(socket);
  });
  // The plugin does so for requests that have come to its own first hook. Who was refused before that, because of a rate or a
  // late loop, would keep a socket that nobody reads: it would outlive its client, and hold up the server's end.
  app.addHook("onResponse", async ({ raw }) => {
    upgrades.get(raw)?.destroy();
  });
  // The plugin would open a socket on any route, and close it with 1005.
  app.addHook("onRequest", async (request) => {
    if (request.ws && !SOCKET_ROUTES.has(request.routeOptions.url ?? "")) throw notFound(request.url, "no WebSocket");
  });
  // The plugin closes the socket of an upgrade that was refused: a client must not use it again.
  app.addHook("onSend", async ({ ws }, reply) => {
    if (ws) reply.header("connection", "close");
  });
  app.addHook("preValidation", async (request) => {
    if (!request.ws || request.grant !== NOBODY) return;
    const { maxUnauthenticated, maxUnauthenticatedPerAddress, services } = context;
    const { closedOff } = services.sessions;
    if (closedOff.of(clientOfRequest(request)) >= maxUnauthenticatedPerAddress)
      throw tooManyOfAddress(maxUnauthenticatedPerAddress);
    if (closedOff.total >= maxUnauthenticated) throw tooManyStrangers(maxUnauthenticated);
  });
  const config = { access: "socket" } as const;
  const plain = async (request: FastifyRequest): Promise<never> => {
    throw notFound(request.url, "a WebSocket only");
  };
  for (const [url, topic] of Object.entries(PATHS))
    app.route({
      method: "GET",
      url,
      config,
      handler: plain,
      wsHandler: (socket, request) => openPath(socket, request, topic),
    });
  app.route({ method: "GET", url: TRAINING_PATH, config, handler: plain, wsHandler: openTraining });

  function openPath(socket: WebSocket, request: FastifyRequest, topic: string | undefined): void {
    open(socket, request, topic === undefined ? undefined : { topic, clientId: clientIdOf(request) });
  }

  function openTraining(socket: WebSocket, request: FastifyRequest): void {
    const { experimentId: run } = request.params as { experimentId: string };
    open(socket, request, { topic: `training.${run}`, clientId: clientIdOf(request), run });
  }

  function open(socket: WebSocket, request: FastifyRequest, greeting: Greeting | undefined): void {
    const { services } = context;
    const connection = new Connection(socket, heartbeat, services.traffic, turns);
    const { routeOptions, grant } = request;
    const client = clientOfRequest(request);
    const opening = {
      subprotocol: socket.protocol || undefined,
      path: routeOptions.url ?? "",
      grant,
      client,
      greeting,
    };
    const session = new Session(services, connection, opening);
    connection.attach(session, () => heartbeat.remove(connection));
    heartbeat.add(connection);
    if (!context.isOpen()) session.end(1001, "the server is going away");
  }
}

function tooManyOfAddress(limit: number): TidewireError {
  const message = `${limit} connections of this address have shown no token yet, more may not be: send the token with the upgrade`;
  return new TidewireError("TOO_MANY_REQUESTS", message, { limit }, { retryAfterMs: STRANGERS_RETRY_MS });
}

function tooManyStrangers(limit: number): TidewireError {
  const message = `${limit} connections have shown no token yet, more may not be: send the token with the upgrade`;
  return new TidewireError("OVERLOADED", message, { limit }, { retryAfterMs: STRANGERS_RETRY_MS });
}

/**
 * Ends a connection that asks for an upgrade before its earlier request is answered. The plugin cannot serve it: it would
 * leave the socket open, with no time-out, for as long as the client likes.
 */
function endIfAnswering(socket: Duplex): void {
  const response: unknown = Reflect.get(socket, "_httpMessage");
  if (response instanceof ServerResponse) response.once("close", () => socket.destroy());
}

function clientIdOf(request: FastifyRequest): string | undefined {
  const { client_id: id } = request.query as { client_id?: string | string[] };
  return typeof id === "string" ? cut(id, MAX_CLIENT_ID_LENGTH) : undefined;
}
