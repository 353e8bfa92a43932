// A short storm of the fuzzing part of the torture, with a fixed seed: `npm run torture -- --only fuzz` has the long one.
import { test } from "tap";
import { runFuzz } from "../torture/fuzz/index.js";
import { quietly } from "../torture/lib/quietly.js";

const FRAMES = 40_000;

test(`${FRAMES} fuzzed frames: each is answered once, nothing is lost, nothing is left`, async (t) => {
  const { findings, figures } = await runFuzz(quietly(1, "fuzz"), FRAMES);
  t.same(findings, []);
  t.ok(Number(figures.frames) >= FRAMES, `${figures.frames} frames, ${figures.frames_per_second}/s`);
});
