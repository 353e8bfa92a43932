// The host's load over the wire: who gets it, when, and that it is the same for all.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Test, test } from "tap";
import { type Event, LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import type { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { SystemStats } from "../../generated/ts/tidewire/v1/stats.js";
import { serveChild } from "./support/child.js";
import { MEMORY } from "./support/commands.js";
import { bytesOf, type ClientBody, config, predictBatch } from "./support/frames.js";
import { Peer } from "./support/peer.js";
import { restOf, StreamReader } from "./support/rest.js";
import { serve } from "./support/serve.js";

const SYSTEM = "/api/v1/ws/system?client_id=test";
/** Fast, so that tests are; a test of the second has a server with the default. */
const FAST = { ...MEMORY, nodeName: "pc", statsIntervalMs: "100", nvidiaSmi: "off" };
const PROTO = "tidewire.v1.proto";

const subscribeTo = (topic: string, snapshot = false): ClientBody => ({
  $case: "subscribe",
  value: {
    topic,
    after: undefined,
    snapshot,
    minLevel: LogLevel.LOG_LEVEL_UNSPECIFIED,
    types: [],
    positions: {},
    topicPositions: [],
  },
});

function eventOf(frame: ServerFrame | undefined): Event | undefined {
  return frame?.body?.$case === "event" ? frame.body.value : undefined;
}

function statsOf(event: Event | undefined): SystemStats | undefined {
  return event?.kind?.$case === "systemStats" ? event.kind.value : undefined;
}

/** The next samples that a peer is told. */
async function take(peer: Peer, count: number): Promise<{ event: Event; stats: SystemStats; atMs: number }[]> {
  const found: { event: Event; stats: SystemStats; atMs: number }[] = [];
  while (found.length < count) {
    const frame = await peer.next();
    if (!frame) throw new Error(`the connection closed after ${found.length} of ${count} samples`);
    const event = eventOf(frame);
    const stats = statsOf(event);
    if (event && stats) found.push({ event, stats, atMs: performance.now() });
  }
  return found;
}

test("every way to listen gets the same samples: the path, patterns, the name, both encodings, event streams", async (t) => {
  const { url } = await serve(t, { models: [], flags: FAST });
  const path = await Peer.connect(t, url, "json", { path: SYSTEM });
  const binary = await Peer.connect(t, url, "proto", { path: SYSTEM });
  const topics = await Promise.all(
    [">", "system.*", "system.pc"].map(async (topic) => {
      const peer = await Peer.connect(t, url, "json", { path: "/ws" });
      t.equal((await peer.ask(subscribeTo(topic))).$case, "subscribed");
      return peer;
    }),
  );
  const stream = await StreamReader.open(t, url, "topic=%3E");
  await stream.take(1);
  const told = await Promise.all([path, binary, ...topics].map((peer) => take(peer, 4)));
  const streamed = (await stream.take(3)).map(({ frame }) => frame);
  const [first = [], ...others] = told;
  for (const other of others) {
    for (const { event } of other) {
      const twin = first.find(({ event: { offset } }) => offset === event.offset);
      if (twin) t.same(event, twin.event);
    }
    t.ok(
      other.some(({ event }) => first.some((one) => one.event.offset === event.offset)),
      "they overlap",
    );
  }
  t.match(streamed, [{ type: "system_stats", topic: "system.pc", data: { gpus: [], disks: Array } }]);
});

test("one watcher of a topic's log finds nothing in it, and the latest state in the topic", async (t) => {
  const { url } = await serve(t, { models: [], flags: FAST });
  const rest = restOf(url);
  const peer = await Peer.connect(t, url, "json", { path: SYSTEM });
  const [last] = (await take(peer, 3)).slice(-1);
  const { body } = await rest("GET", "/topics/system.pc");
  const { offset, state } = body as unknown as { offset: number; state: { system_stats: object } };
  t.ok(offset >= (last?.event.offset ?? 0));
  t.match(state.system_stats, { memory: { ram_percent: Number }, server: { connections: 1 } });
  t.same((await rest("GET", "/topics/system.pc/events")).body.entries ?? [], []);
  const subscribed = await peer.ask(subscribeTo("system.pc", true));
  t.equal(subscribed.$case, "subscribed");
  for (let frame = await peer.next(); ; frame = await peer.next()) {
    if (frame?.body?.$case !== "snapshot") continue;
    t.match(frame.body.value, { topic: "system.pc", state: { systemStats: { memory: { ramPercent: Number } } } });
    break;
  }
});

test("who comes to the path while others watch is told the last sample at once", async (t) => {
  const { url } = await serve(t, { models: [], flags: { ...FAST, statsIntervalMs: "10000" } });
  const first = await Peer.connect(t, url, "proto", { path: SYSTEM });
  const [known] = await take(first, 1);
  // The next one is ten seconds away.
  for (const path of [SYSTEM, "/ws"]) {
    const second = await Peer.connect(t, url, "proto", { path });
    if (path === "/ws") await second.ask(subscribeTo("system.*", true));
    if (path === SYSTEM) t.same((await take(second, 1))[0]?.event, known?.event);
    else
      t.match((await second.next())?.body, {
        $case: "snapshot",
        value: { topic: "system.pc", offset: known?.event.offset },
      });
  }
});

test("who only asks gets a state of the present, also when nobody has ever watched", async (t) => {
  const { url } = await serve(t, { models: [], flags: FAST });
  const rest = restOf(url);
  const { status, body } = await rest("GET", "/topics/system.pc");
  t.equal(status, 200);
  const { updated_at: at, system_stats: stats } = (body as unknown as { state: Record<string, never> }).state;
  t.ok(Math.abs(Date.parse(at) - Date.now()) < 5_000);
  t.match(stats, { hostname: String, memory: { total_bytes: Number }, gpus: [] });
});

test("under load samples come as they should: 700 to 1500 ms apart, and none twice", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"], flags: { ...FAST, statsIntervalMs: "1000" } });
  const watcher = await Peer.connect(t, url, "json", { path: SYSTEM });
  const loaded = await Peer.connect(t, url, "proto");
  await loaded.ask(config("gas_turbine"));
  let isOver = false;
  /** Batches without a pause: each holds the loop for some ms. */
  const load = (async () => {
    const matrix = bytesOf(new Float32Array(5 * 2000).fill(10));
    while (!isOver) await loaded.ask(predictBatch({ matrix }));
  })();
  const samples = await take(watcher, 5);
  isOver = true;
  await load;
  const gaps = samples.slice(1).map(({ atMs }, i) => atMs - (samples[i]?.atMs ?? 0));
  t.ok(
    gaps.slice(1).every((gap) => gap >= 700 && gap <= 1500),
    `gaps of ${gaps.map(Math.round)} ms`,
  );
  t.equal(new Set(samples.map(({ event }) => event.offset)).size, samples.length);
  const server = samples.at(-1)?.stats.server;
  t.ok((server?.predictionsPerSecond ?? 0) > 1000, `${server?.predictionsPerSecond} predictions/s`);
  t.ok((server?.latencyP50Ms ?? 0) > 0 && (server?.latencyP99Ms ?? 0) >= (server?.latencyP50Ms ?? 0));
  t.ok((server?.loopDelayP99Ms ?? -1) >= 0);
  t.ok((server?.cpuPercent ?? 0) > 10);
});

/** A program that plays a recording once a second, for as long as somebody reads it. */
function fakeSmi(t: Test, file = "two.csv"): string {
  const recording = fileURLToPath(new URL(`../fixtures/nvidia-smi/${file}`, import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "tidewire-smi-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "nvidia-smi");
  writeFileSync(program, `#!/bin/sh\nwhile cat '${recording}'; do sleep 0.1; done\n`);
  chmodSync(program, 0o755);
  return program;
}

test("GPUs come from a child that lives with the watchers, and ends with the server", {
  skip: process.platform !== "linux" && "it looks into /proc",
}, async (t) => {
  const program = fakeSmi(t);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const { url, child, ended } = await serveChild(t, [], ["--stats-interval-ms", "100", "--nvidia-smi", program]);
    t.same(smiOf(child.pid), [], "none before somebody watches");
    const peer = await Peer.connect(t, url, "proto", { path: SYSTEM, subprotocol: PROTO });
    let gpus: SystemStats["gpus"] = [];
    while (gpus.length === 0) gpus = (await take(peer, 1))[0]?.stats.gpus ?? [];
    t.match(gpus, [
      { index: 0, gpuUtil: 100, powerWatts: 318.94 },
      { index: 1, gpuUtil: 0, memoryUsedBytes: 0 },
    ]);
    const [smi, ...more] = smiOf(child.pid);
    t.same(more, [], "one child");
    child.kill(signal);
    await ended;
    // After SIGKILL it notices with its next line that nobody reads.
    while (isAlive(smi as number)) await new Promise((resolve) => setImmediate(resolve));
    t.pass(`it has gone after ${signal}`);
  }
});

/** Process ids of a server's children that tell of GPUs. */
function smiOf(pid: number | undefined): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")
      .split(" ")
      .filter((child) => child !== "" && commandOf(child).includes("nvidia-smi"))
      .map(Number),
  );
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return ""; // ended meanwhile
  }
}

function isAlive(pid: number): boolean {
  return commandOf(String(pid)).includes("nvidia-smi");
}

test("a host's name with dots is one token; another name may be given", async (t) => {
  const { url } = await serve(t, { models: [], flags: { ...MEMORY, nvidiaSmi: "off" } });
  const { body } = await restOf(url)("GET", "/topics?pattern=system.*");
  const { topics } = body as unknown as { topics: { topic: string }[] };
  t.equal(topics.length, 1);
  t.match(topics[0]?.topic, /^system\.[A-Za-z0-9_-]{1,128}$/);
});
