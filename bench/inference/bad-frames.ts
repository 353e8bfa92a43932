import type { BadFrameOptions, BadFrameResult } from "../client/bad-frames.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, toFigure } from "../lib/figure.js";
import { rounded } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";

const FRAMES_EACH = 100;
const CONNECTIONS = 1000;
/** Longer than the server waits for the answer to a close. */
const SETTLE_MS = 3_000;
const MIB = 2 ** 20;

/** Whether bad peers leave anything behind. */
export const badFrames: Measurement = {
  name: "bad_frames",
  title: "memory before and after a second 100,000 bad frames on 1,000 connections",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: ["small"], node: ["--expose-gc"] });
  try {
    const client = await bench.client;
    const send = (connections: number): Promise<BadFrameResult> => {
      const options: BadFrameOptions = { port: server.port, connections, framesEach: FRAMES_EACH };
      return client.call<BadFrameResult>("badFrames", options);
    };
    const share = bench.scale.isQuick ? 0.02 : 1;
    const settled = async (): Promise<NodeJS.MemoryUsage> => {
      await new Promise((resolve) => setTimeout(resolve, bench.scale.isQuick ? 0 : SETTLE_MS));
      return server.memory();
    };
    const fresh = await settled();
    await send(CONNECTIONS * share); // V8 grows its young generation once, by some 20 MiB: that is no leak
    const before = await settled();
    const sent = await send(CONNECTIONS * share);
    const after = await settled();
    bench.say(`${sent.frames} bad frames, ${sent.errors} errors`);
    const details = { ...sent, fresh: inMib(fresh), before: inMib(before), after: inMib(after) };
    return {
      bad_frames: toFigure(
        {
          measured: after.rss / MIB,
          peer: before.rss / MIB,
          unit: "MiB resident",
          method:
            "100,000 bad frames of twelve kinds, 100 a connection, each refused; peer: the same server after the first 100,000; a collection and 3 s before each look; details.fresh is the server as it started",
          details,
        },
        { judged: "ratio", better: "lower", must: 1.1, aim: 1 },
      ),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

function inMib({ rss, heapUsed, external, arrayBuffers }: NodeJS.MemoryUsage): Record<string, number> {
  return {
    rss_mib: rounded(rss / MIB),
    heap_mib: rounded(heapUsed / MIB),
    external_mib: rounded((external + arrayBuffers) / MIB),
  };
}
