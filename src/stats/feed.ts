// The host's load as events of `system.<node>`: sampled once for all who listen, and not at all while nobody does.
import type { Logger } from "pino";
import type { SystemStats } from "../../generated/ts/tidewire/v1/stats.js";
import type { Broker } from "../events/broker.js";
import { matches, parsePattern, parseTopic } from "../events/topic.js";
import type { EventReader } from "../events/types.js";
import type { HostSampler } from "./host.js";
import type { GpuSampler } from "./nvidia-smi.js";
import type { OwnProcess } from "./own-process.js";
import { Ticker } from "./ticker.js";

/** How often it is asked what takes long to ask, or changes slowly: disks' space, sensors, limits. */
const REFRESH_MS = 10_000;
/** The first sample waits for these at most so long. */
const FIRST_WAIT_MS = 100;
/** Rates are over the time since the last sample; beyond this it would be a mean of times that nobody looked at. */
const MAX_BASIS_MS = 5_000;

/** What the samples are made of, and where they go. */
export interface StatsContext {
  /** Name of this host in its topic: one token. */
  readonly nodeName: string;
  readonly hostname: string;
  readonly statsIntervalMs: number;
  readonly host: HostSampler;
  readonly gpus: GpuSampler;
  readonly own: OwnProcess;
  readonly events: Pick<Broker, "hub" | "tell">;
  readonly log: Logger;
}

/** Samples this host and tells it. Owns its samplers. */
export class StatsFeed implements AsyncDisposable {
  readonly topic: string;
  readonly #context: StatsContext;
  readonly #ticker: Ticker;
  readonly #unlisten: () => void;
  #isWatched = false;
  #sampledMs = Number.NEGATIVE_INFINITY;
  #refreshedMs = Number.NEGATIVE_INFINITY;
  /** Why each failed last: one may go on while the other fails. */
  readonly #failures = { sample: "", refresh: "" };

  constructor(context: StatsContext) {
    this.#context = context;
    this.topic = `system.${context.nodeName}`;
    this.#ticker = new Ticker(context.statsIntervalMs, () => this.#sample());
    this.#unlisten = context.events.hub.onInterest(this.topic, {
      wanted: () => this.#begin(),
      unwanted: () => this.#rest(),
    });
    void this.#refresh(0); // whoever asks over HTTP is answered with what is known by then
  }

  /** Sees to it that the topic's state is of the present: samples, unless that has been done an interval ago or less. */
  freshen(): void {
    const { statsIntervalMs, gpus } = this.#context;
    if (this.#isWatched || performance.now() - this.#sampledMs < statsIntervalMs) return;
    gpus.watch();
    gpus.rest();
    this.#sample();
  }

  /** Reads topics as `reader` does, this host's own with a state of the present. */
  reader(reader: EventReader): EventReader {
    const topic = parseTopic(this.topic);
    return {
      view: (name) => {
        if (name === this.topic) this.freshen();
        return reader.view(name);
      },
      list: (pattern, after, limit) => {
        if (matches(parsePattern(pattern), topic)) this.freshen();
        return reader.list(pattern, after, limit);
      },
      read: (name, after, limit) => reader.read(name, after, limit),
    };
  }

  // ---- who watches ----

  /** Called while somebody subscribes: the answer to that comes first, and no fault here may become its own. */
  #begin(): void {
    this.#isWatched = true;
    setImmediate(() => void this.#start());
  }

  async #start(): Promise<void> {
    const { gpus, own, statsIntervalMs } = this.#context;
    if (!this.#isWatched) return;
    gpus.watch();
    own.watch();
    await this.#refresh(FIRST_WAIT_MS);
    if (this.#isWatched) this.#ticker.start(this.#sampledMs + statsIntervalMs);
  }

  #rest(): void {
    this.#isWatched = false;
    this.#ticker.stop();
    const { gpus, own, host } = this.#context;
    gpus.rest();
    own.rest();
    host.rest();
  }

  // ---- samples ----

  /** Asks what is asked seldom, if that is due; resolves once it is known, or after `atMostMs`. */
  async #refresh(atMostMs: number): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#refreshedMs < REFRESH_MS) return;
    this.#refreshedMs = nowMs;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, atMostMs);
    });
    const refreshed = this.#context.host.refresh().then(
      () => this.#succeeded("refresh"),
      (error: unknown) => this.#failed("refresh", error),
    );
    await Promise.race([refreshed, late]);
    clearTimeout(timer);
  }

  #sample(): void {
    const { events } = this.#context;
    const nowMs = performance.now();
    const sinceMs = nowMs - this.#sampledMs;
    this.#sampledMs = nowMs;
    try {
      const value = this.#read(sinceMs <= this.#maxBasisMs ? sinceMs / 1000 : undefined);
      events.tell({ topic: this.topic, timestamp: timestampOf(Date.now()), kind: { $case: "systemStats", value } });
      this.#succeeded("sample");
    } catch (error) {
      this.#failed("sample", error);
    }
    void this.#refresh(0);
  }

  #read(seconds: number | undefined): SystemStats {
    const { host, gpus, own, hostname } = this.#context;
    return { ...host.sample(seconds), gpus: [...gpus.sample()], server: own.sample(seconds), hostname };
  }

  get #maxBasisMs(): number {
    return Math.max(MAX_BASIS_MS, 2 * this.#context.statsIntervalMs);
  }

  #succeeded(what: "sample" | "refresh"): void {
    this.#failures[what] = "";
  }

  /** A fault of ours, or too many hosts: said once, not every time. */
  #failed(what: "sample" | "refresh", error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason === this.#failures[what]) return;
    this.#failures[what] = reason;
    this.#context.log.error({ err: error }, "the host's load could not be told");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    this.#rest();
    this.#context.host[Symbol.dispose]();
    await this.#context.gpus[Symbol.asyncDispose]();
  }
}

function timestampOf(ms: number): { seconds: number; nanos: number } {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
}
