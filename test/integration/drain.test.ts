// The end of a server: what is in flight is answered, everyone is told, and the process ends with 0.
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "tap";
import { serveChild } from "./support/child.js";
import { bytesOf, config, expect, ping, predict, predictBatch } from "./support/frames.js";
import { ENCODINGS, type Encoding, Peer } from "./support/peer.js";
import { prepare, serve } from "./support/serve.js";

const VALUES = Array(8).fill(1);

/** A connection with one request under way: the pong says that all before it has been read. */
async function busyPeer(t: Parameters<typeof Peer.connect>[0], url: string, encoding: Encoding, rows = 1) {
  const peer = await Peer.connect(t, url, encoding);
  expect(await peer.ask(config("slow")), "configAck");
  const matrix = bytesOf(new Float32Array(8 * rows).fill(1));
  const answer = rows === 1 ? peer.ask(predict({ values: VALUES })) : peer.ask(predictBatch({ matrix }));
  answer.catch(() => {}); // its test looks at it later
  expect(await peer.ask(ping), "pong");
  return { peer, answer };
}

test("close() answers what is in flight on every connection, then 1001; twice is once", async (t) => {
  const { url, server } = await serve(t, { models: ["slow"] });
  const busy = await Promise.all(Array.from({ length: 10 }, (_, i) => busyPeer(t, url, ENCODINGS[i % 2] as Encoding)));
  const idle = await Peer.connect(t, url, "json");
  const closing = server.close();
  t.equal(server.close(), closing);
  t.equal((await idle.closed).code, 1001);
  for (const { peer, answer } of busy) {
    expect(await answer, "prediction");
    t.equal((await peer.closed).code, 1001);
  }
  await closing;
  await t.rejects(Peer.connect(t, url, "json"), { code: "ECONNREFUSED" });
});

test("a server that never listened is closed as well", async (t) => {
  const { server } = await prepare(t, { models: ["slow", "small"] });
  await server.close();
  await server.close();
  t.pass();
});

test("after drainTimeoutMs what is still in flight is cut, with 1001", async (t) => {
  const { url, server } = await serve(t, { models: ["slow"], flags: { drainTimeoutMs: "1" } });
  const { peer, answer } = await busyPeer(t, url, "proto", 4);
  await server.close();
  await t.rejects(answer, /closed with 1001/);
  t.equal((await peer.closed).code, 1001);
});

test("SIGTERM answers what is in flight and ends with 0", async (t) => {
  const { url, child, ended } = await serveChild(t, ["slow"]);
  const busy = await Promise.all(ENCODINGS.map((encoding) => busyPeer(t, url, encoding)));
  child.kill("SIGTERM");
  for (const { peer, answer } of busy) {
    expect(await answer, "prediction");
    t.equal((await peer.closed).code, 1001);
  }
  t.same(await ended, [0, null]);
});

test("SIGTERM ends with 0 even while a run goes on beyond the drain and its client is frozen", async (t) => {
  const { url, child, ended } = await serveChild(t, ["slow"], ["--drain-timeout-ms", "50"]);
  const [busy, frozen] = [await busyPeer(t, url, "proto", 4), await busyPeer(t, url, "json", 2)];
  frozen.peer.socket.pause(); // it will not answer the close
  child.kill("SIGTERM");
  await t.rejects(busy.answer, /closed with 1001/);
  t.equal((await busy.peer.closed).code, 1001);
  t.same(await ended, [0, null]);
});

test("SIGTERM right after the start, while workers still load, ends with 0", async (t) => {
  const { child, ended } = await serveChild(t, ["slow", "heavy"]);
  child.kill("SIGTERM");
  t.same(await ended, [0, null]);
});

test("a connection that has never asked for anything does not hold up the end", async (t) => {
  const { url, server } = await serve(t, { models: ["small"], flags: { drainTimeoutMs: "60000" } });
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  const closed = once(socket, "close");
  await server.close();
  await closed;
  t.pass();
});
