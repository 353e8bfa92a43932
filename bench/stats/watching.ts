import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { HoldOptions } from "../client/idle.js";
import { TOPICS_PATH } from "../client/lean-socket.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { interleave, type Side, summary } from "../lib/sides.js";
import { median } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";

/** Samples of one run: what a server does by itself every second is as much as watching costs. */
const SECONDS = 15;
const ROUNDS = { least: 7, most: 7, tolerance: 0 };
/** The first samples load code and open files. */
const SETTLE_MS = 2_500;
/** A server that has just started still compiles. */
const WARM_MS = 8_000;
const LOOK_MS = 20;

/** What it costs that somebody watches the host. */
export const watching: Measurement = {
  name: "watching",
  title: "processor time of watching the host at 1 Hz, against the same server with nobody watching",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const { isQuick } = bench.scale;
  // The default of nvidiaSmi is looked for once; here it is not, so that a host with GPUs has the same figure.
  await using server = await Tidewire.start({ models: [], flags: ["--nvidia-smi", "off"] });
  await sleep(isQuick ? 0 : WARM_MS);
  const children = new Set<string>();
  const seconds = isQuick ? 0.3 : SECONDS;
  const side =
    (topic: string, count = 1): Side =>
    async () => {
      const target = { port: server.port, path: TOPICS_PATH, subprotocol: "tidewire.v1.proto" };
      const client = await bench.client;
      await client.call("hold", { target, count, topic } satisfies HoldOptions);
      await sleep(isQuick ? 0 : SETTLE_MS);
      const before = await server.cpuUs();
      await look(server.pid, seconds, children);
      const usedUs = (await server.cpuUs()) - before;
      await client.call("release");
      return usedUs / (seconds * 1e4);
    };
  const sides = { quiet: side("training.run"), watched: side("system.*"), hundred: side("system.*", 100) };
  const figures = await interleave(sides, isQuick ? { least: 1, most: 1, tolerance: 1 } : ROUNDS, bench.say);
  const above = (of: readonly number[]): number => median(of.map((share, i) => share - (figures.quiet[i] as number)));
  const details = { children_started: children.size, rounds: summary(figures) };
  const method = `processor time of the server's process, all threads, over ${seconds} s, less that of the same process with a connection that is told nothing; median of the rounds' differences`;
  const unit = "% of a core";
  return {
    watching: toFigure(
      { measured: above(figures.watched), unit, method: `one watcher, binary: ${method}`, details },
      { judged: "measured", better: "lower", must: 0.2, aim: 0.05 },
    ),
    watching_hundred: toFigure(
      { measured: above(figures.hundred), unit, method: `a hundred watchers, binary: ${method}` },
      SHOWN,
    ),
  };
}

/** Looks for children of a process all the while. */
async function look(pid: number, seconds: number, found: Set<string>): Promise<void> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(LOOK_MS))
    for (const child of childrenOf(pid)) found.add(child);
}

function childrenOf(pid: number): string[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")
        .split(" ")
        .filter((child) => child !== ""),
    );
  } catch {
    return []; // a thread has ended meanwhile, or the system does not tell
  }
}
