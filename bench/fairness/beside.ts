// Quiet clients beside a flood, and alone; the same of a plain echo, as what the machine and `ws` make of it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Flood, PourOptions, PourResult } from "../client/pour.js";
import type { QuietOptions, QuietResult } from "../client/quiet.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { pin, pinApart, yieldToAll } from "../lib/cores.js";
import { type Figure, toFigure } from "../lib/figure.js";
import { Program } from "../lib/program.js";
import { interleave, summary } from "../lib/sides.js";
import { median, pairedRatio, percentile, rounded } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";

const MODEL = "small";
/** Quiet clients, each with a reading and a line every 50 ms: enough samples for a p99, and together still next to nothing. */
const CLIENTS = 8;
const EVERY_MS = 50;
/** How long a flood runs before anybody looks: by then the server has told it from somebody who has much to say. */
const RISE_MS = 1_000;
/**
 * The server's loop has a core of its own. Its other threads and the clients share another, where the flood only gets what
 * nobody else wants: beside a loop that never sleeps, the thread that writes the log would wait for a time slice, of 3 ms.
 */
const [LOOP_CORE, OTHER_CORE] = [0, 1];
const FLOOD_NICENESS = 19;
/** A disk whose flushes take a hundred milliseconds would be measured instead of the server. */
const MEMORY_FOLDER = "/dev/shm";

type Target = PourOptions["server"];

/** What one kind of flood does. */
export function beside(flood: Flood): Measurement {
  return {
    name: flood,
    title: `p99 of quiet clients beside a flood of ${flood}, against alone`,
    run: (bench) => run(bench, flood),
  };
}

async function run(bench: Bench, flood: Flood): Promise<Record<string, Figure>> {
  const dataDir = mkdtempSync(join(memoryFolder(), "tidewire-fair-"));
  process.once("exit", () => rmSync(dataDir, { recursive: true, force: true }));
  await using server = await Tidewire.start({ models: [MODEL], dataDir: join(dataDir, "data") });
  await using one = await Program.start("programs/spinner");
  await using two = await Program.start("programs/spinner");
  await using flooder = await Program.start("client/main");
  await flooder.call("lowerPriority", FLOOD_NICENESS);
  for (const { pid } of [flooder, one, two]) yieldToAll(pid);
  const [quiet, echoProgram] = [await bench.pinger, await bench.echo];
  for (const { pid } of [server, echoProgram]) pinApart(pid, LOOP_CORE, OTHER_CORE);
  const isPinned = pin(one.pid, LOOP_CORE) && [quiet, flooder, two].every(({ pid }) => pin(pid, OTHER_CORE));
  if (!isPinned) bench.say("the processes could not be kept on a core each: they disturb one another");
  const scene = new Scene(quiet, flooder, flood, bench.scale.runMs * 2);
  const [ours, echo]: Target[] = [{ port: server.port, model: MODEL }, { echo: await echoProgram.call("port") }];
  const sides = {
    alone: () => scene.alone(ours as Target),
    beside: () => scene.beside(ours as Target),
    echo_alone: () => scene.alone(echo as Target),
    echo_beside: () => scene.beside(echo as Target),
  };
  await sides.alone(); // warm
  scene.forget();
  const figures = await interleave(sides, { ...bench.scale.rounds, tolerance: 0.3 }, bench.say);
  return { [flood]: toFairness(figures, scene) };
}

/** Where a flush costs nothing; where there is none, the figures of lines are the disk's. */
function memoryFolder(): string {
  return process.platform === "linux" ? MEMORY_FOLDER : tmpdir();
}

/** The quiet clients and the flood. */
class Scene {
  readonly #quiet: Program;
  readonly #flooder: Program;
  readonly #flood: Flood;
  readonly #ms: number;
  readonly floods: PourResult[] = [];
  readonly results: { readonly lines: number; readonly median: number; readonly lateness: number }[] = [];

  constructor(quiet: Program, flooder: Program, flood: Flood, ms: number) {
    this.#quiet = quiet;
    this.#flooder = flooder;
    this.#flood = flood;
    this.#ms = ms;
  }

  forget(): void {
    this.results.length = 0;
  }

  /** p99 of readings and lines together, in ms. */
  async alone(server: Target): Promise<number> {
    const options: QuietOptions = { server, clients: CLIENTS, everyMs: EVERY_MS, ms: this.#ms };
    const { readings, lines, lateness } = await this.#quiet.call<QuietResult>("quiet", options);
    if (!("echo" in server))
      this.results.push({
        lines: percentile(lines, 0.99),
        median: median([...readings, ...lines]),
        lateness: percentile(lateness, 0.99),
      });
    return percentile([...readings, ...lines], 0.99);
  }

  async beside(server: Target): Promise<number> {
    await this.#flooder.call("pour", { flood: this.#flood, server } satisfies PourOptions);
    await new Promise((resolve) => setTimeout(resolve, RISE_MS));
    try {
      return await this.alone(server);
    } finally {
      const result = await this.#flooder.call<PourResult>("stopPouring");
      if (!("echo" in server)) this.floods.push(result);
    }
  }
}

function toFairness(
  figures: Record<"alone" | "beside" | "echo_alone" | "echo_beside", number[]>,
  scene: Scene,
): Figure {
  const ratios = figures.beside.map((value, i) => value / (figures.alone[i] as number));
  return toFigure(
    {
      measured: median(figures.beside),
      peer: median(figures.alone),
      ratio: pairedRatio(figures.beside, figures.alone),
      unit: "ms, p99",
      method: `${CLIENTS} quiet clients, each a reading and a durable line every ${EVERY_MS} ms, beside one connection that sends as fast as its socket takes bytes; peer: the same clients alone. The server's loop alone on a core, its other threads and the clients on another where the flood gets what nobody else wants, cores kept awake, the log in memory`,
      details: {
        ratio_range: [rounded(Math.min(...ratios), 3), rounded(Math.max(...ratios), 3)],
        echo_ratio: rounded(pairedRatio(figures.echo_beside, figures.echo_alone), 3),
        lines_p99_ms: rounded(median(scene.results.map((one) => one.lines)), 3),
        p50_ms: rounded(median(scene.results.map((one) => one.median)), 3),
        client_lateness_p99_ms: rounded(median(scene.results.map((one) => one.lateness)), 3),
        flood_frames_per_second: rounded(median(scene.floods.map((one) => one.framesPerSecond))),
        rounds: summary(figures),
      },
    },
    { judged: "ratio", better: "lower", must: 2, aim: 1.5 },
  );
}
