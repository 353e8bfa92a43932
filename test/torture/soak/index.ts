// Half load for a long time: is everything delivered, and does nothing grow?
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../bench/lib/paths.js";
import { median } from "../../../bench/lib/statistics.js";
import { checkLog, countAcknowledged, createRuns, headsOf } from "../crowd/aftermath.js";
import { Crowd } from "../crowd/crowd.js";
import { MODELS } from "../crowd/predictor.js";
import { type Context, Findbook, type Findings, lengthMs, type Part } from "../lib/part.js";
import { ServerUnderTest } from "../lib/server.js";
import { Sampler } from "./sampler.js";
import { inMib, judgeGrowth, judgeRest } from "./verdict.js";
import { Visitor } from "./visitor.js";

const LENGTH = { seconds: 60, longSeconds: 3600 };
const SAMPLE_EVERY_MS = 10_000;
/** A short soak is looked at more often, so that there is something to see. */
const LEAST_SAMPLES = 30;
const CUT_EVERY_MS = 5_000;
/** Share of all connections that is cut at a time: each client loses its connection every eight minutes. */
const CUT_SHARE = 0.01;
const GATHER_MS = 120_000;
/** Longer than any prediction may take. */
const SETTLE_MS = 180_000;
/** Longer than the server takes to give up a peer that does not answer its close. */
const GONE_MS = 10_000;

/**
 * Five hundred connections at rates that keep the server busy for about half of a core: lines and predictions, each line
 * delivered to nine clients.
 */
const CLIENTS = {
  processes: 2,
  publishers: 100,
  followers: 290,
  watchers: 6,
  predictors: 100,
  slowPredictors: 4,
  linesPerSecond: 600,
  predictionsPerSecond: 2500,
  slowPerSecond: 2,
} as const;

/** Bounds that are reached within the warm-up: what fills up by design is not to look like a leak. */
const FLAGS = ["--log-level", "warn", "--history-rows", "500"];
/** Where samples go. */
const FOLDER = join(ROOT, ".torture");

export const soak: Part = {
  name: "soak",
  description: "500 clients at half load: exactly once, in order, nothing lost, nothing grows",
  run: soakFor,
};

async function soakFor(context: Context): Promise<Findings> {
  const book = new Findbook();
  const durationMs = lengthMs(context, LENGTH);
  await using server = await ServerUnderTest.start({ models: Object.values(MODELS), flags: FLAGS, canCollect: true });
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `soak-${context.random.fork("file").uint32()}.jsonl`);
  context.say(`samples go to ${file.slice(ROOT.length)}`);
  const options = { ...CLIENTS, url: server.url };
  await createRuns(server.url, undefined, Crowd.runsOf(options));
  const sampler = new Sampler(server, file);
  const before = await sampler.read();
  await using crowd = await Crowd.gather(options, context.random, GATHER_MS);
  await crowd.begin();
  const visits = await underLoad({ server, crowd, sampler, durationMs, context, book });
  const growth = judgeGrowth(sampler.readings.slice(1), book);
  await crowd.settle(SETTLE_MS, book);
  const acknowledged = await crowd.acknowledged();
  await crowd.catchUp(headsOf(acknowledged), SETTLE_MS, book);
  const account = await crowd.account(book);
  const lines = await checkLog(server.url, undefined, acknowledged, book);
  await crowd.leave(SETTLE_MS);
  await crowd[Symbol.asyncDispose](); // connections that its HTTP clients keep for later go with its processes
  await new Promise((resolve) => setTimeout(resolve, GONE_MS));
  const after = await sampler.read();
  judgeRest(before, after, book);
  const ending = await server.stop();
  book.expect(ending.code === 0, "the server ends with status 0", () => JSON.stringify(ending));
  for (const fault of server.faults) book.found("the server logs no error", fault);
  const loaded = sampler.readings.slice(1, -1);
  const most = (of: (reading: (typeof loaded)[number]) => number): number => Math.max(...loaded.map(of));
  return {
    findings: book.findings,
    figures: {
      clients: crowd.size,
      minutes: Number((durationMs / 60_000).toFixed(2)),
      "acknowledged lines": countAcknowledged(acknowledged),
      "lines in the log": lines,
      "lines delivered": account.delivered,
      ...Object.fromEntries(Object.entries(account.endings).map(([how, times]) => [`predictions, ${how}`, times])),
      "connections cut": account.comings.cuts,
      ...visits,
      "cores, median": median(loaded.map(({ cores }) => cores)),
      "loop delay p99, median ms": median(loaded.map(({ loopDelayP99Ms = Number.NaN }) => loopDelayP99Ms)),
      "memory, before → most → after": [before.rssBytes, most((one) => one.rssBytes), after.rssBytes]
        .map(inMib)
        .join(" → "),
      "heap in use, before → most → after": [before.liveBytes, most((one) => one.liveBytes), after.liveBytes]
        .map(inMib)
        .join(" → "),
      "sockets, before → most → after": [before.sockets, most((one) => one.sockets), after.sockets].join(" → "),
      "disk, before → after": [before.diskBytes, after.diskBytes].map(inMib).join(" → "),
      ...growth,
      samples: file.slice(ROOT.length),
    },
  };
}

interface Load {
  readonly server: ServerUnderTest;
  readonly crowd: Crowd;
  readonly sampler: Sampler;
  readonly durationMs: number;
  readonly context: Context;
  readonly book: Findbook;
}

/** Samples while visitors come and connections are cut. @returns how much else was asked for */
async function underLoad({ server, crowd, sampler, durationMs, context, book }: Load): Promise<Record<string, number>> {
  const everyMs = Math.min(SAMPLE_EVERY_MS, durationMs / LEAST_SAMPLES);
  const endMs = performance.now() + durationMs;
  await using visitor = new Visitor(server, undefined, context.random.fork("visitor"), book);
  const cut = (): void => {
    crowd.cut(CUT_SHARE).catch((error) => book.found("the clients' processes go on", String(error)));
  };
  const cutter = setInterval(cut, CUT_EVERY_MS);
  try {
    for (let atMs = performance.now() + everyMs; atMs <= endMs + 1; atMs += everyMs) {
      await new Promise((resolve) => setTimeout(resolve, atMs - performance.now()));
      const { cores, liveBytes, sockets } = await sampler.read();
      const share = 1 - (endMs - atMs) / durationMs;
      context.progress(share, `${cores.toFixed(2)} cores, heap ${inMib(liveBytes)}, ${sockets} sockets`);
    }
  } finally {
    clearInterval(cutter);
  }
  const { reads, saves, evaluations, refusals } = visitor;
  return { "reads over HTTP": reads, "histories saved": saves, evaluations, "requests put off": refusals };
}
