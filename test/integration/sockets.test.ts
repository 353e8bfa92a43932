// Connections as they are: idle, slow to read, many, dropped; and two servers in one process.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { test } from "tap";
import WebSocket from "ws";
import type { StreamStats } from "../../generated/ts/tidewire/v1/http.js";
import { bytesOf, config, expect, floatsOf, ping, predict, predictBatch } from "./support/frames.js";
import { modelsFolder } from "./support/models.js";
import { ENCODINGS, encodeRequest, Peer } from "./support/peer.js";
import { serve } from "./support/serve.js";

async function stats(
  url: string,
): Promise<{ active_connections: StreamStats["activeConnections"]; total_predictions: number }> {
  const reply = await fetch(`${url}/api/v1/inference/stream/stats`);
  return (await reply.json()) as never;
}

test("a quiet peer that answers pings stays, one that does not is closed with 4000", async (t) => {
  const flags = { pingIntervalMs: "50", idleTimeoutMs: "1000" };
  const { url } = await serve(t, { models: ["ensemble_narrow"], flags });
  const address = `${url.replace("http", "ws")}/api/v1/ws`;
  const silent = new WebSocket(address, { autoPong: false });
  const quiet = await Peer.connect(t, url, "json");
  t.teardown(() => silent.terminate());
  let pings = 0;
  quiet.socket.on("ping", () => {
    pings += 1;
  });
  const [code, reason] = await once(silent, "close");
  t.same([code, String(reason)], [4000, "silent for too long"]);
  // Twice the time allowed, counted in the server's own pings.
  while (pings < 40) await once(quiet.socket, "ping");
  expect(await quiet.ask(ping), "pong");
});

test("a client that does not read is read no further, and loses nothing once it reads", async (t) => {
  const ROWS = 2000;
  const REQUESTS = 2500; // 40 MB of requests, 60 MB of replies: more than the kernel's buffers hold
  const flags = { maxQueuedBytes: "64KiB", maxInFlight: "64" };
  const { url } = await serve(t, { models: ["ensemble_narrow"], flags });
  const [peer, other] = await Promise.all([Peer.connect(t, url, "proto"), Peer.connect(t, url, "json")]);
  await Promise.all([
    peer.ask(config("ensemble_narrow", { includeMetadata: false })),
    other.ask(config("ensemble_narrow")),
  ]);
  const matrix = new Float32Array(ROWS * 2);
  peer.socket.pause();
  const answers = Array.from({ length: REQUESTS }, (_, i) => {
    matrix.fill(i);
    return peer.ask(predictBatch({ matrix: bytesOf(matrix) }));
  });
  // Until a hundred round trips of another client have seen no progress.
  let [before, quiet] = [-1, 0];
  while (quiet < 100) {
    expect(await other.ask(ping), "pong");
    const { total_predictions } = await stats(url);
    quiet = total_predictions === before ? quiet + 1 : 0;
    before = total_predictions;
  }
  t.ok(before < ROWS * REQUESTS, `it stopped after ${before / ROWS} of ${REQUESTS} requests`);
  t.ok(peer.socket.bufferedAmount > 0, "the client's own requests wait at the client");
  t.same(expect(await other.ask(predict({ values: [2, 3] })), "prediction").values, [5, 3, 2], "others are served");

  peer.socket.resume();
  for (const [i, answer] of answers.entries()) {
    const reply = expect(await answer, "predictionBatch");
    const values = floatsOf(reply.matrix);
    if (reply.count !== ROWS || values[0] !== 2 * i + 1 || values.at(-1) !== i) t.fail(`answer ${i} is another's`);
  }
  t.pass("every answer came, each its own");
});

test("pings whose pongs are never read pause their sender, too", async (t) => {
  const { url } = await serve(t, { models: ["ensemble_narrow"], flags: { maxQueuedBytes: "64KiB" } });
  const [peer, other] = await Promise.all([Peer.connect(t, url, "json"), Peer.connect(t, url, "json")]);
  const message = encodeRequest("json", { id: 0, body: ping });
  peer.socket.pause();
  // Until all buffers of the kernel are full and a hundred round trips of another client have seen no progress.
  let [sent, quiet, before] = [0, 0, 0];
  while (quiet < 100) {
    for (; peer.socket.bufferedAmount === 0; sent += 10_000) {
      for (let i = 0; i < 10_000; i += 1) peer.socket.send(message);
    }
    expect(await other.ask(ping), "pong");
    quiet = peer.socket.bufferedAmount === before ? quiet + 1 : 0;
    before = peer.socket.bufferedAmount;
  }
  peer.socket.resume();
  expect(await peer.ask(ping), "pong");
  t.equal(peer.unasked.length, sent, "every ping is answered once its sender reads");
});

test("two servers in one process do not meet", async (t) => {
  const models = modelsFolder(t, ["ensemble_narrow", "small"]);
  const [a, b] = await Promise.all([
    serve(t, { models, flags: { maxBatchRows: "2", dataDir: join(models, ".a") } }),
    serve(t, { models, flags: { maxBatchRows: "9", dataDir: join(models, ".b") } }),
  ]);
  const peers = await Promise.all([a, b].map(({ url }) => Peer.connect(t, url, "proto")));
  const [first, second] = peers as [Peer, Peer];
  t.equal(expect(await first.ask(config("ensemble_narrow")), "configAck").batchSize, 2);
  t.equal(
    expect(await second.ask(config("ensemble_narrow", { manualBoostSignals: { x: false } })), "configAck").batchSize,
    9,
  );
  const rounds = Array.from({ length: 50 }, async (_, i) => {
    const replies = await Promise.all(peers.map((peer) => peer.ask(predict({ values: [i, 3] }))));
    const [one, other] = replies.map((reply) => expect(reply, "prediction").values);
    t.same(
      [one, other],
      [
        [2 * i + 1, 3, i],
        [i, 3, i],
      ],
    );
  });
  await Promise.all(rounds);
  await a.server.close();
  t.equal((await first.closed).code, 1001);
  t.match(await stats(b.url), { active_connections: 1, total_predictions: 50 });
  expect(await second.ask(config("small")), "configAck");
});

test("dropped connections leave nothing behind", async (t) => {
  const CONNECTIONS = 200;
  const { url, server } = await serve(t, { models: ["ensemble_narrow"] });
  const peers = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, i) => Peer.connect(t, url, ENCODINGS[i % 2] as (typeof ENCODINGS)[number])),
  );
  await Promise.all(peers.map((peer) => peer.ask(config("ensemble_narrow"))));
  t.equal((await stats(url)).active_connections, CONNECTIONS);
  for (const [i, peer] of peers.entries()) {
    for (let n = 0; n < 5; n += 1) peer.ask(predict({ values: [n, n] })).catch(() => {}); // nobody will know
    if (i % 3 === 0) peer.socket.close(1000);
    else peer.socket.terminate();
  }
  await Promise.all(peers.map((peer) => peer.closed));
  while ((await stats(url)).active_connections > 0);
  await server.close();
  for (let i = 0; i < 100 && resources().length > 0; i += 1) await new Promise((resolve) => setImmediate(resolve));
  t.same(resources(), [], "no timer, no server, no worker");
});

/** What keeps this process going. */
function resources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => ["Timeout", "TCPServerWrap", "MessagePort"].includes(name));
}

test("all paths of the protocol speak it, with and without a subprotocol", async (t) => {
  const { url } = await serve(t, { models: ["ensemble_narrow"] });
  const paths = ["/api/v1/ws", "/ws", "/api/v1/inference/stream", "/api/v1/ws/system?client_id=x"];
  for (const path of paths) {
    for (const encoding of ENCODINGS) {
      for (const subprotocol of [`tidewire.v1.${encoding}`, undefined]) {
        const peer = await Peer.connect(t, url, encoding, { path, subprotocol });
        t.equal(peer.socket.protocol, subprotocol ?? "");
        await peer.ask(config("ensemble_narrow"));
        t.same(expect(await peer.ask(predict({ values: [2, 3] })), "prediction").values, [5, 3, 2], path);
        peer.socket.close();
      }
    }
  }
});

test("an unknown training run is told as SESSION_NOT_FOUND, then closed with 4404", async (t) => {
  const { url } = await serve(t, { models: ["ensemble_narrow"] });
  const path = "/api/v1/ws/training/no-such-run?client_id=x";
  for (const encoding of ENCODINGS) {
    const peer = await Peer.connect(t, url, encoding, { path });
    const frame = await peer.next();
    t.match(frame?.body, {
      $case: "error",
      value: { message: /"no-such-run"/, details: { experiment_id: "no-such-run" } },
    });
    t.equal((await peer.closed).code, 4404);
  }
});

test("sockets are served at their paths only, and their paths serve nothing else", async (t) => {
  const { url } = await serve(t, { models: ["ensemble_narrow"] });
  for (const path of ["/health", "/api/v1/ensemble/list", "/nowhere"]) {
    const socket = new WebSocket(url.replace("http", "ws") + path, "tidewire.v1.json");
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    t.equal(response.statusCode, 404, path);
    t.match(await json(response), { error_code: "NOT_FOUND" });
    socket.on("error", () => {}).terminate();
  }
  for (const path of ["/ws", "/api/v1/ws", "/api/v1/inference/stream", "/api/v1/ws/training/x"]) {
    const reply = await fetch(url + path);
    t.equal(reply.status, 404, path);
    t.match(await reply.json(), { error_code: "NOT_FOUND", message: /a WebSocket only/ });
  }
});

test("a frame beyond maxFrameBytes closes with 1009, one of exactly that is read", async (t) => {
  const { url } = await serve(t, { models: ["ensemble_narrow"], flags: { maxFrameBytes: "1KiB" } });
  const peer = await Peer.connect(t, url, "json");
  const frame = (length: number): string => {
    const text = JSON.stringify({ type: "ping", id: 1, filler: "" });
    return text.replace('""', JSON.stringify("x".repeat(length - text.length)));
  };
  expect(await peer.replyTo(1, frame(1024)), "pong");
  peer.replyTo(1, frame(1025)).catch(() => {});
  t.equal((await peer.closed).code, 1009);
});

test("the 1009 of a frame that is still being sent arrives", async (t) => {
  const { url } = await serve(t, { models: ["ensemble_narrow"] });
  for (const mebibytes of [17, 33]) {
    const peer = await Peer.connect(t, url, "json");
    peer.replyTo(1, "x".repeat(mebibytes << 20)).catch(() => {});
    t.equal((await peer.closed).code, 1009);
  }
});
