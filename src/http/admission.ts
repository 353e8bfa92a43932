// Who is let in: connections in all and of each address, requests a second of each address, and nothing new while the
// event loop is late. A refused connection is kept just long enough to be told why.
import type { Socket } from "node:net";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Config } from "../config/index.js";
import { TidewireError } from "../errors.js";
import { AddressCounts } from "../limits/address-counts.js";
import { clientOf, clientOfRequest, type TrustedProxies } from "../limits/addresses.js";
import type { Lateness } from "../limits/late-loop.js";
import { RequestRates } from "../limits/request-rates.js";

/** Connections beyond maxConnections, and beyond maxConnectionsPerAddress, that are told why; further ones are closed at once. */
export const REFUSED_CONNECTIONS = 256;
export const REFUSED_CONNECTIONS_PER_ADDRESS = 32;
/** A refused connection that has asked for nothing by then is closed. */
const REFUSED_LINGER_MS = 2_000;
/** When a client that found no room may come back. */
const RETRY_AFTER_MS = 1_000;
/** Always answered: who watches the server needs them most when it refuses others. Tokens that are shown there are counted apart. */
export const ALWAYS_ANSWERED = /^\/(health(\/.*)?|metrics)$/;

/** Bounds of who is let in; names and defaults are the configuration's. */
export type AdmissionLimits = Pick<Config, "maxConnections" | "maxConnectionsPerAddress" | "maxRequestsPerSecond">;

/** What it needs besides. */
export interface AdmissionContext {
  readonly limits: AdmissionLimits;
  readonly proxies: TrustedProxies;
  readonly lateness: Lateness;
}

/** Guards an app from its first connection on. */
export function guard(app: FastifyInstance, context: AdmissionContext): void {
  const admission = new Admission(context);
  // Node closes what is beyond without a word.
  app.server.maxConnections = context.limits.maxConnections + REFUSED_CONNECTIONS;
  app.server.on("connection", (socket: Socket) => admission.connected(socket));
  app.addHook("onRequest", (request, reply, done) => {
    const error = admission.asked(request, reply);
    if (!error) return done();
    // The plugin of WebSockets closes what it has seen, and it has not seen this one.
    if (isUpgrade(request)) reply.raw.once("finish", () => request.raw.socket.destroySoon());
    done(error);
  });
}

class Admission {
  readonly #context: AdmissionContext;
  readonly #rates: RequestRates;
  /** Of tokens shown where requests are not counted: checking a signature is work. */
  readonly #watcherRates: RequestRates;
  readonly #connections = new AddressCounts();
  /** What clients behind trusted proxies have under way: their sockets, event streams and requests. */
  readonly #underWay = new AddressCounts();
  /** By the peer's address and port, which TLS does not change: connections that are to be told why they are refused. */
  readonly #refused = new Map<string, TidewireError>();
  #open = 0;

  constructor(context: AdmissionContext) {
    this.#context = context;
    this.#rates = new RequestRates(context.limits.maxRequestsPerSecond);
    this.#watcherRates = new RequestRates(context.limits.maxRequestsPerSecond);
  }

  // ---- connections ----

  connected(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    // Gone before it was seen; Node says nothing about the peer of such a socket.
    if (remoteAddress === undefined) return;
    const client = this.#context.proxies.has(remoteAddress) ? undefined : clientOf(remoteAddress);
    const name = `${remoteAddress} ${remotePort}`;
    const ofClient = client === undefined ? 0 : this.#connections.enter(client);
    this.#open += 1;
    socket.once("close", () => {
      this.#open -= 1;
      if (client !== undefined) this.#connections.leave(client);
      this.#refused.delete(name);
    });
    const { maxConnections, maxConnectionsPerAddress } = this.#context.limits;
    if (ofClient > maxConnectionsPerAddress + REFUSED_CONNECTIONS_PER_ADDRESS) socket.destroy();
    else if (ofClient > maxConnectionsPerAddress)
      this.#refuse(socket, name, tooManyOfAddress(maxConnectionsPerAddress));
    else if (this.#open > maxConnections) this.#refuse(socket, name, tooManyConnections(maxConnections));
  }

  #refuse(socket: Socket, name: string, error: TidewireError): void {
    this.#refused.set(name, error);
    const cut = setTimeout(() => socket.destroy(), REFUSED_LINGER_MS).unref();
    socket.once("close", () => clearTimeout(cut));
  }

  // ---- requests ----

  /** @returns why a request is refused */
  asked(request: FastifyRequest, reply: FastifyReply): TidewireError | undefined {
    const refused = this.#refused.size === 0 ? undefined : this.#refused.get(nameOf(request.raw.socket));
    if (refused) reply.header("connection", "close");
    if (ALWAYS_ANSWERED.test(request.routeOptions.url ?? ""))
      return showsToken(request) ? this.#overRate(request, this.#watcherRates) : undefined;
    return refused ?? this.#overRate(request, this.#rates) ?? this.#overLoad() ?? this.#overShare(request, reply);
  }

  #overRate(request: FastifyRequest, rates: RequestRates): TidewireError | undefined {
    const waitMs = rates.take(clientOfRequest(request), performance.now());
    return waitMs === 0 ? undefined : rateLimited(this.#context.limits.maxRequestsPerSecond, waitMs);
  }

  #overLoad(): TidewireError | undefined {
    const { isLate, retryAfterMs } = this.#context.lateness;
    return isLate
      ? new TidewireError("OVERLOADED", "the server is behind with its work; try again later", undefined, {
          retryAfterMs,
        })
      : undefined;
  }

  /** A proxy's connections are its own; of its clients counts what they have under way. */
  #overShare(request: FastifyRequest, reply: FastifyReply): TidewireError | undefined {
    const { socket } = request.raw;
    if (!this.#context.proxies.has(socket.remoteAddress ?? "")) return undefined;
    const client = clientOfRequest(request);
    const { maxConnectionsPerAddress } = this.#context.limits;
    const count = this.#underWay.enter(client);
    // An upgraded connection lets go of its response, a request of its connection.
    const ends = isUpgrade(request) ? socket : reply.raw;
    ends.once("close", () => this.#underWay.leave(client));
    return count > maxConnectionsPerAddress ? tooManyOfAddress(maxConnectionsPerAddress) : undefined;
  }
}

/** Of headers that may hold one; whether it is any good is not known yet. */
const showsToken = ({ headers }: FastifyRequest): boolean =>
  headers.authorization !== undefined || headers["sec-websocket-protocol"] !== undefined;

const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** Told by Node for those that it hands to whoever listens for upgrades; its types do not know. */
const isUpgrade = ({ raw }: FastifyRequest): boolean => Reflect.get(raw, "upgrade") === true;

function tooManyOfAddress(limit: number): TidewireError {
  const message = `this address has ${limit} connections, more may not be (maxConnectionsPerAddress); close some, or use one for more`;
  return new TidewireError("TOO_MANY_REQUESTS", message, { limit }, { retryAfterMs: RETRY_AFTER_MS });
}

function tooManyConnections(limit: number): TidewireError {
  const message = `${limit} connections are open, more may not be (maxConnections); try again later`;
  return new TidewireError("OVERLOADED", message, { limit }, { retryAfterMs: RETRY_AFTER_MS });
}

function rateLimited(limit: number, retryAfterMs: number): TidewireError {
  const message = `more than ${limit} requests a second of this address (maxRequestsPerSecond); send many readings or events as one, or over a socket`;
  return new TidewireError("RATE_LIMITED", message, { limit }, { retryAfterMs });
}
