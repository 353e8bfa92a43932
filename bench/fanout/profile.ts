// Where the server's time goes in the bursts, by V8's sampling profiler. Profiled code is slower: shares count.
import type { Bench, Measurement } from "../lib/bench.js";
import type { Figure } from "../lib/figure.js";
import { profiled } from "../lib/profiled.js";
import { Tidewire } from "../lib/tidewire.js";
import { Audience, NO_LEASES } from "./audience.js";

const BURST = 10;

/** Self time by function. */
export const profile: Measurement = {
  name: "profile",
  title: "self time of the server's functions in bursts, and with single events",
  onRequest: true,
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [], flags: NO_LEASES });
  try {
    const audience = await Audience.ofTidewire(bench, server);
    const ms = bench.scale.runMs * 2;
    return {
      profile_bursts: await profiled(bench, server, audience.bursts(BURST, ms), "deliveries/s"),
      profile_single: await profiled(bench, server, audience.bursts(1, ms), "deliveries/s"),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
