import { setTimeout as sleep } from "node:timers/promises";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, toFigure } from "../lib/figure.js";
import { median, rounded } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";
import { CHARTS, Feed, LINES_PER_SECOND, METRICS_HZ, POINTS } from "./feed.js";
import { type Heap, RunPage } from "./page.js";

const MIB = 1024 * 1024;
const SCREEN = { width: 1600, height: 1200 };
const LOOKS_PER_MINUTE = 4;
const QUICK_MINUTES = 0.05;

/** Whether the page of a run keeps what it should have let go of. */
export const heap: Measurement = {
  name: "heap",
  title: `memory of a run's page over so many minutes as --rounds says, ${METRICS_HZ} Hz × ${CHARTS} metrics and ${LINES_PER_SECOND} log lines a second`,
  onRequest: true,
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const { isQuick, rounds } = bench.scale;
  const minutes = isQuick ? QUICK_MINUTES : rounds.least;
  await using server = await Tidewire.start({ models: [], flags: ["--nvidia-smi", "off"] });
  const feed = new Feed(server.port);
  await feed.begin(isQuick ? 100 : POINTS);
  await using page = await RunPage.open({ port: server.port, ...SCREEN });
  feed.start();
  const looks: Heap[] = [];
  const count = Math.max(4, Math.round(minutes * LOOKS_PER_MINUTE) + 1);
  for (let i = 0; i < count; i += 1) {
    if (i > 0) await sleep((minutes * 60_000) / (count - 1));
    looks.push(await page.heap());
    const { usedBytes, arrayBytes } = looks.at(-1) as Heap;
    bench.say(`${i}: ${(usedBytes / MIB).toFixed(1)} MiB of objects, ${(arrayBytes / MIB).toFixed(1)} MiB of arrays`);
  }
  feed.stop();
  const perLook = minutes / (count - 1);
  return {
    heap_growth: toFigure(
      {
        measured: slope(looks.map(({ usedBytes }) => usedBytes / MIB)) / perLook,
        unit: "MiB/min",
        method: `objects on the page's heap after a collection, ${count} looks in ${minutes} min; slope of the second half (median of all pairs)`,
        details: {
          minutes,
          objects_mib: looks.map(({ usedBytes }) => rounded(usedBytes / MIB, 3)),
          arrays_mib: looks.map(({ arrayBytes }) => rounded(arrayBytes / MIB, 3)),
          nodes: looks.map(({ nodes }) => nodes),
          points_kept_mib_per_minute: rounded((METRICS_HZ * 60 * CHARTS * 32) / MIB, 3),
        },
      },
      { judged: "measured", better: "lower", must: 0.5, aim: 0 },
    ),
  };
}

/** Growth from look to look, of the second half: median of the slopes of all pairs (Theil and Sen). */
function slope(values: readonly number[]): number {
  const late = values.slice(Math.floor(values.length / 2));
  const slopes = late.flatMap((a, i) => late.slice(i + 1).map((b, j) => (b - a) / (j + 1)));
  return median(slopes);
}
