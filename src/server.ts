// The composition root: makes every part and hands it what it needs.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Logger } from "pino";
import { type Config, PACKAGE_ROOT, VERSION } from "./config/index.js";
import { TidewireError } from "./errors.js";
import { createApp, registerRoutes } from "./http/app.js";
import type { Readiness } from "./http/dependencies.js";
import { HistoryFiles } from "./inference/history-files.js";
import { HistoryStore } from "./inference/history-store.js";

/** A whole server. */
export interface TidewireServer extends AsyncDisposable {
  /** Starts to listen. @returns its URL */
  listen(): Promise<string>;
  /** Drains, for at most `drainTimeoutMs`, and stops. Idempotent. */
  close(): Promise<void>;
}

/** What a server is given besides its configuration. */
export interface ServerDependencies {
  readonly log: Logger;
}

/** Makes a server that does not listen yet. */
export async function createServer(config: Config, { log }: ServerDependencies): Promise<TidewireServer> {
  let state: ReturnType<Readiness["state"]> = "starting";
  let closing: Promise<void> | undefined;
  const histories = new HistoryStore(config);
  // Fastify's own line about listening would stand beside ours.
  const app = createApp(config, log.child({}, { level: log.levelVal > 30 ? log.level : "warn" }));
  registerRoutes(app, {
    version: VERSION,
    protoFolder: join(PACKAGE_ROOT, "proto"),
    readiness: { state: () => state },
    histories: new HistoryFiles(histories, config.dataDir),
    streams: { stats: () => ({ activeConnections: 0, totalPredictions: 0, averageLatencyMs: 0, connections: [] }) },
    ensembles: {
      list: () => [],
      describe(name) {
        throw new TidewireError("ENSEMBLE_NOT_FOUND", `no ensemble ${JSON.stringify(name)}`, { ensemble_name: name });
      },
    },
  });

  async function stop(): Promise<void> {
    state = "draining";
    const cut = setTimeout(() => app.server.closeAllConnections(), config.drainTimeoutMs);
    await app.close();
    clearTimeout(cut);
    histories[Symbol.dispose]();
  }

  const server: TidewireServer = {
    async listen() {
      await app.listen({ host: config.host, port: config.port });
      if (!app.server.listening) await once(app.server, "listening");
      state = "ready";
      return urlOf(config.host, app.server.address() as AddressInfo);
    },
    close() {
      closing ??= stop();
      return closing;
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
  return server;
}

/** A URL that this machine can open: a wildcard address is reached by loopback. */
function urlOf(host: string, { port }: AddressInfo): string {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
