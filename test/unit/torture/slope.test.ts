// The estimator that decides whether a soak has found a leak: it must see one, and must not see one in noise.
import { test } from "tap";
import { Random } from "../../torture/lib/random.js";
import { grows, type Sample, slopeOf } from "../../torture/lib/slope.js";
import { TOLERATED } from "../../torture/soak/verdict.js";

const MIB = 1024 * 1024;
const SAMPLES_A_MINUTE = 6;
const SEEDS = Array.from({ length: 50 }, (_, seed) => seed);

/** A heap that swings by 20 MiB with the collector, is measured 3 MiB wrong, and leaks. */
function heap(random: Random, minutes: number, leakPerMinute: number): Sample[] {
  let swing = 0;
  return Array.from({ length: minutes * SAMPLES_A_MINUTE }, (_, i) => {
    swing += random.next() * 8 * MIB;
    if (swing > 20 * MIB) swing = 0;
    const noise = random.next() * 3 * MIB;
    const at = i / SAMPLES_A_MINUTE;
    return { minutes: at, value: 120 * MIB + swing + noise + at * leakPerMinute };
  });
}

test("a leak of 1 MiB a minute is found within 20 minutes, whatever the noise", async (t) => {
  const missed = SEEDS.filter((seed) => {
    const samples = heap(new Random(seed, "leak"), 20, MIB);
    return !grows(slopeOf(samples), TOLERATED.memoryBytes);
  });
  t.same(missed, []);
});

test("a heap that holds what it holds is no leak, over an hour or a quarter of one", async (t) => {
  for (const minutes of [15, 50]) {
    const alarms = SEEDS.filter((seed) =>
      grows(slopeOf(heap(new Random(seed, "steady"), minutes, 0)), TOLERATED.memoryBytes),
    );
    t.same(alarms, [], `${minutes} minutes`);
  }
});

test("a step is no leak, nor is a burst, nor what warms up a little", async (t) => {
  const steady = heap(new Random(1, "shape"), 50, 0);
  const shapes = {
    step: (minutes: number) => (minutes > 25 ? 16 * MIB : 0),
    burst: (minutes: number) => (minutes > 20 && minutes < 26 ? 200 * MIB : 0),
    warming: (minutes: number) => 12 * MIB * (1 - Math.exp(-minutes / 5)),
  };
  for (const [name, shape] of Object.entries(shapes)) {
    const samples = steady.map(({ minutes, value }) => ({ minutes, value: value + shape(minutes) }));
    t.notOk(grows(slopeOf(samples), TOLERATED.memoryBytes), name);
  }
});

test("the slope of a straight line is its own, and few samples tell nothing", async (t) => {
  const line = Array.from({ length: 60 }, (_, minutes) => ({ minutes, value: 5 + 3 * minutes }));
  t.same(slopeOf(line), { perMinute: 3, low: 3, high: 3 });
  t.notOk(grows(slopeOf(line.slice(0, 3)), 0));
});
