import type { HoldOptions } from "../client/idle.js";
import { TOPICS_PATH } from "../client/lean-socket.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, toFigure } from "../lib/figure.js";
import { Program } from "../lib/program.js";
import { interleave, type Side, summary } from "../lib/sides.js";
import { median, pairedRatio } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";

const CONNECTIONS = 3000;
const QUICK_CONNECTIONS = 60;
/** Opened and closed first, so that what a process needs once is not counted; few, for what they leave is used again. */
const WARM_SHARE = 0.01;
/** Otherwise as it comes: the young generation grows with the connections, on both sides. */
const NODE = ["--expose-gc"];
const SETTLE_MS = 1_000;
const KIB = 1024;

/** What a connection costs that says nothing. */
export const idleMemory: Measurement = {
  name: "idle_memory",
  title: "resident memory of each of 3,000 idle connections, against bare ws",
  run,
};

/** A fresh process with its port and its memory. */
interface Host {
  readonly port: number;
  memory(): Promise<NodeJS.MemoryUsage>;
  readonly end: () => Promise<void>;
}

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const heaps: Record<string, number[]> = { tidewire: [], subscribed: [], ws: [] };
  const side = (name: string, start: () => Promise<Host>, path: string, topic?: string): Side => {
    return async () => {
      const { rss, heap } = await measure(bench, await start(), path, topic);
      heaps[name]?.push(heap);
      return rss;
    };
  };
  const sides = {
    tidewire: side("tidewire", startTidewire, TOPICS_PATH),
    subscribed: side("subscribed", startTidewire, TOPICS_PATH, "training.run"),
    ws: side("ws", startPeer, "/"),
  };
  const { rounds, isQuick } = bench.scale;
  const figures = await interleave(sides, isQuick ? rounds : { least: 3, most: 6, tolerance: 0.04 }, bench.say);
  const figure = (measured: number[], what: string, name: string): Figure =>
    toFigure(
      {
        measured: median(measured),
        peer: median(figures.ws),
        ratio: pairedRatio(measured, figures.ws),
        unit: "KiB a connection",
        method: `growth of the resident memory by 3,000 connections that ${what}, after a collection; a fresh process each time, Node as it comes; peer: a plain ws server`,
        details: {
          heap_kib: Number(median(heaps[name] ?? []).toPrecision(3)),
          peer_heap_kib: Number(median(heaps.ws ?? []).toPrecision(3)),
          rounds: summary(figures),
        },
      },
      { judged: "ratio", better: "lower", must: 2, aim: 1.3 },
    );
  return {
    idle_memory: figure(figures.tidewire, "say nothing", "tidewire"),
    idle_memory_subscribed: figure(figures.subscribed, "are subscribed to one topic", "subscribed"),
  };
}

/** KiB for each connection: resident, and of V8's heap. */
async function measure(
  bench: Bench,
  host: Host,
  path: string,
  topic: string | undefined,
): Promise<{ rss: number; heap: number }> {
  try {
    const { isQuick } = bench.scale;
    const client = await bench.client;
    const count = isQuick ? QUICK_CONNECTIONS : CONNECTIONS;
    const target = { port: host.port, path, subprotocol: "tidewire.v1.proto" };
    const options: HoldOptions = { target, count, ...(topic === undefined ? {} : { topic }) };
    const settled = async (): Promise<NodeJS.MemoryUsage> => {
      await host.memory(); // a first collection frees what waits to be finalized
      await new Promise((resolve) => setTimeout(resolve, isQuick ? 0 : SETTLE_MS));
      return host.memory();
    };
    await client.call("hold", { ...options, count: Math.ceil(count * WARM_SHARE) });
    await client.call("release");
    const before = await settled();
    await client.call("hold", options);
    const after = await settled();
    await client.call("release");
    const each = (of: (usage: NodeJS.MemoryUsage) => number): number => (of(after) - of(before)) / count / KIB;
    return { rss: each(({ rss }) => rss), heap: each(({ heapUsed }) => heapUsed) };
  } finally {
    await host.end();
  }
}

async function startTidewire(): Promise<Host> {
  const server = await Tidewire.start({ models: [], node: NODE });
  return { port: server.port, memory: () => server.memory(), end: () => server[Symbol.asyncDispose]() };
}

async function startPeer(): Promise<Host> {
  const peer = await Program.start("programs/broadcast", NODE);
  return {
    port: await peer.call("port"),
    memory: () => peer.call("memory"),
    end: () => peer[Symbol.asyncDispose](),
  };
}
