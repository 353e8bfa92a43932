// The part that fuzzes the protocol: millions of frames, valid ones and mutants of them, down real sockets.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program } from "../../../bench/lib/program.js";
import { type Context, Findbook, type Findings, lengthMs, type Part } from "../lib/part.js";
import { ServerUnderTest } from "../lib/server.js";
import { COLLECTING, Growth } from "./growth.js";
import { HonestClient } from "./honest.js";
import type { StormOptions, StormReport } from "./storm.js";

/** How much is sent where nothing else is asked for. */
const USUAL = { seconds: 60, longSeconds: 3600 };
/** Frames of a usual run, and of a long one. */
const USUAL_FRAMES = 1_000_000;
const LONG_FRAMES = 10_000_000;
/** Share of the frames that warm the server up: code is compiled, caches and topics have their size. */
const WARM_UP = 0.1;
/** Looks at the server's memory behind that. */
const LOOKS = 9;
const STORM_SLACK_MS = 120_000;
const PROGRESS_MS = 1_000;

/** Limits so small that a storm reaches them: what grows up to a limit has grown before memory is compared. */
const FLAGS = [
  ["--log-level", "warn"],
  ["--max-topics", "300"],
  ["--segment-bytes", "4MiB"],
  ["--retention-bytes", "32MiB"],
  ["--max-idempotency-keys", "4096"],
  ["--history-rows", "100"],
  ["--closed-histories", "4"],
  ["--nvidia-smi", "off"],
  // Not a limit of the protocol's: a machine that is busy with something else would only make it refuse.
  ["--max-loop-delay-ms", "0"],
].flat();
const MODELS = ["gas_turbine", "ensemble_narrow", "faulty", "window"];

export const fuzz: Part = {
  name: "fuzz",
  description: "valid frames and mutants of them, Protobuf and JSON, by the million: every one answered exactly once",
  run: (context) => runFuzz(context, framesOf(context)),
};

function framesOf({ minutes, isLong }: Context): number {
  if (minutes !== undefined) return Number.POSITIVE_INFINITY;
  return isLong ? LONG_FRAMES : USUAL_FRAMES;
}

/** Fuzzes a server of its own with so many frames, or for as long as the context says. */
export async function runFuzz(context: Context, frames: number): Promise<Findings> {
  const findbook = new Findbook();
  await using server = await ServerUnderTest.start({ models: MODELS, flags: FLAGS, node: COLLECTING });
  await using program = await Program.start("../test/torture/fuzz/storm");
  await createRuns(server.url);
  const honest = new HonestClient(server.url, findbook);
  await honest.start();
  const growth = new Growth(server);
  const total = await new Storm(context, server, program, growth).run(frames);
  if (server.isRunning) await growth.settle(total.frames);
  const rounds = server.isRunning ? await honest.stop() : 0;
  await tellFaults(context, findbook, total.faults);
  for (const what of growth.faults) findbook.found("memory and handles are back", what);
  for (const what of server.faults) findbook.found("the server stays up and logs no error", what);
  return { findings: findbook.findings, figures: { ...figuresOf(total), honest_rounds: rounds, ...growth.figures } };
}

/** Runs that mutants publish to: without them most would only hear that there is no such run. */
async function createRuns(url: string): Promise<void> {
  for (let i = 1; i <= 12; i += 1) {
    await fetch(`${url}/api/v1/training/logs/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ experiment_id: `t${i}` }),
    });
  }
}

interface Total extends StormReport {
  readonly ms: number;
}

/** One storm in stretches, between which memory is looked at. */
class Storm {
  readonly #context: Context;
  readonly #server: ServerUnderTest;
  readonly #program: Program;
  readonly #growth: Growth;
  readonly #seed: number;
  #done: Omit<StormReport, "replies"> & { replies: Record<string, number> } = {
    frames: 0,
    bytes: 0,
    pushes: 0,
    connections: 0,
    replies: {},
    faults: [],
  };

  constructor(context: Context, server: ServerUnderTest, program: Program, growth: Growth) {
    this.#context = context;
    this.#server = server;
    this.#program = program;
    this.#growth = growth;
    this.#seed = context.random.fork("storm").uint32();
  }

  async run(frames: number): Promise<Total> {
    const startedMs = Date.now();
    const limitMs = Number.isFinite(frames)
      ? 24 * lengthMs({ ...this.#context, minutes: undefined }, USUAL)
      : lengthMs(this.#context, USUAL);
    const ends = Array.from({ length: LOOKS + 1 }, (_, i) =>
      i === 0 ? WARM_UP : WARM_UP + ((1 - WARM_UP) * i) / LOOKS,
    );
    for (const share of ends) {
      if (!this.#server.isRunning || this.#context.signal.aborted || this.#done.faults.length > 0) break;
      await this.#stretch(frames * share, startedMs + limitMs * share, frames, startedMs, limitMs);
      if (this.#server.isRunning) await this.#growth.look(this.#done.frames);
    }
    return { ...this.#done, ms: Date.now() - startedMs };
  }

  async #stretch(until: number, untilMs: number, frames: number, startedMs: number, limitMs: number): Promise<void> {
    const options: StormOptions = {
      port: this.#server.port,
      seed: this.#seed,
      first: this.#done.connections,
      frames: until - this.#done.frames,
      untilMs,
    };
    const ticker = setInterval(() => void this.#tell(frames, startedMs, limitMs), PROGRESS_MS);
    try {
      this.#add(await this.#program.call<StormReport>("storm", options, untilMs - Date.now() + STORM_SLACK_MS));
    } finally {
      clearInterval(ticker);
    }
  }

  async #tell(frames: number, startedMs: number, limitMs: number): Promise<void> {
    const { frames: now } = await this.#program.call<StormReport>("progress");
    const sent = this.#done.frames + now;
    const elapsedMs = Date.now() - startedMs;
    const share = Number.isFinite(frames) ? sent / frames : elapsedMs / limitMs;
    this.#context.progress(
      share,
      `${sent.toLocaleString("en")} frames, ${Math.round((sent / elapsedMs) * 1000).toLocaleString("en")}/s`,
    );
  }

  #add(report: StormReport): void {
    const { replies } = this.#done;
    for (const [what, count] of Object.entries(report.replies)) replies[what] = (replies[what] ?? 0) + count;
    this.#done = {
      frames: this.#done.frames + report.frames,
      bytes: this.#done.bytes + report.bytes,
      pushes: this.#done.pushes + report.pushes,
      connections: this.#done.connections + report.connections,
      faults: [...this.#done.faults, ...report.faults],
      replies,
    };
  }
}

/** Notes the faults, and keeps their frames where they can be replayed from. */
async function tellFaults({ say }: Context, findbook: Findbook, faults: StormReport["faults"]): Promise<void> {
  if (faults.length === 0) return;
  const file = join(mkdtempSync(join(tmpdir(), "tidewire-fuzz-")), "faults.json");
  writeFileSync(file, JSON.stringify(faults, undefined, 2));
  say(`frames of all faults, as hex: ${file}`);
  for (const { invariant, what, connection, frames } of faults) {
    const shown = frames.length > 0 ? `; ${frames.length} frames, the first ${frames[0]?.slice(0, 400)}` : "";
    findbook.found(invariant, `connection ${connection}: ${what.slice(0, 600)}${shown}`);
  }
}

function figuresOf({ frames, ms, bytes, connections, pushes, replies }: Total): Record<string, number | string> {
  const most = Object.entries(replies).sort(([, a], [, b]) => b - a);
  return {
    frames,
    frames_per_second: Math.round((frames / ms) * 1000),
    sent_mib: Math.round(bytes / 2 ** 20),
    connections,
    events_pushed_meanwhile: pushes,
    replies: most.map(([what, count]) => `${what} ${count.toLocaleString("en")}`).join(", "),
  };
}
