// The server itself: its loop, its memory, and what it has predicted.
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { ProcessStats } from "../../generated/ts/tidewire/v1/stats.js";
import { growth, perSecond, rounded } from "./rates.js";

/** Between two looks at the loop: 50 a second see what a watcher of seconds can notice, and cost 0.01 % of a core. */
const LOOP_RESOLUTION_MS = 20;

/** Counts of predictions since the start of the server, which only rise. */
export interface Predictions {
  /** Readings predicted. */
  readonly readings: number;
  /** Requests by latency: as many buckets as {@link bucketMs} knows. Borrowed. */
  readonly latencies: ArrayLike<number>;
  /** The latency that a bucket stands for, in ms. */
  bucketMs(bucket: number): number;
}

/** The open connections. */
export interface Connections {
  readonly size: number;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
}

/** Samples this process. */
export class OwnProcess {
  readonly #predictions: Predictions;
  readonly #connections: Connections;
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  #cpuUs = 0;
  #readings = 0;
  #latencies: Float64Array;

  constructor(predictions: Predictions, connections: Connections) {
    this.#predictions = predictions;
    this.#connections = connections;
    this.#latencies = new Float64Array(predictions.latencies.length);
  }

  /** Watches the loop from now on. */
  watch(): void {
    this.#loop.enable();
    this.#loop.reset();
  }

  /** Watches the loop no more. */
  rest(): void {
    this.#loop.disable();
  }

  /** @param seconds since the last sample; undefined where that is too long ago to compare with */
  sample(seconds: number | undefined): ProcessStats {
    const { rss: rssBytes, heapUsed: heapUsedBytes } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const { readings } = this.#predictions;
    const [usedUs, predicted] = [growth(this.#cpuUs, user + system), growth(this.#readings, readings)];
    this.#cpuUs = user + system;
    this.#readings = readings;
    const latencies = this.#newLatencies(seconds !== undefined);
    return {
      cpuPercent: seconds === undefined ? undefined : coreShare(usedUs, seconds),
      rssBytes,
      heapUsedBytes,
      loopDelayP99Ms: this.#loopDelay(),
      connections: this.#connections.size,
      queuedBytes: this.#connections.queuedBytes,
      predictionsPerSecond: seconds === undefined ? undefined : perSecond(predicted, seconds),
      latencyP50Ms: this.#quantile(latencies, 0.5),
      latencyP99Ms: this.#quantile(latencies, 0.99),
    };
  }

  /** How late timers were since the last sample; undefined if none was due. */
  #loopDelay(): number | undefined {
    const { count } = this.#loop;
    const p99Ms = this.#loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS;
    this.#loop.reset();
    return count > 0 ? rounded(Math.max(0, p99Ms)) : undefined;
  }

  /** Requests by latency since the last sample; none where that is too long ago. */
  #newLatencies(isRecent: boolean): Float64Array {
    const { latencies } = this.#predictions;
    const fresh = new Float64Array(latencies.length);
    for (let i = 0; i < fresh.length; i += 1) {
      const count = latencies[i] as number;
      if (isRecent) fresh[i] = count - (this.#latencies[i] as number);
      this.#latencies[i] = count;
    }
    return fresh;
  }

  #quantile(counts: Float64Array, share: number): number | undefined {
    let left = counts.reduce((sum, count) => sum + count, 0) * share;
    if (left === 0) return undefined;
    for (let i = 0; i < counts.length; i += 1) {
      left -= counts[i] as number;
      if (left <= 0) return this.#predictions.bucketMs(i);
    }
    return undefined;
  }
}

/** Share of one processor; a server with threads may use several. */
function coreShare(usedUs: number | undefined, seconds: number): number | undefined {
  const used = perSecond(usedUs, seconds);
  return used === undefined ? undefined : rounded(used / 1e4);
}
