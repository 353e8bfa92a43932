// Loaded into the server under test: ends it with its parent, and tells the parent about the process. Costs nothing
// between calls.
const LIFETIME_MS = 30 * 60_000;
const DELAY_RESOLUTION_MS = 1;
let profiler;
let delays;

const answers = {
  /** After a collection where `--expose-gc` allows one: what is still in use, not what happens to be uncollected. */
  memory: () => {
    globalThis.gc?.();
    return process.memoryUsage();
  },
  cpu: () => process.cpuUsage(),
  delayStart: async () => {
    const { monitorEventLoopDelay } = await import("node:perf_hooks");
    delays = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
    delays.enable();
  },
  delayStop: () => {
    delays.disable();
    const [p99, max] = [delays.percentile(99), delays.max].map((ns) => Math.max(0, ns / 1e6 - DELAY_RESOLUTION_MS));
    return { p99, max };
  },
  profileStart: async () => {
    const { Session } = await import("node:inspector/promises");
    profiler = new Session();
    profiler.connect();
    await profiler.post("Profiler.enable");
    await profiler.post("Profiler.setSamplingInterval", { interval: 200 });
    await profiler.post("Profiler.start");
  },
  profileStop: async () => (await profiler.post("Profiler.stop")).profile,
};

if (process.channel) {
  process.once("disconnect", () => process.exit());
  process.on("message", async ({ id, job }) => process.send({ id, result: await answers[job]() }));
  process.channel.unref();
  setTimeout(() => process.exit(1), LIFETIME_MS).unref();
}
