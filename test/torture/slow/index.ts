// Slow, mute and half-open peers beside well-behaved ones: these notice nothing, and what those cost comes back.
import { checkLog, countAcknowledged, createRuns, headsOf } from "../crowd/aftermath.js";
import { Crowd, type CrowdOptions } from "../crowd/crowd.js";
import { MODELS } from "../crowd/predictor.js";
import { type Context, Findbook, type Findings, lengthMs, type Part } from "../lib/part.js";
import { ServerUnderTest } from "../lib/server.js";
import { socketsOf } from "../lib/vitals.js";
import { mute, sleeper, stammer } from "./peers.js";

const LENGTH = { seconds: 40, longSeconds: 600 };
const WITHIN_MS = 180_000;
/** A frozen client is given up after that; a starved one answers a ping in time. */
const IDLE_MS = 15_000;
const FLAGS = ["--log-level", "warn", "--ping-interval-ms", "5000", "--idle-timeout-ms", String(IDLE_MS)];
/** How long clients are frozen at least: beyond the time after which they are given up. */
const LEAST_FROZEN_MS = IDLE_MS + 10_000;
const PEERS = 20;
/** From the last departure until its sockets are gone: a close that is not answered is waited for. */
const GONE_MS = 15_000;
/** What the heap may hold more than before: keys and states of some thousand lines, compiled code. */
const KEPT_BYTES = 32 * 1024 * 1024;
/** Connections that this process's own HTTP client may keep open. */
const KEPT_ALIVE = 8;

const CLIENTS = {
  processes: 1,
  publishers: 10,
  followers: 20,
  watchers: 2,
  predictors: 8,
  slowPredictors: 0,
  linesPerSecond: 200,
  predictionsPerSecond: 200,
  slowPerSecond: 0,
} as const;

export const slow: Part = {
  name: "slow",
  description: "frozen processes, readers that do not read, peers that do not answer, one byte at a time",
  run: beside,
};

async function beside(context: Context): Promise<Findings> {
  const book = new Findbook();
  await using server = await ServerUnderTest.start({ models: Object.values(MODELS), flags: FLAGS, canCollect: true });
  const options: CrowdOptions = { ...CLIENTS, url: server.url };
  await createRuns(server.url, undefined, Crowd.runsOf(options));
  const before = { bytes: await server.liveBytes(), sockets: socketsOf(server.pid) };
  await using awake = await Crowd.gather(options, context.random, WITHIN_MS);
  // They follow the runs of the others, and publish nothing themselves.
  await using frozen = await Crowd.gather({ ...options, publishers: 10, linesPerSecond: 0 }, context.random, WITHIN_MS);
  await Promise.all([awake.begin(), frozen.begin()]);
  const answered = await disturb(server, frozen, Math.max(LEAST_FROZEN_MS, lengthMs(context, LENGTH)), context);
  book.expect(answered === PEERS, "one byte at a time is answered", () => `${answered} of ${PEERS}`);
  await frozen.back(WITHIN_MS);
  await Promise.all([awake.settle(WITHIN_MS, book), frozen.settle(WITHIN_MS, book)]);
  const acknowledged = await awake.acknowledged();
  const heads = headsOf(acknowledged);
  await Promise.all([awake.catchUp(heads, WITHIN_MS, book), frozen.catchUp(heads, WITHIN_MS, book)]);
  const [ours, theirs] = [await awake.account(book), await frozen.account(book)];
  book.expect(ours.comings.cuts === 0, "others notice nothing", () => `${ours.comings.cuts} connections were cut`);
  book.expect(theirs.comings.cuts > 0, "frozen clients are given up", () => "no connection was cut");
  await checkLog(server.url, undefined, acknowledged, book);
  await Promise.all([awake.leave(WITHIN_MS), frozen.leave(WITHIN_MS)]);
  await Promise.all([awake[Symbol.asyncDispose](), frozen[Symbol.asyncDispose]()]);
  await new Promise((resolve) => setTimeout(resolve, GONE_MS));
  const after = { bytes: await server.liveBytes(), sockets: socketsOf(server.pid) };
  const kept = after.bytes - before.bytes;
  book.expect(kept <= KEPT_BYTES, "memory is back", () => `${before.bytes} bytes before, ${after.bytes} after`);
  const areGone = after.sockets <= before.sockets + KEPT_ALIVE;
  book.expect(areGone, "sockets are back", () => `${before.sockets} before, ${after.sockets} after`);
  for (const fault of server.faults) book.found("the server logs no error", fault);
  return {
    findings: book.findings,
    figures: {
      "clients awake": awake.size,
      "clients frozen": frozen.size,
      "connections of frozen clients cut": theirs.comings.cuts,
      "acknowledged lines": countAcknowledged(acknowledged),
      "lines delivered": ours.delivered + theirs.delivered,
      "heap kept, KiB": Math.round(kept / 1024),
    },
  };
}

/** Freezes a crowd's processes and has bad peers come. @returns how many of those who stammer were answered */
async function disturb(server: ServerUnderTest, frozen: Crowd, forMs: number, context: Context): Promise<number> {
  const { port } = server;
  const startedMs = performance.now();
  for (const pid of frozen.pids) process.kill(pid, "SIGSTOP");
  try {
    const peers = Array.from({ length: PEERS }, (_, i) => (i % 2 === 0 ? sleeper(port) : mute(port)));
    const answers = await Promise.all(Array.from({ length: PEERS }, () => stammer(port)));
    for (let past = 0; past < forMs; past = performance.now() - startedMs) {
      context.progress(past / forMs, `${socketsOf(server.pid)} sockets`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    for (const peer of await Promise.all(peers)) peer.destroy();
    return answers.filter(Boolean).length;
  } finally {
    for (const pid of frozen.pids) process.kill(pid, "SIGCONT");
  }
}
