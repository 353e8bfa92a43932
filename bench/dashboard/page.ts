// The run's page in a Chromium without a screen, and what it tells of itself.
import type { Browser, CDPSession, Page } from "playwright-core";
import { launchChromium } from "../../test/browser/support/chromium.js";
import { percentile, rounded } from "../lib/statistics.js";
import { RUN_PATH } from "./feed.js";

/** A past of 10,000 points of 24 metrics and 50,000 lines is read, on a machine that may be busy. */
const LOAD_TIMEOUT_MS = 60_000;

/** What the recorder has seen. */
interface Recording {
  readonly intervals: readonly number[];
  readonly works: readonly number[];
  readonly longTasksMs: number;
}

/** Frames of one run. */
export interface Frames {
  /** Work of the page's own thread for a frame, 95th percentile, in ms. */
  readonly workP95Ms: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Memory after a collection. */
export interface Heap {
  readonly usedBytes: number;
  /** Of typed arrays, which lie outside of the heap. */
  readonly arrayBytes: number;
  readonly nodes: number;
}

export interface PageOptions {
  readonly port: number;
  readonly width: number;
  readonly height: number;
}

/** The page, all of its charts drawn. */
export class RunPage implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #session: CDPSession;

  private constructor(browser: Browser, page: Page, session: CDPSession) {
    this.#browser = browser;
    this.#page = page;
    this.#session = session;
  }

  static async open(options: PageOptions): Promise<RunPage> {
    const browser = await launchChromium({ teardown: () => {} });
    try {
      return await RunPage.#load(browser, options);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  static async #load(browser: Browser, { port, width, height }: PageOptions): Promise<RunPage> {
    const page = await browser.newPage({ viewport: { width, height }, reducedMotion: "reduce" });
    page.setDefaultTimeout(LOAD_TIMEOUT_MS);
    await page.addInitScript({ path: new URL("recorder.js", import.meta.url).pathname });
    await page.goto(`http://127.0.0.1:${port}${RUN_PATH}`);
    await page.getByRole("figure").first().locator("canvas").waitFor();
    // The run's past is read page by page.
    await page.waitForLoadState("networkidle");
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    return new RunPage(browser, page, session);
  }

  /** Charts that are in view, and drawn. */
  async drawn(): Promise<number> {
    return this.#page.getByRole("figure").locator("canvas").count();
  }

  async record(runMs: number): Promise<Frames> {
    const before = await this.#busySeconds();
    await this.#page.evaluate("recorder.start()");
    await this.#page.waitForTimeout(runMs);
    const { intervals, works, longTasksMs } = await this.#page.evaluate<Recording>("recorder.stop()");
    const after = await this.#busySeconds();
    const share = (of: keyof typeof after) => rounded((100 * (after[of] - before[of]) * 1000) / runMs, 3);
    const shown = (list: readonly number[]) =>
      Object.fromEntries([0.5, 0.95, 0.99].map((part) => [`p${part * 100}`, rounded(percentile(list, part), 3)]));
    return {
      workP95Ms: percentile(works, 0.95),
      details: {
        frames_per_second: rounded((1000 * intervals.length) / runMs, 3),
        work_ms: shown(works),
        interval_ms: shown(intervals),
        longest_work_ms: rounded(Math.max(...works), 3),
        long_tasks_percent: rounded((100 * longTasksMs) / runMs, 3),
        busy_percent: {
          all: share("TaskDuration"),
          script: share("ScriptDuration"),
          layout: share("LayoutDuration"),
          style: share("RecalcStyleDuration"),
        },
      },
    };
  }

  async heap(): Promise<Heap> {
    await this.#session.send("HeapProfiler.collectGarbage");
    const heap = await this.#session.send("Runtime.getHeapUsage");
    const { nodes } = await this.#session.send("Memory.getDOMCounters");
    return { usedBytes: heap.usedSize, arrayBytes: heap.backingStorageSize ?? 0, nodes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }

  /** What the page's main thread has spent so far. */
  async #busySeconds() {
    const { metrics } = await this.#session.send("Performance.getMetrics");
    const of = (name: string) => metrics.find((each) => each.name === name)?.value ?? 0;
    return {
      TaskDuration: of("TaskDuration"),
      ScriptDuration: of("ScriptDuration"),
      LayoutDuration: of("LayoutDuration"),
      RecalcStyleDuration: of("RecalcStyleDuration"),
    };
  }
}
