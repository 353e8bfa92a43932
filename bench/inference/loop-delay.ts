import type { PingResult } from "../client/pings.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, toFigure } from "../lib/figure.js";
import { interleave, summary } from "../lib/sides.js";
import { median, rounded } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";
import { ServerFlood } from "./floods.js";

const MODEL = "slow";
const CONNECTIONS = 4;
const PING_EVERY_MS = 4;

/** What a slow model does to everybody else. */
export const loopDelay: Measurement = {
  name: "loop_delay",
  title: "ping p99 on another connection while a 50 ms model is under load",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [MODEL] });
  try {
    const [client, pinger] = [await bench.client, await bench.pinger];
    const ms = bench.scale.runMs * 2;
    const flood = new ServerFlood(client, server, { model: MODEL, connections: CONNECTIONS, inFlight: 1, ms });
    const ping = { port: server.port, everyMs: PING_EVERY_MS, ms: ms * 0.9 };
    const loaded: PingResult[] = [];
    const sides = {
      loaded: async () => {
        const [, pinged] = await Promise.all([flood.run(), pinger.call<PingResult>("pings", ping)]);
        loaded.push(pinged);
        return pinged.p99;
      },
      idle: async () => (await pinger.call<PingResult>("pings", ping)).p99,
    };
    await sides.idle(); // warm
    const figures = await interleave(sides, { ...bench.scale.rounds, tolerance: 0.3 }, bench.say);
    const details = {
      p50_ms: rounded(median(loaded.map((one) => one.p50))),
      max_ms: rounded(Math.max(...loaded.map((one) => one.max))),
      ...flood.details,
      rounds: summary(figures),
    };
    return {
      loop_delay: toFigure(
        {
          measured: median(figures.loaded),
          peer: median(figures.idle),
          unit: "ms, ping p99",
          method:
            "pings from another process, one each 4 ms, while 4 connections keep the 50 ms model busy; peer: the same server idle",
          details,
        },
        { judged: "measured", better: "lower", must: 10, aim: 2 },
      ),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
