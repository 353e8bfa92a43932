// Whose address counts: a client may write what it likes into X-Forwarded-For, only a trusted proxy is believed.
import { once } from "node:events";
import { type RequestOptions, request } from "node:http";
import { connect } from "node:net";
import { type Test, test } from "tap";
import WebSocket from "ws";
import { serve } from "./support/serve.js";

const [PROXY, STRANGER] = ["127.0.0.9", "127.0.0.8"];

interface Caller {
  /** Own address. */
  readonly from: string;
  /** X-Forwarded-For as it is sent. */
  readonly says?: string;
}

const headersOf = ({ says }: Caller): Record<string, string> => (says === undefined ? {} : { "x-forwarded-for": says });

/** Opens a WebSocket. @returns 101, or the status of the refusal */
async function open(t: Test, url: string, caller: Caller): Promise<number> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`, {
    localAddress: caller.from,
    headers: headersOf(caller),
  });
  t.teardown(() => socket.terminate());
  socket.on("error", () => {}); // a refusal is told by the response
  return new Promise((resolve) => {
    socket.once("open", () => resolve(101));
    socket.once("unexpected-response", (_, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
}

async function get(url: string, caller: Caller): Promise<number> {
  const options: RequestOptions = { localAddress: caller.from, headers: headersOf(caller), agent: false };
  const sent = request(`${url}/api/v1/ensemble/list`, options).end();
  const [response] = await once(sent, "response");
  response.resume();
  return response.statusCode;
}

test("a forged X-Forwarded-For gives nobody room that he has not", async (t) => {
  const { url } = await serve(t, { models: [], flags: { maxConnectionsPerAddress: "1", trustedProxies: PROXY } });
  t.equal(await open(t, url, { from: STRANGER, says: "203.0.113.1" }), 101);
  t.equal(await open(t, url, { from: STRANGER, says: "203.0.113.2" }), 429, "another name, the same address");
  t.equal(await open(t, url, { from: STRANGER, says: PROXY }), 429, "nor by the proxy's name");
});

test("a trusted proxy speaks for many clients, each with room of its own", async (t) => {
  const { url } = await serve(t, { models: [], flags: { maxConnectionsPerAddress: "1", trustedProxies: PROXY } });
  t.equal(await open(t, url, { from: PROXY, says: "203.0.113.1" }), 101);
  t.equal(await open(t, url, { from: PROXY, says: "203.0.113.2" }), 101);
  t.equal(await open(t, url, { from: PROXY, says: "203.0.113.1" }), 429);
  t.equal(
    await open(t, url, { from: PROXY, says: "198.51.100.7, 203.0.113.1" }),
    429,
    "what the client said before the proxy",
  );
});

test("rates are counted by the same address", async (t) => {
  const { url } = await serve(t, { models: [], flags: { maxRequestsPerSecond: "1", trustedProxies: PROXY } });
  const ask = (from: string, saysOf: (i: number) => string): Promise<number[]> =>
    Promise.all(Array.from({ length: 8 }, (_, i) => get(url, { from, says: saysOf(i) })));
  const forged = await ask(STRANGER, (i) => `203.0.113.${i}`);
  t.ok(forged.includes(429), "eight names of one address are one client");
  const proxied = await ask(PROXY, (i) => `203.0.113.${i}`);
  t.same(new Set(proxied), new Set([200]), "eight clients of a proxy are eight");
  const one = await ask(PROXY, () => "203.0.113.99");
  t.ok(one.includes(429));
});

test("localhost is one listener, so that no address comes in beside the limits", async (t) => {
  const { url } = await serve(t, { models: [], flags: { host: "localhost", maxConnectionsPerAddress: "1" } });
  const { hostname, port } = new URL(url);
  t.match(hostname, /^(localhost|127\.0\.0\.1)$/);
  const other = connect({ host: "::1", port: Number(port) });
  t.teardown(() => other.destroy());
  const reached = await Promise.race([
    once(other, "connect").then(() => true),
    once(other, "close").then(() => false),
  ]).catch(() => false);
  t.notOk(reached, "not by ::1");
  t.equal(await get(url, { from: STRANGER }), 200);
});
