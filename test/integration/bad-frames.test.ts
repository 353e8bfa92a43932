// A hundred thousand bad frames of every kind: the server answers, lives, and keeps its memory.
import { readdirSync, readFileSync } from "node:fs";
import { type Test, test } from "tap";
import { type ChildServer, serveChild } from "./support/child.js";
import { config, expect, ping, predict } from "./support/frames.js";
import { ENCODINGS, type Encoding, encodeRequest, Peer } from "./support/peer.js";

const FRAMES = 100_000;
/** Frames before memory counts: code is compiled and the heap has found its size. */
const WARM_UP = 40_000;
const GROWTH_MIB = 48;
/** Below maxInvalidFrames in a row; then a good one. */
const IN_A_ROW = 90;
/** Ids that no bad frame has, which carry those of the goldens. */
const FIRST_ID = 2 ** 30;

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const folder = new URL("../conformance/golden/", import.meta.url);
const goldens = readdirSync(folder).flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"))) as {
  hex: string;
  json: object;
}[];

function badBytes(random: () => number): Uint8Array {
  const pick = (below: number): number => Math.floor(random() * below);
  if (random() < 0.3) return Uint8Array.from({ length: pick(200) }, () => pick(256));
  const bytes = Uint8Array.from(Buffer.from(goldens[pick(goldens.length)]?.hex ?? "", "hex"));
  for (let flips = 1 + pick(3); flips > 0 && bytes.length > 0; flips -= 1) bytes[pick(bytes.length)] = pick(256);
  return random() < 0.3 ? bytes.subarray(0, pick(bytes.length)) : bytes;
}

function badText(random: () => number): string {
  const pick = (below: number): number => Math.floor(random() * below);
  const text = JSON.stringify(goldens[pick(goldens.length)]?.json);
  const at = pick(text.length);
  if (random() < 0.3) return text.slice(0, at);
  if (random() < 0.5) return text.slice(0, at) + String.fromCharCode(32 + pick(95)) + text.slice(at + 1);
  return text.replace(
    /:("[^"]*"|[\d.]+)/,
    () => [":null", ":[]", ":{}", ":1e999", ':"\\u0000"', ":-1"][pick(6)] as string,
  );
}

/** Bad frames down one connection, each stretch of them ended by a ping whose pong is awaited. */
async function send(t: Test, server: ChildServer, encoding: Encoding, count: number, seed: number): Promise<number> {
  const random = numbers(seed);
  const peer = await Peer.connect(t, server.url, encoding);
  let errors = 0;
  for (let sent = 0; sent < count; sent += IN_A_ROW) {
    for (let i = 0; i < IN_A_ROW; i += 1) peer.socket.send(encoding === "proto" ? badBytes(random) : badText(random));
    const id = FIRST_ID + sent;
    expect(await peer.replyTo(id, encodeRequest(encoding, { id, body: ping })), "pong");
    errors += peer.unasked.filter(({ body }) => body?.$case === "error").length;
    peer.unasked.length = 0;
  }
  peer.socket.close();
  await peer.closed;
  return errors;
}

async function sendAll(t: Test, server: ChildServer, count: number, seed: number): Promise<number> {
  const each = [...ENCODINGS, ...ENCODINGS].map((encoding, i) => send(t, server, encoding, count / 4, seed + i));
  return (await Promise.all(each)).reduce((sum, errors) => sum + errors);
}

test(`${FRAMES} bad frames leave the server as it was`, async (t) => {
  const server = await serveChild(t, ["ensemble_narrow"]);
  await sendAll(t, server, WARM_UP, 1);
  const before = server.memoryMiB();
  const errors = await sendAll(t, server, FRAMES, 1000);
  t.ok(errors > FRAMES / 2, `${errors} errors`);
  for (const encoding of ENCODINGS) {
    const peer = await Peer.connect(t, server.url, encoding);
    await peer.ask(config("ensemble_narrow"));
    t.same(expect(await peer.ask(predict({ values: [2, 3] })), "prediction").values, [5, 3, 2]);
  }
  const after = server.memoryMiB();
  const growth = before === undefined || after === undefined ? 0 : after - before;
  t.ok(growth <= GROWTH_MIB, `memory went from ${before?.toFixed()} to ${after?.toFixed()} MiB`);
  server.child.kill("SIGTERM");
  t.same(await server.ended, [0, null]);
});
