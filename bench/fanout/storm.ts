import { encodePushed } from "../client/lines.js";
import type { StormOptions, StormResult } from "../client/storm.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { interleave, summary } from "../lib/sides.js";
import { median, pairedRatio, rounded } from "../lib/statistics.js";
import { type LoopDelay, Tidewire } from "../lib/tidewire.js";
import { subscribersOf } from "./audience.js";

const MISSED = 100;

/** The network was away, and is back. */
export const storm: Measurement = {
  name: "storm",
  title: "1,000 clients come back at once and resume 100 events back, against a ws server that replays from memory",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [] });
  try {
    const [client, peer] = [await bench.client, await bench.broadcast];
    const clients = subscribersOf(bench);
    const results: StormResult[] = [];
    const delays: LoopDelay[] = [];
    await peer.call(
      "remember",
      Array.from({ length: MISSED }, (_, i) => encodePushed("training.run", i, { generation: 1, offset: i + 1 })),
    );
    const peerVenue = { is: "ws", port: await peer.call<number>("port") } as const;
    const sides = {
      tidewire: async () => {
        const venue = { is: "tidewire", port: server.port, topic: `training.storm_${results.length}` } as const;
        const options: StormOptions = { venue, clients, missed: MISSED };
        await server.watchDelay();
        const result = await client.call<StormResult>("storm", options);
        delays.push(await server.delay());
        results.push(result);
        return result.all;
      },
      ws: async () => {
        const options: StormOptions = { venue: peerVenue, clients, missed: MISSED };
        return (await client.call<StormResult>("storm", options)).all;
      },
    };
    for (const side of Object.values(sides)) await side(); // warm
    const figures = await interleave(sides, { ...bench.scale.rounds, tolerance: 0.2 }, bench.say);
    const middle = (of: (one: StormResult) => number): number => rounded(median(results.slice(1).map(of)), 3);
    return {
      storm: toFigure(
        {
          measured: median(figures.tidewire),
          peer: median(figures.ws),
          ratio: pairedRatio(figures.tidewire, figures.ws),
          unit: "ms until all have everything",
          method:
            "1,000 clients connect in one turn, each subscribes with a position 100 events back as soon as it is connected, and every event is checked; peer: a plain ws server that answers any message with the same 100 events, one ws.send each, out of an array",
          details: {
            half_of_them_ms: middle((one) => one.p50),
            all_connected_ms: middle((one) => one.connected),
            loop_delay_p99_ms: rounded(median(delays.slice(1).map((one) => one.p99)), 3),
            loop_delay_max_ms: rounded(median(delays.slice(1).map((one) => one.max)), 3),
            rounds: summary(figures),
          },
        },
        { ...SHOWN, better: "lower" },
      ),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
