// The process and Node.js, by the names that every Prometheus client of Node gives them.
import { collectDefaultMetrics, Registry } from "prom-client";
import type { Family } from "./family.js";

/** A family whose series are plain numbers already: prom-client has read them. */
export type ReadFamily = Omit<Family, "labels" | "read"> & { readonly series: readonly Series[] };

/** One line of a scrape. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * Left out: quantiles of the loop's lag, of which `tidewire_loop_delay_seconds` is the histogram; gauges that are named as
 * counters; and lists of handles that cost with the connections.
 */
const LEFT_OUT = /^nodejs_eventloop_lag_|^nodejs_active_(handles|requests)(_total)?$|^nodejs_active_resources_total$/;
/** prom-client's look at the loop cannot be turned off: it never comes. */
const NEVER_MS = 2 ** 31 - 1;

/** Reads the process at each scrape. One is enough for all servers of a process. */
export class ProcessFamilies {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: NEVER_MS });
    for (const { name } of this.#registry.getMetricsAsArray())
      if (LEFT_OUT.test(name)) this.#registry.removeSingleMetric(name);
  }

  async read(): Promise<readonly ReadFamily[]> {
    const metrics = await this.#registry.getMetricsAsJSON();
    return metrics.map(({ name, help, type, values }) => ({
      name,
      help,
      type: String(type) as Family["type"],
      series: values.map((value) => ({
        name: "metricName" in value && typeof value.metricName === "string" ? value.metricName : name,
        labels: value.labels as Series["labels"],
        value: value.value,
      })),
    }));
  }
}
