import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { interleave, summary } from "../lib/sides.js";
import { median } from "../lib/statistics.js";
import { bareAppend, IN_FLIGHT } from "./lines.js";

const BATCHES = [1, 2, 4, 8, 16, 32] as const;

/** The physical limit by itself. */
export const lmdb: Measurement = {
  name: "lmdb",
  title: "bare LMDB appends, 4,096 lines in flight, in 1 to 32 batches",
  onRequest: true,
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const sides = Object.fromEntries(BATCHES.map((batches) => [`${batches} batches`, bareAppend(bench, batches)]));
  const figures = await interleave(sides, bench.scale.rounds, bench.say);
  const medians = Object.values(figures).map(median);
  return {
    lmdb: toFigure(
      {
        measured: medians[0] as number,
        peer: Math.max(...medians),
        unit: "lines/s",
        method: `${IN_FLIGHT} lines not flushed, in one batch; peer: in the best number of batches`,
        details: { rounds: summary(figures) },
      },
      SHOWN,
    ),
  };
}
