import type { PacedOptions, PacedResult } from "../client/paced.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, toFigure } from "../lib/figure.js";
import { interleave, summary } from "../lib/sides.js";
import { median, rounded } from "../lib/statistics.js";
import { graphOf, Tidewire } from "../lib/tidewire.js";

const MODEL = "small";
const WIDTH = 20;
const CONNECTIONS = 1000;
const QUICK_CONNECTIONS = 20;
const HZ = 20;

/** A thousand sensors, each at its own rate. */
export const connections: Measurement = {
  name: "connections",
  title: "1,000 connections × 20 Hz, evenly spread, against a plain ws echo",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [MODEL] });
  try {
    const { isQuick, runMs, rounds } = bench.scale;
    const client = await bench.client;
    const names = Array.from({ length: WIDTH }, (_, i) => `s${i}`);
    const load = { connections: isQuick ? QUICK_CONNECTIONS : CONNECTIONS, hz: HZ, ms: isQuick ? 500 : runMs * 4 };
    const ours: PacedOptions = { ...load, server: { port: server.port, model: MODEL }, graph: graphOf(MODEL) };
    const signals = { boundarySignals: names, signals: names };
    const echo: PacedOptions = { ...load, server: { echo: await bench.echoPort() }, graph: "", signals };
    const results: PacedResult[] = [];
    const sides = {
      tidewire: async () => {
        const result = await client.call<PacedResult>("paced", ours);
        results.push(result);
        if (result.errors > 0) throw new Error(`${result.errors} of ${result.sent} requests were not answered rightly`);
        return result.p99;
      },
      echo: async () => (await client.call<PacedResult>("paced", echo)).p99,
    };
    const figures = await interleave(sides, { ...rounds, tolerance: 0.3 }, bench.say);
    return { connections: toConnections(figures, results) };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

function toConnections(figures: Record<"tidewire" | "echo", number[]>, results: readonly PacedResult[]): Figure {
  const middle = (of: (one: PacedResult) => number): number => rounded(median(results.map(of)), 3);
  return toFigure(
    {
      measured: median(figures.tidewire),
      peer: median(figures.echo),
      unit: "ms, p99",
      method:
        "20,000 requests/s evenly spread, binary positional, open loop; from the time each was due, so what the client itself is late counts too; peer: a plain ws echo under the same load",
      details: {
        p50_ms: middle((one) => one.p50),
        max_ms: middle((one) => one.max),
        p99_from_write_ms: middle((one) => one.p99FromWrite),
        client_lateness_p99_ms: middle((one) => one.latenessP99),
        requests: results.reduce((sum, one) => sum + one.sent, 0),
        errors: results.reduce((sum, one) => sum + one.errors, 0),
        answers_compared: results.reduce((sum, one) => sum + one.checked, 0),
        rounds: summary(figures),
      },
    },
    { judged: "measured", better: "lower", must: 10, aim: 3 },
  );
}
