// The server itself: its loop, its memory, and what it has predicted.
import type { ProcessStats } from "../../generated/ts/tidewire/v1/stats.js";
import { LoopDelay } from "./loop-delay.js";
import { growth, perSecond, rounded } from "./rates.js";

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
  readonly #loop = new LoopDelay();
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
    this.#loop.start();
  }

  /** Watches the loop no more. */
  rest(): void {
    this.#loop.stop();
  }

  /** @param seconds since the last sample; undefined where that is too long ago to compare with */
  sample(seconds: number | undefined): ProcessStats {
    const { rss: rssBytes, heapUsed: heapUsedBytes } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const { readings } = this.#predictions;
    const [usedUs, predicted] = [growth(this.#cpuUs, user + system), growth(this.#readings, readings)];
    this.#cpuUs = user + system;
    this.#readings = readings;
    // Without predictions there is nothing to count: most hosts are watched while they do other things.
    const latencies = predicted === 0 ? undefined : this.#newLatencies(seconds !== undefined);
    return {
      cpuPercent: seconds === undefined ? undefined : coreShare(usedUs, seconds),
      rssBytes,
      heapUsedBytes,
      loopDelayP99Ms: this.#loop.takeP99Ms(),
      connections: this.#connections.size,
      queuedBytes: this.#connections.queuedBytes,
      predictionsPerSecond: seconds === undefined ? undefined : perSecond(predicted, seconds),
      latencyP50Ms: this.#quantile(latencies, 0.5),
      latencyP99Ms: this.#quantile(latencies, 0.99),
    };
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

  #quantile(counts: Float64Array | undefined, share: number): number | undefined {
    if (!counts) return undefined;
    let left = counts.reduce((sum, count) => sum + count, 0) * share;
    if (left === 0) return undefined;
    for (let i = 0; i < counts.length; i += 1) {
      left -= counts[i] as number;
      if (left <= 0) return Number(this.#predictions.bucketMs(i).toPrecision(3));
    }
    return undefined;
  }
}

/** Share of one processor; a server with threads may use several. */
function coreShare(usedUs: number | undefined, seconds: number): number | undefined {
  const used = perSecond(usedUs, seconds);
  return used === undefined ? undefined : rounded(used / 1e4);
}
