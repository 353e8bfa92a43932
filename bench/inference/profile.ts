// Where the server's time goes in the pipelined run, by V8's sampling profiler. Profiled code is slower: shares count.
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { type CpuProfile, selfTimes } from "../lib/self-times.js";
import { Tidewire } from "../lib/tidewire.js";
import { ServerFlood } from "./floods.js";

const MODEL = "small";
const SHOWN_FUNCTIONS = 25;

/** Self time by function. */
export const profile: Measurement = {
  name: "profile",
  title: "self time of the server's functions in the pipelined run",
  onRequest: true,
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [MODEL] });
  try {
    const flood = new ServerFlood(await bench.client, server, { model: MODEL, ms: bench.scale.runMs * 2 });
    const plainRate = await flood.run();
    await server.startProfile();
    const rate = await flood.run();
    const functions = selfTimes(await server.stopProfile<CpuProfile>()).slice(0, SHOWN_FUNCTIONS);
    for (const { share, name, where } of functions)
      bench.say(`${(share * 100).toFixed(1).padStart(5)} %  ${name}  ${where}`);
    const method = "the pipelined run under V8's sampling profiler, 200 µs; peer: the same without it";
    return {
      profile: toFigure(
        { measured: rate, peer: plainRate, unit: "predictions/s", method, details: { functions } },
        SHOWN,
      ),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
