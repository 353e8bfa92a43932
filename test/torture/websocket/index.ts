// The part that abuses WebSocket: RFC 6455 case by case, at the level of bytes.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Context, Findbook, type Findings, type Part } from "../lib/part.js";
import { ServerUnderTest } from "../lib/server.js";
import type { FrameCase } from "./case.js";
import { CLOSING } from "./closing.js";
import { FRAMING } from "./framing.js";
import { hearHandshake } from "./handshake-run.js";
import { HANDSHAKES } from "./handshakes.js";
import { LIMITS } from "./limits.js";
import { HEARTBEAT_FLAGS, RACES } from "./races.js";
import { RawPeer } from "./raw-peer.js";
import { UTF8 } from "./utf8.js";

/** A machine that is busy with something else is no reason to refuse a case, nor is their number. */
const FLAGS = ["--log-level", "warn", "--max-loop-delay-ms", "0", "--max-requests-per-second", "0"];
/** Cases at a time. */
const AT_ONCE = 16;
const MOST_SHOWN = 300;

/** One line of the table of results. */
export interface CaseResult {
  readonly id: string;
  readonly what: string;
  readonly verdict: "as the RFC asks" | "deviates as documented" | "FAILED";
  readonly wanted: string;
  readonly heard: string;
  readonly deviation?: string;
}

interface Job {
  readonly id: string;
  readonly what: string;
  /** Allowed outcomes. */
  readonly wanted: readonly string[];
  readonly deviation?: string | undefined;
  readonly run: (port: number) => Promise<string>;
}

export const websocket: Part = {
  name: "websocket",
  description:
    "RFC 6455 case by case, as Autobahn's testsuite has them: frames, fragments, UTF-8, closes, handshakes, races",
  run: async (context) => {
    const { findings, results, seconds } = await runCases(context, true);
    const file = join(mkdtempSync(join(tmpdir(), "tidewire-websocket-")), "results.json");
    writeFileSync(file, JSON.stringify(results, undefined, 2));
    context.say(`the table of results: ${file}`);
    const count = (verdict: CaseResult["verdict"]) => results.filter((result) => result.verdict === verdict).length;
    const figures = {
      cases: results.length,
      as_the_rfc_asks: count("as the RFC asks"),
      deviations_documented: count("deviates as documented"),
      failed: count("FAILED"),
      seconds,
    };
    return { findings, figures };
  },
};

/** Runs the table, in an order that the seed decides. @param withLarge whether cases of many megabytes are in it */
export async function runCases(
  context: Context,
  withLarge: boolean,
): Promise<Findings & { results: CaseResult[]; seconds: number }> {
  const findbook = new Findbook();
  const startedMs = performance.now();
  await using server = await ServerUnderTest.start({ models: ["ensemble_narrow"], flags: FLAGS });
  await using impatient = await ServerUnderTest.start({
    models: ["ensemble_narrow"],
    flags: [...FLAGS, ...HEARTBEAT_FLAGS],
  });
  const calm = inOrder(context, [...frameJobs(withLarge), ...handshakeJobs()]);
  const results = [
    ...(await runAll(context, server.port, calm)),
    ...(await runAll(context, impatient.port, raceJobs())),
  ];
  for (const { id, what, wanted, heard, verdict } of results)
    findbook.expect(verdict !== "FAILED", `RFC 6455, case ${id}`, () => `${what}: wanted ${wanted}, heard ${heard}`);
  for (const what of [...server.faults, ...impatient.faults])
    findbook.found("the server stays up and logs no error", what);
  await expectNobodyLeft(server, findbook);
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  return { findings: findbook.findings, figures: {}, results: results.sort(byId), seconds };
}

function frameJobs(withLarge: boolean): Job[] {
  const cases = [...FRAMING, ...UTF8, ...CLOSING, ...LIMITS].filter(({ isLarge }) => withLarge || !isLarge);
  return cases.map(({ id, what, deviation, hears, ...rest }) => ({
    id,
    what,
    deviation,
    wanted: [shorten(hears)],
    run: (port) => hear(port, { id, what, hears, ...rest }),
  }));
}

async function hear(
  port: number,
  { subprotocol = "tidewire.v1.json", sends, gap = "none" }: FrameCase,
): Promise<string> {
  const peer = await RawPeer.open(port, subprotocol);
  await peer.send(sends(), gap);
  return shorten(await peer.transcript());
}

function handshakeJobs(): Job[] {
  return HANDSHAKES.map((one) => ({ ...one, wanted: [one.hears], run: (port: number) => hearHandshake(port, one) }));
}

function raceJobs(): Job[] {
  return RACES.map(({ hears, ...rest }) => ({ ...rest, wanted: hears }));
}

/** A word that is heard over and over is told once, with its count. */
function shorten(words: readonly string[]): string {
  const told: { word: string; count: number }[] = [];
  for (const word of words) {
    const last = told.at(-1);
    if (last?.word === word) last.count += 1;
    else told.push({ word, count: 1 });
  }
  return told.map(({ word, count }) => (count === 1 ? word : `${count} × ${word}`)).join(", ");
}

function inOrder<Item>({ random }: Context, items: readonly Item[]): Item[] {
  const left = [...items];
  for (let i = left.length - 1; i > 0; i -= 1) {
    const j = random.integer(0, i);
    [left[i], left[j]] = [left[j] as Item, left[i] as Item];
  }
  return left;
}

async function runAll(context: Context, port: number, jobs: readonly Job[]): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const queue = [...jobs];
  const line = async (): Promise<void> => {
    for (let job = queue.pop(); job && !context.signal.aborted; job = queue.pop()) {
      results.push(await resultOf(job, port));
      context.progress(results.length / jobs.length, job.what);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  return results;
}

async function resultOf({ id, what, wanted, deviation, run }: Job, port: number): Promise<CaseResult> {
  const heard = await run(port).catch((error: unknown) => String(error));
  const isRight = wanted.includes(heard);
  const verdict = !isRight ? "FAILED" : deviation === undefined ? "as the RFC asks" : "deviates as documented";
  const result = { id, what, verdict, wanted: wanted.join(" or "), heard: heard.slice(0, MOST_SHOWN) } as const;
  return deviation === undefined ? result : { ...result, deviation };
}

function byId(a: CaseResult, b: CaseResult): number {
  return a.id.localeCompare(b.id, "en", { numeric: true });
}

const LEFT_MS = 5_000;
const POLL_MS = 50;

/** Every connection of every case is gone. */
async function expectNobodyLeft({ url }: ServerUnderTest, findbook: Findbook): Promise<void> {
  const deadline = Date.now() + LEFT_MS;
  for (;;) {
    const reply = await fetch(`${url}/api/v1/ws/stats`);
    const { active_connections: active } = (await reply.json()) as { active_connections: number };
    if (active === 0) return;
    if (Date.now() > deadline) return findbook.found("connections that have ended are gone", `${active} are left`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
