// The server's own figures: latencies out of a bounded table, rates out of counters, the loop's delay.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { PredictionMeter } from "../../../src/inference/meter.js";
import { LoopDelay } from "../../../src/stats/loop-delay.js";
import { OwnProcess } from "../../../src/stats/own-process.js";

test("a latency is told to within 6.3 %, or half a µs, from 0 to half an hour; the table does not grow", async (t) => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 2e6, noNaN: true }), (ms) => {
      const meter = new PredictionMeter();
      meter.answered(1, 1, ms);
      const told = meter.bucketMs(meter.latencies.indexOf(1));
      assert.ok(Math.abs(told - ms) <= Math.max(0.0006, 0.0626 * ms), `${ms} was told as ${told}`);
    }),
  );
  const meter = new PredictionMeter();
  for (const ms of [-1, 0, 1e300, Number.POSITIVE_INFINITY]) meter.answered(1, 1, ms);
  t.equal(meter.latencies.length, 232);
  t.equal(
    meter.latencies.reduce((sum, count) => sum + count, 0),
    4,
  );
});

test("predictions a second and quantiles are of the time since the last sample", async (t) => {
  const meter = new PredictionMeter();
  const own = new OwnProcess(meter, { size: 0, queuedBytes: 0 });
  meter.answered(1000, 1000, 50);
  t.match(
    own.sample(undefined),
    { predictionsPerSecond: undefined, latencyP50Ms: undefined },
    "of nothing to compare with",
  );
  for (let i = 0; i < 98; i += 1) meter.answered(1, 10, 0.02);
  meter.answered(2, 20, 8);
  const { predictionsPerSecond, latencyP50Ms = 0, latencyP99Ms = 0 } = own.sample(2);
  t.equal(predictionsPerSecond, 500);
  t.ok(Math.abs(latencyP50Ms - 0.02) < 0.002, `p50 ${latencyP50Ms}`);
  t.ok(Math.abs(latencyP99Ms - 8) < 0.5, `p99 ${latencyP99Ms}`);
  t.match(own.sample(1), { predictionsPerSecond: 0, latencyP50Ms: undefined }, "none is 0 a second, and no latency");
});

test("the loop's delay is seen, and is not the time between looks", async (t) => {
  const loop = new LoopDelay();
  t.equal(loop.takeP99Ms(), undefined, "nobody has looked");
  loop.start();
  t.teardown(() => loop.stop());
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  // At work for most of its time: it is looked at often from the next time on.
  const hold = async (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
    await pause(1);
  };
  for (let i = 0; i < 4; i += 1) await hold(60);
  loop.takeP99Ms();
  for (let i = 0; i < 4; i += 1) await hold(60);
  const held = loop.takeP99Ms() ?? 0;
  t.ok(held >= 25 && held < 1000, `${held} ms while it was held for 60`);
  await pause(600);
  loop.takeP99Ms();
  await pause(600);
  const free = loop.takeP99Ms() ?? Number.NaN;
  t.ok(free < 25, `${free} ms while it was free`);
});
