import type { MetronomeResult } from "../client/crowd.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, toFigure } from "../lib/figure.js";
import { interleave, summary } from "../lib/sides.js";
import { median, rounded } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";
import { Audience, NO_LEASES } from "./audience.js";

const HZ = 50;

/** From publish to receive. */
export const latency: Measurement = {
  name: "latency",
  title: "publish to receive, 1,000 subscribers, 50 events/s, against a plain ws.send loop",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [], flags: NO_LEASES });
  try {
    const ms = bench.scale.runMs * 4;
    const ours = await Audience.ofTidewire(bench, server);
    const theirs = await Audience.ofPeer(bench, "ws");
    const results: MetronomeResult[] = [];
    const sides = {
      tidewire: async () => {
        const result = await ours.metronome(HZ, ms);
        results.push(result);
        return result.p99;
      },
      ws: async () => (await theirs.metronome(HZ, ms)).p99,
    };
    const figures = await interleave(sides, { ...bench.scale.rounds, tolerance: 0.3 }, bench.say);
    const middle = (of: (one: MetronomeResult) => number): number => rounded(median(results.map(of)), 3);
    return {
      latency: toFigure(
        {
          measured: median(figures.tidewire),
          peer: median(figures.ws),
          unit: "ms, p99",
          method:
            "50 events/s, one at a time, open loop; from the time each was due until each of 1,000 subscribers in one process had it, so the client's own share counts: it reads 1,000 sockets for each event; peer: one ws.send to each client, nothing kept",
          details: {
            p50_ms: middle((one) => one.p50),
            max_ms: middle((one) => one.max),
            last_subscriber_p50_ms: middle((one) => one.lastP50),
            ...ours.details,
            peer: theirs.details,
            rounds: summary(figures),
          },
        },
        { judged: "measured", better: "lower", must: 20, aim: 10 },
      ),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
