import type { PingResult } from "../client/pings.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, toFigure } from "../lib/figure.js";
import type { Program } from "../lib/program.js";
import { interleave, summary } from "../lib/sides.js";
import { median, pairedRatio, rounded } from "../lib/statistics.js";
import { ThreadWatch } from "../lib/threads.js";
import { graphOf, Tidewire } from "../lib/tidewire.js";
import { ServerFlood } from "./floods.js";

const MODEL = "heavy";
const CONNECTIONS = 64;
const THREADS = 1;
const BATCHES = [1, 4, 8, 16, 32, 64, 96, 128, 192, 256];
const PING_EVERY_MS = 4;
/** Rows of the usual run: 64 connections form two groups that take turns at the worker. */
const USUAL_BATCH = 32;

/** Rows a second of a model that runs in a worker, against onnxruntime alone at its best. */
export const heavy: Measurement = {
  name: "heavy",
  title: "256→2048→2048→256, 64 connections with one row each in flight, against bare session.run at its best batch",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [MODEL], flags: ["--intra-op-threads", String(THREADS)] });
  try {
    const [client, pinger, bare, ms] = [
      await bench.client,
      await bench.pinger,
      await bench.bare,
      bench.scale.runMs * 2,
    ];
    const flood = new ServerFlood(client, server, { model: MODEL, connections: CONNECTIONS, inFlight: 1, ms });
    const pings: PingResult[] = [];
    const threads: ReturnType<ThreadWatch["shares"]>[] = [];
    const byBatch = await searchBatch(bench, bare);
    const best = Number(Object.entries(byBatch).sort((a, b) => b[1] - a[1])[0]?.[0]);
    const sides = {
      tidewire: async () => {
        const ping = pinger.call<PingResult>("pings", { port: server.port, everyMs: PING_EVERY_MS, ms: ms * 0.9 });
        const watch = new ThreadWatch(server.pid);
        const rate = await flood.run();
        threads.push(watch.shares());
        pings.push(await ping);
        return rate;
      },
      bare: () => bareRate(bare, best, ms),
      bare_usual_batch: () => bareRate(bare, USUAL_BATCH, ms),
    };
    for (const side of Object.values(sides)) await side(); // warm
    pings.length = 0;
    threads.length = 0;
    const figures = await interleave(sides, bench.scale.rounds, bench.say);
    const pinged = median(pings.map((one) => one.p99));
    return {
      heavy: toFigure(
        {
          measured: median(figures.tidewire),
          peer: median(figures.bare),
          ratio: pairedRatio(figures.tidewire, figures.bare),
          unit: "rows/s",
          method: `64 connections, one row each in flight, one model thread; peer: session.run in a loop at its best batch (${best} rows), one thread`,
          details: { ...flood.details, bare_rows_per_second_by_batch: byBatch, rounds: summary(figures), threads },
        },
        { judged: "ratio", better: "higher", must: 0.85, aim: 0.95 },
      ),
      heavy_loop_delay: toFigure(
        {
          measured: pinged,
          unit: "ms, ping p99",
          method:
            "pings on a connection of another process meanwhile, one each 4 ms; the median over rounds of their p99",
          details: {
            p50_ms: rounded(median(pings.map((one) => one.p50))),
            max_ms: rounded(Math.max(...pings.map((one) => one.max))),
          },
        },
        { judged: "measured", better: "lower", must: 10, aim: 2 },
      ),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

async function searchBatch(bench: Bench, bare: Program): Promise<Record<number, number>> {
  const rates: Record<number, number> = {};
  for (const batch of bench.scale.isQuick ? [64] : BATCHES) {
    const runs = [
      await bareRate(bare, batch, bench.scale.runMs / 2),
      await bareRate(bare, batch, bench.scale.runMs / 2),
    ];
    rates[batch] = Math.round(Math.max(...runs));
  }
  bench.say(`bare rows/s by batch: ${JSON.stringify(rates)}`);
  return rates;
}

function bareRate(bare: Program, batch: number, ms: number): Promise<number> {
  return bare.call("run", { path: graphOf(MODEL), threads: THREADS, batch, ms });
}
