import type { Bench, Measurement } from "../lib/bench.js";
import { type Bounds, type Figure, toFigure } from "../lib/figure.js";
import { interleave, summary } from "../lib/sides.js";
import { median, pairedRatio } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";
import { echoFlood, ServerFlood } from "./floods.js";

const MODEL = "small";
const WIDTH = 20;
const BOUNDS: Bounds = { judged: "ratio", better: "higher", must: 2.5, aim: 5 };
const METHOD =
  "20→64→64→20, one connection, 512 in flight, binary positional; peer: a plain ws echo, one ws.send a message, of the same frames by the same client";

/** Predictions a second through one connection against messages a second of a plain echo. */
export const pipelined: Measurement = {
  name: "pipelined",
  title: "small model, one connection, 512 in flight, against a plain ws echo of the same frames",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [MODEL] });
  try {
    const [client, echo, ms] = [await bench.client, await bench.echoPort(), bench.scale.runMs];
    const full = new ServerFlood(client, server, { model: MODEL, ms });
    const lean = new ServerFlood(client, server, { model: MODEL, includeMetadata: false, ms });
    const sides = { tidewire: full.run, without_metadata: lean.run, echo: echoFlood(client, echo, WIDTH, ms) };
    for (const side of Object.values(sides)) await side(); // warm
    const figures = await interleave(sides, bench.scale.rounds, bench.say);
    const figure = (ours: number[], flood: ServerFlood, method: string): Figure =>
      toFigure(
        {
          measured: median(ours),
          peer: median(figures.echo),
          ratio: pairedRatio(ours, figures.echo),
          unit: "predictions/s",
          method,
          details: { ...flood.details, rounds: summary(figures) },
        },
        BOUNDS,
      );
    return {
      pipelined: figure(figures.tidewire, full, METHOD),
      pipelined_without_metadata: figure(figures.without_metadata, lean, `${METHOD}; include_metadata false`),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
