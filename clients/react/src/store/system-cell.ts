// The load of hosts: the newest sample, and what was sampled while the page was open.
import type { SystemEvent, TidewireEvent, TopicSnapshot } from "@tidewire/client";
import { LiveSeries } from "../series/live-series.js";
import type { MetricStore } from "../series/metric-store.js";
import { type Followed, Following } from "./following.js";
import type { Store } from "./store.js";

/** The figures of a host. Absent is not zero: what the host does not tell is not there. */
export type SystemStats = Pick<
  SystemEvent,
  "cpu" | "memory" | "disks" | "gpus" | "network" | "server" | "uptimeSeconds" | "hostname"
>;

/** What `useSystemStats` gives. */
export interface SystemView extends Followed {
  /** The host that it is about: the one that was asked for, else the first that was heard. */
  readonly node: string | undefined;
  /** All hosts that were heard. */
  readonly nodes: readonly string[];
  /** The newest sample. */
  readonly stats: SystemStats | undefined;
  /** When it was taken; undefined when only the state before the page was opened is known. */
  readonly sampledAt: Date | undefined;
  /**
   * Every figure over time by its path, such as "cpu.cpuUtil", "disks./.usedPercent" or "gpus.0.gpuUtil", as long as the
   * page is open: the load is kept in no log.
   */
  readonly series: MetricStore;
}

/** Most hosts that are named. */
const MAX_NODES = 1000;

/** Follows one host, or finds out which there are. */
export class SystemCell extends Following<SystemView> {
  readonly #series: LiveSeries;
  #node: string | undefined;
  #nodes: readonly string[] = [];
  #stats: SystemStats | undefined;
  #sampledAt: Date | undefined;

  constructor(key: string, store: Store, node: string | undefined) {
    super(key, `system.${node ?? "*"}`, store);
    this.#node = node;
    this.#series = new LiveSeries(store.frames, this, (error) => this.failed(error));
  }

  protected event(event: TidewireEvent): void {
    if (event.type !== "system_stats" || !this.#isOf(event.node)) return;
    this.#stats = event;
    this.#sampledAt = event.timestamp;
    const place = { step: Number.NaN, epoch: Number.NaN, time: event.timestamp.getTime() };
    this.#series.append(({ figuresOf }) => figuresOf(event), place);
  }

  protected snapshot({ topic, state }: TopicSnapshot): void {
    if (!state.systemStats || !this.#isOf(topic.slice(topic.indexOf(".") + 1))) return;
    this.#stats = state.systemStats;
    this.#sampledAt = state.updatedAt;
  }

  protected present(): SystemView {
    return {
      ...this.followed(),
      node: this.#node,
      nodes: this.#nodes,
      stats: this.#stats,
      sampledAt: this.#sampledAt,
      series: this.#series.store,
    };
  }

  #isOf(node: string): boolean {
    this.#node ??= node;
    if (this.#nodes.length < MAX_NODES && !this.#nodes.includes(node)) this.#nodes = [...this.#nodes, node];
    return node === this.#node;
  }
}
