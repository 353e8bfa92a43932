// Where the server's time goes while it keeps lines, by V8's sampling profiler. Profiled code is slower: shares count.
import type { Bench, Measurement } from "../lib/bench.js";
import type { Figure } from "../lib/figure.js";
import { profiled } from "../lib/profiled.js";
import { Tidewire } from "../lib/tidewire.js";
import { ServerIngest } from "./lines.js";

/** Self time by function. */
export const profile: Measurement = {
  name: "profile",
  title: "self time of the server's functions while it keeps lines",
  onRequest: true,
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [] });
  try {
    const ours = new ServerIngest(bench, server);
    await ours.run(); // warm
    return { profile: await profiled(bench, server, ours.run, "lines/s") };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
