// The one child that tells of GPUs, played by a script: started when somebody watches, there for as long, never twice.
import { once } from "node:events";
import { chmodSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { type Test, test } from "tap";
import { NO_PROGRAM, NvidiaSmi, type NvidiaSmiTimes } from "../../../src/stats/nvidia-smi.js";
import { makeUnkillable } from "./unkillable.js";

const FIXTURES = fileURLToPath(new URL("../../fixtures/nvidia-smi", import.meta.url));

/** A program that notes its process id and words, says a fixture, and does as it is told. */
function fake(t: Test, { says = "two.csv", after = "exec sleep 60" } = {}) {
  const folder = t.testdir({ starts: "" });
  const program = join(folder, "nvidia-smi");
  writeFileSync(program, `#!/bin/sh\necho "$$ $*" >> '${folder}/starts'\ncat '${FIXTURES}/${says}'\n${after}\n`);
  chmodSync(program, 0o755);
  const starts = () => readFileSync(join(folder, "starts"), "utf8").trim().split("\n").filter(Boolean);
  /** Waits until it has been started so often. */
  const started = async (count: number): Promise<string[]> => {
    const changes = watch(folder);
    try {
      while (starts().length < count) await once(changes, "change");
    } finally {
      changes.close();
    }
    return starts();
  };
  return { program, starts, started };
}

/** Lines of the log, as they are written. */
function logOf() {
  const lines: { level: number; msg: string; child_pid?: number; reason?: string; again_in_ms?: number }[] = [];
  const waiting: (() => void)[] = [];
  const write = (line: string) => {
    lines.push(JSON.parse(line));
    for (const resolve of waiting.splice(0)) resolve();
  };
  const log = pino({ level: "debug", base: undefined }, { write });
  const until = async (msg: string) => {
    while (!lines.some((line) => line.msg === msg)) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { log, lines, until };
}

/** The real ones, but for the first wait. */
const TIMES: NvidiaSmiTimes = {
  firstWaitMs: 20,
  longestWaitMs: 600_000,
  steadyMs: 10_000,
  lingerMs: 5_000,
  freshMs: 5_000,
  stallMs: 30_000,
  endMs: 100,
  leaveMs: 10_000,
};

function open(t: Test, program: string, intervalMs = 1000, times: Partial<NvidiaSmiTimes> = {}) {
  const { log, lines, until } = logOf();
  const gpus = new NvidiaSmi({ program, intervalMs, log }, { ...TIMES, ...times });
  // What waits keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(alive));
  t.teardown(() => gpus[Symbol.asyncDispose]());
  return { gpus, lines, until };
}

/** Turns of the loop until there are as many GPUs. */
async function untilGpus(gpus: NvidiaSmi, count: number) {
  while (gpus.sample().length !== count) await new Promise((resolve) => setImmediate(resolve));
  return gpus.sample();
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    // An orphan that has ended is there until the first process takes note of it.
    return process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
};

test("nothing is started before somebody watches; then one child, asked for a line a second", async (t) => {
  const { program, starts, started } = fake(t);
  const { gpus } = open(t, program);
  t.same(gpus.sample(), []);
  t.same(starts(), []);
  for (let i = 0; i < 5; i += 1) gpus.watch();
  const found = await untilGpus(gpus, 2);
  t.match(found, [{ gpuUtil: 100, name: "NVIDIA GeForce RTX 3080" }, { gpuUtil: 0 }], "the newest round");
  const [start = ""] = await started(1);
  t.match(start, /--query-gpu=count,index,uuid,\S+ --format=csv,noheader,nounits --loop=1$/);
  t.equal(starts().length, 1);
});

test("it ends with the server", async (t) => {
  const { program, started } = fake(t);
  const { gpus } = open(t, program);
  gpus.watch();
  await untilGpus(gpus, 2);
  const [start = ""] = await started(1);
  const pid = Number(start.split(" ")[0]);
  t.ok(isAlive(pid));
  await gpus[Symbol.asyncDispose]();
  t.notOk(isAlive(pid));
  gpus.watch();
  t.equal((await started(1)).length, 1, "and is not started again");
});

test("one that does not want to end is killed", async (t) => {
  const { program, started } = fake(t, { after: "trap '' TERM; while :; do sleep 1; done" });
  const { gpus } = open(t, program);
  gpus.watch();
  await untilGpus(gpus, 2);
  const pid = Number((await started(1))[0]?.split(" ")[0]);
  await gpus[Symbol.asyncDispose]();
  t.notOk(isAlive(pid));
});

test("one that dies is started again; its GPUs stay known", async (t) => {
  const { program, started } = fake(t, { after: "exit 15" });
  const { gpus, lines, until } = open(t, program);
  gpus.watch();
  await untilGpus(gpus, 2);
  await started(2);
  await until("nvidia-smi has ended");
  t.match(lines[0], { msg: "nvidia-smi has ended", reason: "ended with 15", again_in_ms: 20, level: 40 });
  t.equal(gpus.sample().length, 2);
});

/** The waits before the first starts of a program that tells of its GPUs and ends. */
async function waitsOf(t: Test, after: string, steadyMs: number) {
  const { program, started } = fake(t, { after });
  const { gpus, lines } = open(t, program, 1000, { steadyMs });
  gpus.watch();
  await untilGpus(gpus, 2);
  await started(4);
  await gpus[Symbol.asyncDispose]();
  return lines.slice(0, 3).map((line) => line.again_in_ms);
}

test("one that tells of its GPUs and ends is started later each time; one that was steady is started soon", async (t) => {
  t.same(await waitsOf(t, "exit 0", 10_000), [20, 40, 80]);
  const again = `sleep 0.2; cat '${FIXTURES}/two.csv'; sleep 0.1; exit 0`;
  t.same(await waitsOf(t, again, 100), [20, 20, 20]);
});

test("without a driver there are no GPUs, and it is asked less and less", async (t) => {
  const { program, started } = fake(t, { says: "no-driver.txt", after: "exit 9" });
  const { gpus, lines } = open(t, program);
  gpus.watch();
  await started(2);
  while (lines.length < 2) await new Promise((resolve) => setImmediate(resolve));
  t.same(
    lines.map((line) => line.again_in_ms),
    [20, 40],
  );
  t.same(gpus.sample(), []);
});

test("without the program there are no GPUs, that is no warning, and it is looked for again much later", async (t) => {
  const { gpus, lines, until } = open(t, join(t.testdir({}), "nvidia-smi"));
  gpus.watch();
  await until("no nvidia-smi, so no GPU is told of");
  t.same(gpus.sample(), []);
  for (let i = 0; i < 3; i += 1) {
    gpus.rest();
    gpus.watch();
  }
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(lines.length, 1, "whoever comes and goes does not look anew");
  t.equal(lines[0]?.level, 20);
});

test("off looks for none", async (t) => {
  const { gpus, lines } = open(t, NO_PROGRAM);
  gpus.watch();
  await new Promise((resolve) => setImmediate(resolve));
  t.same([gpus.sample(), lines], [[], []]);
});

test("GPUs that go are gone with the next round", async (t) => {
  const { program } = fake(t, { says: "lost.csv" });
  const { gpus } = open(t, program);
  gpus.watch();
  t.match(await untilGpus(gpus, 2), [
    { index: 0, gpuUtil: 95 },
    { index: 2, gpuUtil: 96 },
  ]);
});

test("lines that come in pieces, and one without an end, are read as they are", async (t) => {
  const after = `printf '1, 0, GPU-1, 4'; sleep 0.05; printf '2, 100, 50, 1, 1, A'; sleep 0.05; echo; head -c 100000 /dev/zero; exec sleep 60`;
  const { program } = fake(t, { says: "no-driver.txt", after });
  const { gpus } = open(t, program);
  gpus.watch();
  t.match(await untilGpus(gpus, 1), [{ gpuUtil: 42, memoryPercent: 50, name: "A" }]);
});

test("a slower server asks it less often", async (t) => {
  const { program, started } = fake(t);
  const { gpus } = open(t, program, 10_000);
  gpus.watch();
  t.match((await started(1))[0], /--loop=10$/);
});

test("it goes on for a while without a watcher; then it ends, its GPUs stay known, and the next watcher starts another", async (t) => {
  const { program, starts, started } = fake(t);
  const { gpus, lines } = open(t, program, 1000, { lingerMs: 50, freshMs: -1000 });
  gpus.watch();
  await untilGpus(gpus, 2);
  const pid = Number((await started(1))[0]?.split(" ")[0]);
  gpus.rest();
  gpus.watch();
  t.ok(isAlive(pid), "somebody has come back in time");
  gpus.rest();
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
  t.same(gpus.sample()[0], { ...gpus.sample()[0], index: 0, name: "NVIDIA GeForce RTX 3080" });
  t.equal(gpus.sample()[0]?.gpuUtil, undefined, "old figures are not told");
  t.equal(starts().length, 1);
  gpus.watch();
  await started(2);
  t.same(lines, [], "an end that was asked for is no warning");
});

test("whoever comes back while it ends has another at once: its end was no fault", async (t) => {
  const { program, started } = fake(t, {
    after: `trap 'echo asked >> "\${0%/*}/starts"; exec sleep 60' TERM; while :; do sleep 0.05; done`,
  });
  const { gpus, lines } = open(t, program, 1000, { lingerMs: 1, firstWaitMs: 600_000 });
  gpus.watch();
  await untilGpus(gpus, 2);
  gpus.rest();
  t.match(await started(2), [/--loop=1$/, "asked"]);
  gpus.watch();
  t.match((await started(3))[2], /--loop=1$/);
  t.same(lines, []);
});

test("one that hangs is ended and started again", async (t) => {
  const { program, started } = fake(t, { after: "trap '' TERM; while :; do sleep 1; done" });
  const { gpus, until } = open(t, program, 1000, { stallMs: 50 });
  gpus.watch();
  const pid = Number((await started(1))[0]?.split(" ")[0]);
  await untilGpus(gpus, 2);
  const looking = setInterval(() => gpus.sample(), 20);
  t.teardown(() => clearInterval(looking));
  await until("nvidia-smi hangs and is started again");
  await started(2);
  t.notOk(isAlive(pid), "there are never two");
});

test("one that cannot be killed is left behind when the server ends, and that is said", async (t) => {
  const { program, started } = fake(t);
  const { gpus, lines } = open(t, program, 1000, { leaveMs: 200 });
  gpus.watch();
  await untilGpus(gpus, 2);
  const pid = Number((await started(1))[0]?.split(" ")[0]);
  const kill = makeUnkillable(t);
  t.teardown(() => kill(pid));
  await gpus[Symbol.asyncDispose]();
  t.match(lines, [{ msg: "nvidia-smi cannot be killed and is left behind", child_pid: pid, level: 40 }]);
});

test("what a wrapper has started ends with it, however it ends, and although it would not", async (t) => {
  for (const [end, inner] of [
    ["asked to", "trap '' TERM; while :; do sleep 1; done"],
    ["killed", "while :; do sleep 1; done"],
  ] as const) {
    const { program, started } = fake(t, {
      after: `sh -c 'echo "$$" >> "\${0%/*}/starts"; ${inner.replaceAll("'", "'\\''")}' "$0"; exit 0`,
    });
    const { gpus } = open(t, program);
    gpus.watch();
    const [outer = 0, child = 0] = (await started(2)).map((line) => Number(line.split(" ")[0]));
    t.ok(isAlive(child));
    if (end === "killed") process.kill(outer, "SIGKILL");
    else await gpus[Symbol.asyncDispose]();
    while (isAlive(child)) await new Promise((resolve) => setImmediate(resolve));
    t.notOk(isAlive(outer), `it has gone after the wrapper was ${end}`);
    await gpus[Symbol.asyncDispose]();
  }
});

test("one that floods is ended, in lines and without, and started again later each time", async (t) => {
  for (const after of ["exec yes '1, 0, GPU-1, 5, 1000, 10, 40, 20, N'", "exec tr '\\0' x < /dev/zero"]) {
    const { program, starts, started } = fake(t, { after });
    const { gpus, lines, until } = open(t, program);
    gpus.watch();
    const pid = Number((await started(1))[0]?.split(" ")[0]);
    await until("nvidia-smi says too much and is started again");
    t.equal(lines[0]?.level, 40);
    await started(3);
    t.notOk(isAlive(pid), "there are never two");
    await gpus[Symbol.asyncDispose]();
    for (const start of starts()) t.notOk(isAlive(Number(start.split(" ")[0])));
  }
});
