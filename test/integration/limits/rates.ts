// Limits of who is let in and how often it may ask.
import { once } from "node:events";
import { createConnection } from "node:net";
import type { Test } from "tap";
import { expect, ping, type ServerBody } from "../support/frames.js";
import { Peer } from "../support/peer.js";
import { serve } from "../support/serve.js";
import { frame, http, type Row, type Seen, seenBy, seenIn, setting, talk, upgradeRefused } from "./row.js";

/** A handshake by hand: clients of WebSocket do not say from which address they come. */
const UPGRADE = [
  "GET /ws HTTP/1.1",
  "host: 127.0.0.1",
  "connection: upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  "",
  "",
].join("\r\n");

/** A server that asks for a token. */
const TOKEN = { eventLog: "memory", nvidiaSmi: "off", token: "a-token-of-the-tests-that-is-long-enough" };

export const RATES: readonly Row[] = [
  setting("maxConnections", http("OVERLOADED"), async (t) => {
    const { url } = await talk(t, { maxConnections: "1" });
    const told = await upgradeRefused(t, url);
    if ((await fetch(`${url}/health/live`)).status !== 200) throw new Error("health is asked for in vain");
    return told;
  }),
  setting("maxConnectionsPerAddress", http("TOO_MANY_REQUESTS"), async (t) => {
    const { url } = await talk(t, { maxConnectionsPerAddress: "1" });
    return upgradeRefused(t, url);
  }),
  setting("maxRequestsPerSecond", http("RATE_LIMITED"), async (t) => {
    const { get, url } = await talk(t, { maxRequestsPerSecond: "1" });
    // Three at once are a burst, of which the connection's upgrade was the first.
    const replies = await Promise.all(Array.from({ length: 8 }, () => get("/api/v1/ensemble/list")));
    const refused = replies.find(({ status }) => status !== 200);
    if (!refused || (await get("/health")).status !== 200) throw new Error("health counts, or nothing does");
    await checkedTokens(t, url);
    return seenBy(refused);
  }),
  setting("maxFramesPerSecond", frame("RATE_LIMITED"), (t) => flood(t, { maxFramesPerSecond: "100" }, 200)),
  setting("maxBytesPerSecond", frame("RATE_LIMITED"), (t) => flood(t, { maxBytesPerSecond: "2000" }, 180)),
  setting("maxUnauthenticated", http("OVERLOADED"), async (t) => {
    const { url } = await serve(t, { models: [], flags: { ...TOKEN, maxUnauthenticated: "1" } });
    await Peer.connect(t, url, "json");
    return upgradeRefused(t, url);
  }),
  setting("maxUnauthenticatedPerAddress", http("TOO_MANY_REQUESTS"), async (t) => {
    const flags = { ...TOKEN, maxUnauthenticatedPerAddress: "1" };
    const { url } = await serve(t, { models: [], flags });
    await Peer.connect(t, url, "json");
    const told = await upgradeRefused(t, url);
    const other = createConnection({ port: Number(new URL(url).port), host: "127.0.0.1", localAddress: "127.0.0.2" });
    t.teardown(() => other.destroy());
    other.write(UPGRADE);
    const [reply] = await once(other, "data");
    t.match(String(reply), /^HTTP\/1\.1 101/, "another address has its own share");
    return told;
  }),
  setting("authTimeoutMs", frame("UNAUTHENTICATED", 4401), async (t) => {
    const { url } = await serve(t, { models: [], flags: { ...TOKEN, authTimeoutMs: "50" } });
    const peer = await Peer.connect(t, url, "json");
    const { code } = await peer.closed;
    return seenIn(peer.unasked.at(-1)?.body as ServerBody, code);
  }),
  setting("maxLoopDelayMs", http("OVERLOADED"), late),
];

/** Tokens that are shown to health and metrics count by themselves: the first are looked at while other requests are refused. */
async function checkedTokens(t: Test, url: string): Promise<void> {
  const headers = { authorization: "Bearer whatever" };
  const ways = Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? "/health/live" : "/metrics"));
  const statuses = await Promise.all(ways.map(async (way) => (await fetch(url + way, { headers })).status));
  t.same([...new Set(statuses)].sort(), [200, 429]);
  t.equal((await fetch(`${url}/health/live`)).status, 200, "without a token health is always answered");
}

/** Sends frames at once. Each is answered once; one a pause is refused, those behind it wait and are executed. */
async function flood(t: Test, flags: Readonly<Record<string, unknown>>, count: number): Promise<Seen> {
  const { peer } = await talk(t, flags);
  const replies = await Promise.all(Array.from({ length: count }, () => peer.ask(ping)));
  const refused = replies.filter(({ $case }) => $case === "error");
  t.equal(replies.filter(({ $case }) => $case === "pong").length, count - refused.length);
  t.ok(refused.length > 0 && refused.length < count / 4, `${refused.length} of ${count} were refused`);
  return seenIn(refused[0] as ServerBody);
}

/** Blocks the loop for real: the server's own, for this is its process. */
async function late(t: Test): Promise<Seen> {
  const { url, say, get, peer } = await talk(t, { maxLoopDelayMs: "50" }, ["ensemble_narrow"]);
  expect(await say("config", { ensemble_name: "ensemble_narrow" }), "configAck");
  let refused: Response | undefined;
  // The look comes each tenth of a second: some blocks are over before it.
  for (let i = 0; i < 20 && refused?.status !== 503; i += 1) {
    const untilMs = performance.now() + 300;
    while (performance.now() < untilMs);
    refused = await get("/api/v1/ensemble/list");
  }
  const told = await seenBy(refused as Response);
  t.same(seenIn(await say("predict", { values: [2, 3] })), frame("OVERLOADED"), "a prediction");
  t.same(seenIn(await say("subscribe", { topic: "training.*" })), frame("OVERLOADED"), "a subscription");
  t.same(await upgradeRefused(t, url), http("OVERLOADED"), "a connection");
  expect(await peer.ask(ping), "pong");
  t.equal((await get("/health/live")).status, 200, "health");
  // Once it keeps up, work is taken again.
  for (;;) {
    const reply = await say("predict", { values: [2, 3] });
    if (reply.$case === "prediction") return told;
  }
}
