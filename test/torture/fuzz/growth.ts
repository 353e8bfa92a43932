// What the server under test holds, after a collection, over a whole storm: a leak is a line that goes up.
import type { ServerUnderTest } from "../lib/server.js";

/** Arguments of Node with which a server collects when it is asked to. */
export const COLLECTING = ["--expose-gc", `--import=${new URL("../lib/collect.mjs", import.meta.url)}`];

const COLLECTED = '"msg":"collected"';
const COLLECT_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
/** Twice what a slow reader is given. */
const SETTLE_MS = 20_000;
/** Heap that a million frames may add once the server is warm: noise of what is in flight when it is looked at. */
const MOST_HEAP_GROWTH = 16 * 2 ** 20;
/** Resident memory that may come on top: pages that the allocators keep. */
const MOST_RSS_GROWTH = 64 * 2 ** 20;
/** Handles beside those at the beginning: files of the log that were opened meanwhile. */
const MOST_HANDLES = 24;

/** One look. */
interface Sample {
  readonly frames: number;
  /** JavaScript's heap and what it holds outside of it. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly handles: number;
}

/** Looks at a server from time to time. */
export class Growth {
  readonly #server: ServerUnderTest;
  readonly #samples: Sample[] = [];

  constructor(server: ServerUnderTest) {
    this.#server = server;
  }

  /** Collects and looks. @param frames sent so far */
  async look(frames: number): Promise<void> {
    const heapBytes = await this.#collect();
    const vitals = this.#server.vitals();
    if (vitals) this.#samples.push({ frames, heapBytes, rssBytes: vitals.rssBytes, handles: vitals.handles });
  }

  /** Looks again until all is back: a reader that was too slow keeps its unsent bytes for some seconds after its end. */
  async settle(frames: number): Promise<void> {
    const deadline = Date.now() + SETTLE_MS;
    while (this.faults.length > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS / 10));
      this.#samples.pop();
      await this.look(frames);
    }
  }

  /** What is wrong with the samples: growth between the first, taken of a warm server, and the last. */
  get faults(): string[] {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last) return [];
    const heap = last.heapBytes - first.heapBytes;
    const rss = last.rssBytes - first.rssBytes;
    const handles = last.handles - first.handles;
    return [
      ...(heap > MOST_HEAP_GROWTH ? [`the heap went from ${mib(first.heapBytes)} to ${mib(last.heapBytes)} MiB`] : []),
      ...(rss > MOST_RSS_GROWTH
        ? [`resident memory went from ${mib(first.rssBytes)} to ${mib(last.rssBytes)} MiB`]
        : []),
      ...(handles > MOST_HANDLES ? [`handles went from ${first.handles} to ${last.handles}`] : []),
    ];
  }

  /** In MiB, first and last, and the slope of the heap over all samples. */
  get figures(): Record<string, number | string> {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last) return {};
    return {
      heap_mib: `${mib(first.heapBytes)} → ${mib(last.heapBytes)}`,
      heap_slope_kib_per_million_frames:
        this.#samples.length > 2 ? Math.round(this.#slope() / 1024) : "too short to tell",
      rss_mib: `${mib(first.rssBytes)} → ${mib(last.rssBytes)}`,
      handles: `${first.handles} → ${last.handles}`,
    };
  }

  /** Least squares, in bytes a million frames. */
  #slope(): number {
    const n = this.#samples.length;
    const meanX = this.#samples.reduce((sum, { frames }) => sum + frames, 0) / n;
    const meanY = this.#samples.reduce((sum, { heapBytes }) => sum + heapBytes, 0) / n;
    let [above, below] = [0, 0];
    for (const { frames, heapBytes } of this.#samples) {
      above += (frames - meanX) * (heapBytes - meanY);
      below += (frames - meanX) ** 2;
    }
    return below === 0 ? 0 : (above / below) * 1e6;
  }

  async #collect(): Promise<number> {
    const before = this.#server.lines.at(-1);
    process.kill(this.#server.pid, "SIGWINCH");
    const deadline = Date.now() + COLLECT_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const line = this.#server.lines.findLast((one) => one.includes(COLLECTED));
      if (line !== undefined && line !== before) {
        const { heapUsed, external } = JSON.parse(line) as { heapUsed: number; external: number };
        return heapUsed + external;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`the server has not collected within ${COLLECT_TIMEOUT_MS} ms`);
  }
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
