// Subscribers of one server, as a side of a comparison, with what they cost the server's process.
import type { FanOutOptions, FanOutResult, GatherOptions, MetronomeOptions, MetronomeResult } from "../client/crowd.js";
import type { VenueOptions } from "../client/venues.js";
import type { Bench } from "../lib/bench.js";
import type { Program } from "../lib/program.js";
import type { Side } from "../lib/sides.js";
import { median } from "../lib/statistics.js";
import type { Tidewire } from "../lib/tidewire.js";

const SUBSCRIBERS = 1000;
const QUICK_SUBSCRIBERS = 20;
const TOPIC = "training.run";
/** Silence between two rounds is no sign of death. */
export const NO_LEASES = ["--lease-ms", "86400000"];

/** How many subscribers a measurement has. */
export function subscribersOf({ scale }: Bench): number {
  return scale.isQuick ? QUICK_SUBSCRIBERS : SUBSCRIBERS;
}

/** The subscribers of one server. */
export class Audience {
  readonly #client: Program;
  readonly #crowd: number;
  readonly #cpuUs: () => Promise<number>;
  readonly #costs: number[] = [];
  #deliveries = 0;

  private constructor(client: Program, crowd: number, cpuUs: () => Promise<number>) {
    this.#client = client;
    this.#crowd = crowd;
    this.#cpuUs = cpuUs;
  }

  static async ofTidewire(bench: Bench, server: Tidewire): Promise<Audience> {
    return Audience.#gather(bench, { is: "tidewire", port: server.port }, () => server.cpuUs());
  }

  static async ofPeer(bench: Bench, is: "ws" | "socketio"): Promise<Audience> {
    const peer = await (is === "ws" ? bench.broadcast : bench.room);
    return Audience.#gather(bench, { is, port: await peer.call("port") }, () => peer.call("cpuUs"));
  }

  static async #gather(bench: Bench, venue: VenueOptions, cpuUs: () => Promise<number>): Promise<Audience> {
    const client = await bench.client;
    const options: GatherOptions = { venue, topic: TOPIC, count: subscribersOf(bench) };
    return new Audience(client, await client.call<number>("gather", options), cpuUs);
  }

  /** Deliveries a second of bursts of so many events. */
  bursts(burst: number, ms: number): Side {
    const options: FanOutOptions = { crowd: this.#crowd, burst, ms };
    return async () => (await this.#counted<FanOutResult>("fanOut", options)).perSecond;
  }

  /** Single events at a steady rate. */
  metronome(hz: number, ms: number): Promise<MetronomeResult> {
    const options: MetronomeOptions = { crowd: this.#crowd, hz, ms };
    return this.#counted("metronome", options);
  }

  async #counted<Result extends { deliveries: number }>(job: string, options: unknown): Promise<Result> {
    const before = await this.#cpuUs();
    const result = await this.#client.call<Result>(job, options);
    this.#costs.push(((await this.#cpuUs()) - before) / result.deliveries);
    this.#deliveries += result.deliveries;
    return result;
  }

  /** Processor time of the server's process, all threads, for one event at one subscriber; and how many were checked. */
  get details(): Record<string, number> {
    return {
      server_cpu_us_per_delivery: Number(median(this.#costs).toPrecision(3)),
      deliveries_checked: this.#deliveries,
    };
  }
}
