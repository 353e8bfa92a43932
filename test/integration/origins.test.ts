// Pages of other origins, names that were pointed at the server, and what browsers are told.
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import t, { type Test } from "tap";
import { Origins } from "../../src/access/origins.js";
import { serve } from "./support/serve.js";

const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};
const TOKEN = "admin-token-0123456789abcdef";

interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Not fetch: it sets Host and Origin by itself. */
async function ask(
  t: Test,
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<Reply> {
  const call = request(url + path, { method, headers });
  t.teardown(() => call.destroy());
  call.on("error", () => undefined).end();
  const answer = Promise.race([once(call, "response"), once(call, "upgrade")]) as Promise<[IncomingMessage]>;
  const [reply] = await answer;
  if (reply.statusCode === 101) reply.socket.destroy();
  return { status: reply.statusCode, headers: reply.headers, body: reply.statusCode === 101 ? "" : await text(reply) };
}

t.test(
  "a page of another origin opens no socket and changes nothing, and is told which setting would let it",
  async (t) => {
    const { url } = await serve(t, { models: [], flags: { eventLog: "memory" } });
    const { host } = new URL(url);
    const socket = (origin: string) => ask(t, url, "GET", "/ws", { ...UPGRADE, origin });
    const refused = { status: 403, body: /"error_code":"PERMISSION_DENIED".*allowedOrigins.*"origin"/ };
    for (const origin of [
      "https://evil.example",
      "null",
      "http://localhost.evil.example",
      "http://127.0.0.1.evil.example",
    ])
      t.match(await socket(origin), refused, origin);
    for (const [method, path] of [
      ["POST", "/api/v1/events"],
      ["DELETE", "/api/v1/training/logs/a"],
      ["PUT", "/api/v1/training/logs/a/status"],
    ])
      t.match(await ask(t, url, method as string, path as string, { origin: "https://evil.example" }), refused, method);
    t.match(await socket(`http://${host}`), { status: 101 });
    t.match(await socket(`https://${host}`), { status: 101 }, "a proxy in front may speak TLS");
    t.match(await ask(t, url, "GET", "/ws", UPGRADE), { status: 101 }, "programs have no origin");
    const read = await ask(t, url, "GET", "/api/v1/topics", { origin: "https://evil.example" });
    t.equal(read.status, 200);
    t.notOk("access-control-allow-origin" in read.headers, "the browser keeps it from the page");
  },
);

t.test("an origin that is allowed may do what it is allowed, before and behind its preflight", async (t) => {
  const flags = { eventLog: "memory", allowedOrigins: "https://app.example, https://b.example", token: TOKEN };
  const { url } = await serve(t, { models: [], flags });
  const origin = "https://app.example";
  const asked = { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
  const preflight = await ask(t, url, "OPTIONS", "/api/v1/events", asked);
  t.equal(preflight.status, 204);
  t.match(preflight.headers, {
    "access-control-allow-origin": origin,
    "access-control-allow-headers": /authorization/,
  });
  const without = await ask(t, url, "GET", "/api/v1/topics", { origin });
  t.match(without, { status: 401, headers: { "access-control-allow-origin": origin } }, "the page may read why");
  const authorization = `Bearer ${TOKEN}`;
  t.match(await ask(t, url, "GET", "/ws", { ...UPGRADE, origin, authorization }), { status: 101 });
  const other = await ask(t, url, "OPTIONS", "/api/v1/events", { ...asked, origin: "https://evil.example" });
  t.notOk("access-control-allow-origin" in other.headers);
  t.match(await ask(t, url, "GET", "/ws", { ...UPGRADE, origin: "https://evil.example", authorization }), {
    status: 403,
  });
});

t.test("with * every page may ask", async (t) => {
  const { url } = await serve(t, { models: [], flags: { eventLog: "memory", allowedOrigins: "*" } });
  t.match(await ask(t, url, "GET", "/ws", { ...UPGRADE, origin: "https://any.example" }), { status: 101 });
  const reply = await ask(t, url, "GET", "/api/v1/topics", { origin: "https://any.example" });
  t.match(reply, { status: 200, headers: { "access-control-allow-origin": "*" } });
});

t.test("a server without tokens answers to names of its own only", async (t) => {
  const flags = { eventLog: "memory", allowedOrigins: "http://tidewire.lan:8000" };
  const { url } = await serve(t, { models: [], flags });
  const { port } = new URL(url);
  const statusOf = async (host: string, headers = {}) =>
    (await ask(t, url, "GET", "/api/v1/topics", { host, ...headers })).status;
  for (const host of [
    `evil.example:${port}`,
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "%",
    "a b",
  ])
    t.equal(await statusOf(host), 403, host);
  for (const host of [`localhost:${port}`, "a.localhost", "127.0.0.1", "[::1]:80", "192.168.1.7:8000", "tidewire.lan"])
    t.equal(await statusOf(host), 200, host);
  t.equal(await statusOf("evil.example", { "x-forwarded-host": "localhost" }), 403);
  const rebound = { ...UPGRADE, host: `evil.example:${port}`, origin: `http://evil.example:${port}` };
  t.match(await ask(t, url, "GET", "/ws", rebound), { status: 403, body: /asks for no token/ });
  const guarded = await serve(t, { models: [], flags: { ...flags, token: TOKEN } });
  const reply = await ask(t, guarded.url, "GET", "/health", { host: "any.example" });
  t.equal(reply.status, 200, "where a token is asked for, the name does not matter");
});

t.test("replies are no pages, and the dashboard keeps the policy it needs", async (t) => {
  const { url } = await serve(t, { models: [], flags: { eventLog: "memory" } });
  const { headers } = await ask(t, url, "GET", "/api/v1/topics", {});
  t.match(headers, {
    "content-security-policy": "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
  t.notOk("strict-transport-security" in headers);
  const page = await ask(t, url, "GET", "/", { accept: "text/html" });
  t.match(page.headers["content-security-policy"], /^default-src 'self'; connect-src 'self'/);
});

t.test("whatever a request says of its origin, it is let in or refused", async (t) => {
  const word = fc.oneof(fc.string(), fc.webUrl(), fc.domain());
  fc.assert(
    fc.property(word, word, fc.boolean(), (origin, host, isOpen) => {
      const origins = new Origins({ allowedOrigins: ["https://a.example"], host: "127.0.0.1" }, isOpen);
      const refusal = origins.refusal({ origin, host }, true);
      return refusal === undefined || refusal.code === "PERMISSION_DENIED";
    }),
  );
  t.pass();
});

t.test("pages that this machine serves itself may use a server without tokens, and no other", async (t) => {
  const pages = ["http://localhost:5173", "http://app.localhost", "http://127.0.0.1:3000", "http://[::1]:3000"];
  const flags = { eventLog: "memory" };
  const { url } = await serve(t, { models: [], flags });
  const { url: closed } = await serve(t, { models: [], flags: { ...flags, token: TOKEN } });
  for (const origin of pages) {
    t.equal((await ask(t, url, "GET", "/ws", { ...UPGRADE, origin })).status, 101, origin);
    const { headers } = await ask(t, url, "GET", "/api/v1/topics", { origin });
    t.equal(headers["access-control-allow-origin"], origin);
    const preflight = { origin, "access-control-request-method": "POST" };
    t.equal((await ask(t, url, "OPTIONS", "/api/v1/events", preflight)).status, 204);
    const authorization = `Bearer ${TOKEN}`;
    t.equal(
      (await ask(t, closed, "GET", "/ws", { ...UPGRADE, origin, authorization })).status,
      403,
      `${origin}, tokens`,
    );
  }
  const { headers } = await ask(t, url, "GET", "/api/v1/topics", { origin: "https://evil.example" });
  t.equal(headers["access-control-allow-origin"], undefined);
});

t.test("a request that does not say whom it asks is told so, in the form of every error", async (t) => {
  const { url } = await serve(t, { models: [] });
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" });
  t.teardown(() => socket.destroy());
  socket.end("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n");
  const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
  t.match(head, /^HTTP\/1\.1 400 /);
  t.match(JSON.parse(body), { error_code: "INVALID_MESSAGE", details: { field: "Host" } });
});
