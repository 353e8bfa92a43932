// Lines of nvidia-smi: real values, and the many words for what is not told.
import { readFileSync } from "node:fs";
import { test } from "tap";
import type { GpuStats } from "../../../generated/ts/tidewire/v1/stats.js";
import { GpuRounds, identityOf, parseGpuLine } from "../../../src/stats/nvidia-lines.js";

const MIB = 1024 * 1024;

function roundsOf(file: string): (readonly GpuStats[])[] {
  const text = readFileSync(new URL(`../../fixtures/nvidia-smi/${file}`, import.meta.url), "utf8");
  const rounds = new GpuRounds();
  return text.split("\n").flatMap((line) => {
    const found = parseGpuLine(line);
    const round = found && rounds.add(found);
    return round ? [round] : [];
  });
}

test("two GPUs, two rounds: memory in bytes, shares in percent, and an idle one is at 0", async (t) => {
  const rounds = roundsOf("two.csv");
  t.equal(rounds.length, 2);
  t.same(rounds[1], [
    {
      index: 0,
      name: "NVIDIA GeForce RTX 3080",
      uuid: "GPU-67a571b1-79ee-1016-8ea3-c1fff3f1c1d2",
      gpuUtil: 100,
      memoryPercent: 95.38,
      memoryTotalBytes: 20480 * MIB,
      memoryUsedBytes: 19534 * MIB,
      temperatureCelsius: 46,
      powerWatts: 318.94,
    },
    {
      index: 1,
      name: "NVIDIA GeForce RTX 3080",
      uuid: "GPU-3e34e62f-d88e-f448-415e-be2cbf2c6178",
      gpuUtil: 0,
      memoryPercent: 0,
      memoryTotalBytes: 20480 * MIB,
      memoryUsedBytes: 0,
      temperatureCelsius: 33,
      powerWatts: 8,
    },
  ]);
});

test("what an old driver or MIG does not tell is absent; the rest is there", async (t) => {
  const [old] = roundsOf("old-driver.csv");
  t.match(old, [
    { gpuUtil: undefined, powerWatts: undefined, temperatureCelsius: 44, memoryUsedBytes: 0, memoryPercent: 0 },
  ]);
  const [mig] = roundsOf("mig.csv");
  t.match(mig, [
    { gpuUtil: undefined, memoryPercent: 44.6, powerWatts: 87.12 },
    { gpuUtil: undefined, memoryTotalBytes: undefined, memoryPercent: undefined, temperatureCelsius: 30 },
  ]);
});

test("blanks of NVML and DCGM, errors in place of figures, empty lines: the GPU is there, its figures are not", async (t) => {
  const [round] = roundsOf("broken.csv");
  const bare = (index: number, uuid?: string) => JSON.parse(JSON.stringify({ index, uuid }));
  t.same(JSON.parse(JSON.stringify(round)), [bare(0, "GPU-80be5c9a-eb7d-2388-ad7c-7d3ee8f87235"), bare(1), bare(2)]);
});

test("a GPU that is lost: the round is told without it, and the next ones are whole with fewer", async (t) => {
  const rounds = roundsOf("lost.csv").map((round) => round.map(({ index, gpuUtil }) => [index, gpuUtil]));
  t.same(rounds, [
    [
      [0, 90],
      [1, 91],
      [2, 92],
    ],
    [
      [0, 93],
      [2, 94],
    ],
    [
      [0, 95],
      [2, 96],
    ],
  ]);
});

test("what is no line of a GPU is none", async (t) => {
  t.same(roundsOf("no-driver.txt"), []);
  for (const line of [
    "",
    "No devices were found",
    "1, x, GPU-1, 1, 1, 1, 1, 1, n",
    "1, 300, GPU-1, 1, 1, 1, 1, 1, n",
    "1, 0.5, u, 1, 1, 1, 1, 1, n",
  ])
    t.equal(parseGpuLine(line), undefined, line);
  t.equal(parseGpuLine("1, 0, GPU-1, 1, 1, 1, 1, 1, A, with, commas")?.gpu.name, "A, with, commas");
});

test("of a GPU whose figures are old, what stays true is told", async (t) => {
  const [gpu] = roundsOf("two.csv")[0] ?? [];
  const { index, name, uuid, memoryTotalBytes } = gpu as GpuStats;
  t.same(identityOf(gpu as GpuStats), { index, name, uuid, memoryTotalBytes });
});
