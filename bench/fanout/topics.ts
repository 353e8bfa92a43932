import type { BystanderOptions, PassOptions, PassResult, SpreadOptions } from "../client/spread.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { interleave, type Side, summary } from "../lib/sides.js";
import { median, pairedRatio } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";
import { NO_LEASES } from "./audience.js";

const COUNTS = [10, 100, 1_000, 10_000, 100_000] as const;
const QUICK_COUNTS = [10, 100] as const;
/** Events not acknowledged or not received; below the server's window. */
const IN_FLIGHT = 512;
const FLAGS = [...NO_LEASES, "--max-topics", "200000"];

/** What there may be many of. */
type Many = "subscriptions" | "patterns" | "topics";

const METHODS: Readonly<Record<Many, string>> = {
  subscriptions: "events/s to one topic and its one subscriber, among 100,000 subscriptions to other topics",
  patterns: "events/s to one topic and its one subscriber, among 100,000 patterns that do not match it",
  topics: "events/s to 100,000 topics in turn, and to the one subscriber of all of them by a pattern",
};

/** What many topics and subscriptions cost those who have nothing to do with them. */
export const topics: Measurement = {
  name: "topics",
  title: "events/s with 10 to 100,000 subscriptions, patterns and topics",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const figures: Record<string, Figure> = {};
  for (const many of ["subscriptions", "patterns", "topics"] as const) figures[many] = await grow(bench, many);
  return figures;
}

/** All sizes in turns, each with a server of its own. */
async function grow(bench: Bench, many: Many): Promise<Figure> {
  const servers: Tidewire[] = [];
  try {
    const { isQuick, rounds } = bench.scale;
    const counts: readonly number[] = isQuick ? QUICK_COUNTS : COUNTS;
    const sides: Record<string, Side> = {};
    for (const count of counts) {
      const server = await Tidewire.start({ models: [], flags: FLAGS });
      servers.push(server);
      sides[`${count} ${many}`] = await sideOf(bench, server, many, count);
    }
    for (const side of Object.values(sides)) await side(); // warm
    const figures = Object.values(await interleave(sides, rounds, bench.say));
    const [first, last] = [figures[0] as number[], figures.at(-1) as number[]];
    return toFigure(
      {
        measured: median(last),
        peer: median(first),
        ratio: pairedRatio(last, first),
        unit: "events/s",
        method: `${METHODS[many]}; one publisher, ${IN_FLIGHT} in flight, durable; peer: the same with 10 of them`,
        details: { by_count: summary(Object.fromEntries(counts.map((count, i) => [count, figures[i] as number[]]))) },
      },
      SHOWN,
    );
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]();
  }
}

async function sideOf(bench: Bench, { port }: Tidewire, many: Many, count: number): Promise<Side> {
  const client = await bench.client;
  if (many !== "topics") {
    const options: BystanderOptions = { port, count: count - 1, to: many === "patterns" ? "patterns" : "topics" };
    await client.call("bystanders", options);
  }
  const options: SpreadOptions = { port, topics: many === "topics" ? count : 1 };
  const pass: PassOptions = {
    spread: await client.call<number>("openSpread", options),
    inFlight: IN_FLIGHT,
    ms: bench.scale.runMs,
  };
  return async () => (await client.call<PassResult>("pass", pass)).perSecond;
}
