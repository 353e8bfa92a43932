// The composition root: makes every part and hands it what it needs.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { Server as TlsServer } from "node:tls";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { type EnsembleDescription, ExecutorKind } from "../generated/ts/tidewire/v1/http.js";
import { Access } from "./access/access.js";
import { TlsFiles } from "./access/tls-files.js";
import { type Config, PACKAGE_ROOT, VERSION } from "./config/index.js";
import { closeOwnFolders, EVENTS_FOLDER } from "./data-folder.js";
import { Broker } from "./events/broker.js";
import type { EventLog } from "./events/event-log.js";
import { LmdbLog } from "./events/lmdb-log.js";
import { MemoryLog } from "./events/memory-log.js";
import { SteadyClock } from "./events/steady-clock.js";
import { type Examined, ServerHealth } from "./health/health.js";
import { createApp, registerRoutes } from "./http/app.js";
import { registerDashboard } from "./http/dashboard.js";
import type { HttpDependencies, Readiness } from "./http/dependencies.js";
import { registerDocs } from "./http/docs.js";
import { registerEvaluations } from "./http/evaluations.js";
import { watchRoutes } from "./http/route-table.js";
import { SubscribedStreams } from "./http/subscribed-streams.js";
import { HistoryFiles } from "./inference/history-files.js";
import { HistoryStore } from "./inference/history-store.js";
import { PredictionMeter } from "./inference/meter.js";
import { ModelRepository } from "./inference/repository.js";
import { Evaluations } from "./jobs/evaluations.js";
import { LateLoop } from "./limits/late-loop.js";
import { HttpCounts } from "./meters/route-counts.js";
import type { Measured } from "./metrics/measured.js";
import { Metrics } from "./metrics/metrics.js";
import { Runs } from "./runs/runs.js";
import { SessionDirectory } from "./session/directory.js";
import { Flusher } from "./session/flusher.js";
import type { SessionServices } from "./session/services.js";
import { Traffic, toWsStats } from "./session/traffic.js";
import { TurnClock } from "./session/turn-clock.js";
import { DescriptorWatch } from "./stats/descriptors.js";
import { StatsFeed } from "./stats/feed.js";
import { FreeSpace } from "./stats/free-space.js";
import { openHost } from "./stats/host.js";
import { LoopWatch } from "./stats/loop-watch.js";
import { NvidiaSmi } from "./stats/nvidia-smi.js";
import { OwnProcess } from "./stats/own-process.js";
import { registerWebSockets, SOCKET_PATHS } from "./ws/routes.js";

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
  const tls = TlsFiles.open(config, log);
  const server = new Server(config, log, await Access.open(config, log), tls);
  await server.prepare();
  return server;
}

/** Connections that may wait to be accepted: a thousand clients that come back at once after a restart, and then some. */
const LISTEN_BACKLOG = 4096;

class Server implements TidewireServer {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #access: Access;
  readonly #tls: TlsFiles | undefined;
  readonly #app: FastifyInstance;
  readonly #lateness: LateLoop;
  readonly #histories: HistoryStore;
  readonly #flusher = new Flusher();
  readonly #sessions = new SessionDirectory();
  readonly #clock = new TurnClock();
  readonly #meter = new PredictionMeter();
  readonly #http = new HttpCounts();
  readonly #loop = new LoopWatch((delayMs) => this.#looked(delayMs));
  #space: FreeSpace | undefined;
  #broker: Broker | undefined;
  #runs: Runs | undefined;
  #evaluations: Evaluations | undefined;
  #stats: StatsFeed | undefined;
  #descriptors: DescriptorWatch | undefined;
  #models: ModelRepository | undefined;
  #state: ReturnType<Readiness["state"]> = "starting";
  #closing: Promise<void> | undefined;

  constructor(config: Config, log: Logger, access: Access, tls: TlsFiles | undefined) {
    this.#config = config;
    this.#log = log;
    this.#access = access;
    this.#tls = tls;
    this.#histories = new HistoryStore(config);
    this.#lateness = new LateLoop(config.maxLoopDelayMs);
    // At level info, Fastify's own line about listening would stand beside ours.
    const level = log.level === "info" ? "warn" : log.level;
    this.#app = createApp(config, log.child({}, { level }), {
      authenticator: access,
      tls: tls?.context,
      lateness: this.#lateness,
      counts: this.#http,
    });
  }

  /** What a start and a stop take is nobody's wait. */
  #looked(delayMs: number): void {
    if (this.#state !== "ready" || !this.#lateness.look(delayMs)) return;
    const delay_ms = Math.round(delayMs);
    if (this.#lateness.isLate) this.#log.warn({ delay_ms }, "the event loop is late: new work is refused");
    else this.#log.info({ delay_ms }, "the event loop keeps up again: new work is taken");
  }

  async prepare(): Promise<void> {
    const models = await this.#loadModels();
    this.#models = models;
    const broker = await this.#openBroker();
    this.#broker = broker;
    await closeToOthers(this.#config.dataDir, this.#log);
    this.#space = new FreeSpace(this.#config.dataDir);
    const runs = new Runs({ ...this.#config, events: broker, clock: this.#clock, log: this.#log });
    this.#runs = runs;
    const services = this.#services(models, broker, runs);
    const stats = await this.#openStats(broker);
    this.#stats = stats;
    this.#descriptors = new DescriptorWatch(this.#log, () => this.#clock.now());
    const routes = watchRoutes(this.#app);
    await registerWebSockets(this.#app, { ...this.#config, services, isOpen: () => this.#state !== "draining" });
    const evaluations = this.#openEvaluations(services);
    this.#evaluations = evaluations;
    registerRoutes(this.#app, {
      ...this.#dependencies(services, stats),
      metrics: new Metrics(this.#measured(services, evaluations)),
      health: new ServerHealth(this.#examined(services, evaluations)),
    });
    const { isOpen, watch: grants } = this.#access;
    registerEvaluations(this.#app, { evaluations, grants });
    registerDocs(this.#app, { version: VERSION, routes, sockets: SOCKET_PATHS, isOpen });
    registerDashboard(this.#app, { dashboardFolder: join(PACKAGE_ROOT, "dist/dashboard") });
    await evaluations.recover();
    runs.resumeLeases();
  }

  async #openBroker(): Promise<Broker> {
    const clock = new SteadyClock({ wallMs: () => Date.now(), elapsedMs: () => performance.now() }, this.#log);
    return Broker.open(await openLog(this.#config, clock), {
      limits: this.#config,
      log: this.#log,
      ageMs: clock.now,
      afterDelivery: () => this.#flusher.flush(),
    });
  }

  #openEvaluations({ models, broker, runs, log }: SessionServices): Evaluations {
    const { dataDir } = this.#config;
    const services = { models, publisher: runs, events: broker, claims: runs.owners, dataDir, log };
    return new Evaluations(services, this.#config);
  }

  async #openStats(events: Broker): Promise<StatsFeed> {
    const { nodeName, statsIntervalMs, nvidiaSmi: program } = this.#config;
    const log = this.#log;
    const host = await openHost(process.platform);
    const gpus = new NvidiaSmi({ program, intervalMs: statsIntervalMs, log });
    const own = new OwnProcess(this.#meter, this.#sessions);
    return new StatsFeed({ nodeName, hostname: hostname(), statsIntervalMs, host, gpus, own, events, log });
  }

  #measured({ models, broker, sessions, traffic }: SessionServices, evaluations: Evaluations): Measured {
    return {
      version: VERSION,
      models,
      sessions,
      traffic,
      broker,
      evaluations,
      http: this.#http,
      loop: this.#loop,
      limits: this.#config,
      freeBytes: () => this.#space?.last?.freeBytes,
    };
  }

  #examined({ models, broker, sessions }: SessionServices, evaluations: Evaluations): Examined {
    const state = (): ReturnType<Readiness["state"]> => this.#state;
    const freeBytes = (): number | undefined => this.#space?.last?.freeBytes;
    return { state, models, broker, sessions, evaluations, loop: this.#loop, freeBytes, limits: this.#config };
  }

  #dependencies(services: SessionServices, stats: StatsFeed): Omit<HttpDependencies, "metrics" | "health"> {
    const { models, broker, runs } = services;
    return {
      version: VERSION,
      protoFolder: join(PACKAGE_ROOT, "proto"),
      readiness: { state: () => this.#state },
      histories: new HistoryFiles(this.#histories, this.#config.dataDir),
      streams: this.#sessions,
      ensembles: models,
      events: stats.reader(broker),
      publisher: runs,
      training: runs.training,
      cancellation: runs,
      eventStreams: new SubscribedStreams(services, this.#access.watch),
      tokens: this.#access,
      connections: { stats: () => toWsStats(services) },
    };
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

  #services(models: ModelRepository, broker: Broker, runs: Runs): SessionServices {
    return {
      access: this.#access,
      models,
      broker,
      runs,
      histories: this.#histories,
      sessions: this.#sessions,
      flusher: this.#flusher,
      traffic: new Traffic(),
      meter: this.#meter,
      clock: this.#clock,
      limits: this.#config,
      lateness: this.#lateness,
      log: this.#log,
    };
  }

  async listen(): Promise<string> {
    const { host, port } = this.#config;
    // For that name Fastify makes a second server, for ::1, of which neither the limits nor a renewed certificate knew.
    const address = host === "localhost" ? "127.0.0.1" : host;
    await this.#app.listen({ host: address, port, backlog: LISTEN_BACKLOG });
    if (!this.#app.server.listening) await once(this.#app.server, "listening");
    this.#state = "ready";
    const { server } = this.#app;
    if (server instanceof TlsServer) this.#serveRenewed(server);
    return urlOf(this.#tls ? "https" : "http", host, server.address() as AddressInfo);
  }

  /** The files may have changed since the app was made of them. */
  #serveRenewed(server: TlsServer): void {
    if (!this.#tls) return;
    server.setSecureContext(this.#tls.context);
    this.#tls.onRenewal((context) => server.setSecureContext(context));
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
    await this.#evaluations?.[Symbol.asyncDispose]();
    clearTimeout(cut);
    this.#runs?.[Symbol.dispose]();
    // The feed tells nothing more from this turn on; its child may take its time to end, and the log is not kept open for it.
    this.#descriptors?.[Symbol.dispose]();
    await Promise.all([this.#stats?.[Symbol.asyncDispose](), this.#broker?.[Symbol.asyncDispose]()]);
    await this.#models?.[Symbol.asyncDispose]();
    this.#histories[Symbol.dispose]();
    this.#loop[Symbol.dispose]();
    this.#space?.[Symbol.dispose]();
    this.#access[Symbol.dispose]();
    this.#tls?.[Symbol.dispose]();
  }

  #cut(): void {
    this.#sessions.end(1001, "the server is going away");
    this.#app.server.closeAllConnections();
  }
}

async function openLog(config: Config, clock: SteadyClock): Promise<EventLog> {
  if (config.eventLog === "memory") return new MemoryLog(config, clock.now);
  const log = await LmdbLog.open(join(config.dataDir, EVENTS_FOLDER), config, clock.now);
  // All would go at once. The server may have been off for so long, or the clock is wrong: a day shows which.
  if (log.newestMs + config.retentionMaxAgeMs < clock.now()) clock.continueFrom(log.newestMs);
  return log;
}

/** The data folder itself may be shared on purpose, with whoever puts files into it: it is told of, and left. */
async function closeToOthers(dataDir: string, log: Logger): Promise<void> {
  const { dataFolder, own } = await closeOwnFolders(dataDir);
  for (const { path, reason } of own)
    log.warn({ path, reason }, "other users of this machine may look into a folder of the server: chmod it to 700");
  if (dataFolder === undefined) return;
  const fields = { data_dir: resolve(dataDir), mode: dataFolder.toString(8) };
  log.info(fields, "other users of this machine may look into the data folder: chmod 700 closes it to them");
}

function toLogFields({ name, executor, executionProvider, costUs }: EnsembleDescription): Record<string, unknown> {
  const kind = executor === ExecutorKind.EXECUTOR_KIND_INLINE ? "inline" : "worker";
  return { model: name, executor: kind, provider: executionProvider, cost_us: costUs };
}

/** A URL that this machine can open: a wildcard address is reached by loopback. */
function urlOf(scheme: string, host: string, { port }: AddressInfo): string {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  return `${scheme}://${name}:${port}`;
}
