import { setTimeout as sleep } from "node:timers/promises";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, toFigure } from "../lib/figure.js";
import { interleave, summary } from "../lib/sides.js";
import { median } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";
import { CHARTS, Feed, LINES_PER_SECOND, METRICS_HZ, POINTS } from "./feed.js";
import { type Frames, RunPage } from "./page.js";

/** Seconds of one side: enough frames for a percentile that one hiccup does not move. */
const RUN_MS = 8_000;
const ROUNDS = { least: 3, most: 3, tolerance: 1 };
/** What was begun under one side is done before the other is measured. */
const SETTLE_MS = 1_500;
/** A screen so high that all charts and the log are in view, and a laptop's. */
const SCREENS = { all: { width: 1600, height: 3200 }, laptop: { width: 1280, height: 800 } };

/** How smooth the page of a run is while much happens. */
export const frames: Measurement = {
  name: "frames",
  title: `frames of a run's page: ${CHARTS} charts × ${POINTS} points at ${METRICS_HZ} Hz and ${LINES_PER_SECOND} log lines a second`,
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const { isQuick } = bench.scale;
  await using server = await Tidewire.start({ models: [], flags: ["--nvidia-smi", "off"] });
  const feed = new Feed(server.port);
  await feed.begin(isQuick ? 100 : POINTS);
  const figures: Record<string, Figure> = {};
  for (const [name, screen] of Object.entries(SCREENS)) {
    await using page = await RunPage.open({ port: server.port, ...screen });
    const told: Record<string, Frames> = {};
    const side = (what: string) => async () => {
      if (what === "live") feed.start();
      await sleep(isQuick ? 0 : SETTLE_MS);
      const recorded = await page.record(isQuick ? 500 : RUN_MS);
      if (what === "live") feed.stop();
      told[what] = recorded;
      return recorded.workP95Ms;
    };
    const rounds = isQuick ? { least: 1, most: 1, tolerance: 1 } : ROUNDS;
    const measured = await interleave({ live: side("live"), idle: side("idle") }, rounds, bench.say);
    const [drawn, { width, height }] = [await page.drawn(), screen];
    figures[`frames_${name}`] = toFigure(
      {
        measured: median(measured.live),
        peer: median(measured.idle),
        unit: "ms",
        method: `work of the page's thread a frame, p95 over ${RUN_MS / 1000} s, from the frame's first callback to after its painting; ${width} × ${height} pixels, ${drawn} charts in view, Chromium without a screen, drawn in software; beside it the same page with nothing published; median of rounds`,
        details: { live: told.live?.details, idle: told.idle?.details, rounds: summary(measured) },
      },
      { judged: "measured", better: "lower", must: 16, aim: 8 },
    );
  }
  return figures;
}
