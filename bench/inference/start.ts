import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Bench, Measurement } from "../lib/bench.js";
import { keep } from "../lib/children.js";
import { type Figure, toFigure } from "../lib/figure.js";
import { interleave, summary } from "../lib/sides.js";
import { median, rounded } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";

const STARTS = 10;

/** From the command to the first connection. */
export const start: Measurement = {
  name: "start",
  title: "from the spawn of `tidewire serve` with the demo ensemble to the line that says it listens",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const starts = bench.scale.isQuick ? 2 : STARTS;
  const rounds = { least: starts, most: starts * 2, tolerance: 0.1 };
  const figures = await interleave({ tidewire: startServer, node: startNode }, rounds, bench.say);
  const details = { slowest_s: rounded(Math.max(...figures.tidewire)), rounds: summary(figures) };
  return {
    start: toFigure(
      {
        measured: median(figures.tidewire),
        peer: median(figures.node),
        unit: "s",
        method: "median of 10 starts, no npx; peer: `node -e 0` from spawn to exit",
        details,
      },
      { judged: "measured", better: "lower", must: 0.6, aim: 0.3 },
    ),
  };
}

async function startServer(): Promise<number> {
  const server = await Tidewire.start({ models: ["gas_turbine"] });
  await server[Symbol.asyncDispose]();
  return server.startMs / 1000;
}

async function startNode(): Promise<number> {
  const startMs = performance.now();
  await once(keep(spawn(process.execPath, ["-e", "0"])), "exit");
  return (performance.now() - startMs) / 1000;
}
