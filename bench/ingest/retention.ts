import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { rounded } from "../lib/statistics.js";
import { History } from "./history.js";

const MIB = 2 ** 20;
const TOPIC = "training.run";
/** Three times what may be kept. */
const SCALE = { lines: 1_200_000, kept: 64 * MIB, segment: 8 * MIB };
const QUICK_SCALE = { lines: 40_000, kept: 2 * MIB, segment: MIB };
/** Pieces of the run, after each of which the size is looked at. */
const PIECES = 20;
/** Longer than the server waits between two looks after what is to go. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 250;

/** What stays on disk. */
export const retention: Measurement = {
  name: "retention",
  title: "size on disk of three times as many events as may be kept",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const { lines, kept, segment } = bench.scale.isQuick ? QUICK_SCALE : SCALE;
  const history = new History(bench, ["--retention-bytes", `${kept}`, "--segment-bytes", `${segment}`]);
  try {
    await history.start();
    let most = 0;
    for (let piece = 0; piece < PIECES; piece += 1) {
      await history.publish([`${TOPIC}_${piece}`], lines / PIECES);
      most = Math.max(most, history.bytesOnDisk);
    }
    const untilMs = performance.now() + PATIENCE_MS;
    while (history.bytesOnDisk > kept && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    return {
      retention: toFigure(
        {
          measured: history.bytesOnDisk / MIB,
          peer: kept / MIB,
          unit: "MiB on disk",
          method:
            "three times as much published as --retention-bytes allows, and some seconds to look after it; peer: what is allowed",
          details: { most_meanwhile_mib: rounded(most / MIB), segment_mib: segment / MIB },
        },
        { ...SHOWN, better: "lower" },
      ),
    };
  } finally {
    await history[Symbol.asyncDispose]();
  }
}
