// The composition root: makes every part and hands it what it needs.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { type EnsembleDescription, ExecutorKind } from "../generated/ts/tidewire/v1/http.js";
import { type Config, PACKAGE_ROOT, VERSION } from "./config/index.js";
import { createApp, registerRoutes } from "./http/app.js";
import type { Readiness } from "./http/dependencies.js";
import { HistoryFiles } from "./inference/history-files.js";
import { HistoryStore } from "./inference/history-store.js";
import { ModelRepository } from "./inference/repository.js";
import { SessionDirectory } from "./session/directory.js";
import { Flusher } from "./session/flusher.js";
import type { SessionServices } from "./session/services.js";
import { TurnClock } from "./session/turn-clock.js";
import { registerWebSockets } from "./ws/routes.js";

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

/** Makes a server that does not listen yet, its models loaded and warm. @throws ProviderError, Error on an unreadable models folder */
export async function createServer(config: Config, { log }: ServerDependencies): Promise<TidewireServer> {
  const server = new Server(config, log);
  await server.prepare();
  return server;
}

class Server implements TidewireServer {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #app: FastifyInstance;
  readonly #histories: HistoryStore;
  readonly #flusher = new Flusher();
  readonly #sessions = new SessionDirectory();
  #models: ModelRepository | undefined;
  #state: ReturnType<Readiness["state"]> = "starting";
  #closing: Promise<void> | undefined;

  constructor(config: Config, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#histories = new HistoryStore(config);
    // Fastify's own line about listening would stand beside ours.
    this.#app = createApp(config, log.child({}, { level: log.levelVal > 30 ? log.level : "warn" }));
  }

  async prepare(): Promise<void> {
    const models = await this.#loadModels();
    this.#models = models;
    await registerWebSockets(this.#app, {
      ...this.#config,
      services: this.#services(models),
      isOpen: () => this.#state !== "draining",
    });
    registerRoutes(this.#app, {
      version: VERSION,
      protoFolder: join(PACKAGE_ROOT, "proto"),
      readiness: { state: () => this.#state },
      histories: new HistoryFiles(this.#histories, this.#config.dataDir),
      streams: this.#sessions,
      ensembles: models,
    });
  }

  #loadModels(): Promise<ModelRepository> {
    const log = this.#log;
    const context = {
      config: this.#config,
      afterDelivery: () => this.#flusher.flush(),
      workerDied: (model: string, reason: string, restart_ms: number) =>
        log.error({ model, reason, restart_ms }, "worker died"),
    };
    return ModelRepository.open(this.#config.models, context, {
      loaded: (ensemble) => log.info(toLogFields(ensemble.describe()), "model loaded"),
      broken: (model, reason) => log.warn({ model, reason }, "model is broken and not served"),
    });
  }

  #services(models: ModelRepository): SessionServices {
    return {
      models,
      histories: this.#histories,
      sessions: this.#sessions,
      flusher: this.#flusher,
      clock: new TurnClock(),
      limits: this.#config,
      log: this.#log,
    };
  }

  async listen(): Promise<string> {
    const { host, port } = this.#config;
    await this.#app.listen({ host, port });
    if (!this.#app.server.listening) await once(this.#app.server, "listening");
    this.#state = "ready";
    return urlOf(host, this.#app.server.address() as AddressInfo);
  }

  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Not ready → answer what is in flight, 1001 to each connection as it is done → cut what is left → dispose. */
  async #stop(): Promise<void> {
    this.#state = "draining";
    const cut = setTimeout(() => this.#cut(), this.#config.drainTimeoutMs);
    await this.#sessions.drain();
    await this.#app.close();
    clearTimeout(cut);
    await this.#models?.[Symbol.asyncDispose]();
    this.#histories[Symbol.dispose]();
  }

  #cut(): void {
    this.#sessions.end(1001, "the server is going away");
    this.#app.server.closeAllConnections();
  }
}

function toLogFields({ name, executor, executionProvider, costUs }: EnsembleDescription): Record<string, unknown> {
  const kind = executor === ExecutorKind.EXECUTOR_KIND_INLINE ? "inline" : "worker";
  return { model: name, executor: kind, provider: executionProvider, cost_us: costUs };
}

/** A URL that this machine can open: a wildcard address is reached by loopback. */
function urlOf(host: string, { port }: AddressInfo): string {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
