// A training run that tells much: what a page has to draw.

/** Metrics of the run, each a chart. */
export const CHARTS = 24;
/** Points that each has before anybody looks. */
export const POINTS = 10_000;
export const METRICS_HZ = 10;
export const LINES_PER_SECOND = 1_000;
/** Lines that the page keeps; they are there from the beginning, so that memory does not grow by filling. */
const LINES_BEFORE = 50_000;
const ENTRIES_PER_POST = 500;
const RUN = "bench";

const NAMES = Array.from({ length: CHARTS }, (_, i) => `train/metric_${String(i).padStart(2, "0")}`);
const LEVELS = ["DEBUG", "INFO", "INFO", "INFO", "INFO", "WARNING", "INFO", "ERROR"];

/** Where the page of the run is. */
export const RUN_PATH = `/runs/${RUN}`;

/** Publishes to one server by HTTP, as a script would. */
export class Feed {
  readonly #url: string;
  #step = 0;
  #line = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/api/v1/training/logs`;
  }

  /** Begins the run and publishes its past. */
  async begin(points: number): Promise<void> {
    await this.#call("POST", "/session", { experiment_id: RUN, total_epochs: 100 });
    await this.#call("PUT", `/${RUN}/status`, { status: "running" });
    for (let left = points; left > 0; left -= ENTRIES_PER_POST)
      await this.#post("metrics", Math.min(left, ENTRIES_PER_POST), () => this.#metrics());
    for (let left = Math.min(LINES_BEFORE, points * 5); left > 0; left -= ENTRIES_PER_POST)
      await this.#post("log", Math.min(left, ENTRIES_PER_POST), () => this.#logLine());
  }

  /** Publishes at the rates from now on. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#tick().catch((error) => {
        this.#failure = error;
      });
    }, 1000 / METRICS_HZ);
  }

  /** @throws Error when anything was refused meanwhile */
  stop(): void {
    clearInterval(this.#timer);
    if (this.#failure) throw this.#failure;
  }

  async #tick(): Promise<void> {
    await Promise.all([
      this.#post("metrics", 1, () => this.#metrics()),
      this.#post("log", LINES_PER_SECOND / METRICS_HZ, () => this.#logLine()),
    ]);
  }

  #metrics() {
    this.#step += 1;
    const falling = 1 / (1 + this.#step / 2000);
    const metrics = NAMES.map((name, i) => [name, falling * (1 + i / 10) + 0.05 * Math.sin(this.#step / (5 + i))]);
    return { step: this.#step, metrics: Object.fromEntries(metrics) };
  }

  #logLine() {
    this.#line += 1;
    const level = LEVELS[this.#line % LEVELS.length];
    return {
      level,
      message: `step ${this.#step}: batch ${this.#line} of worker ${this.#line % 8}, 512 rows in 3.2 ms`,
    };
  }

  #post(what: "metrics" | "log", count: number, entry: () => object): Promise<void> {
    return this.#call("POST", `/${RUN}/${what}`, Array.from({ length: count }, entry));
  }

  async #call(method: string, path: string, body: object): Promise<void> {
    const headers = { "content-type": "application/json" };
    const reply = await fetch(this.#url + path, { method, headers, body: JSON.stringify(body) });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    await reply.arrayBuffer();
  }
}
