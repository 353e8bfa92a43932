// HTTP requests against servers that misbehave.
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { TidewireClient, type Token } from "../src/index.js";

const JSON_TYPE = { "content-type": "application/json" };

t.test("an abort while the body arrives rejects with the signal's reason", async (t) => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const client = await serving(t, (_, response) => response.writeHead(200, JSON_TYPE).write('{"ensembles":'));
  const { fetch } = globalThis;
  t.intercept(globalThis, "fetch", {
    value: async (...request: Parameters<typeof fetch>) => {
      const response = await fetch(...request);
      setImmediate(() => controller.abort(reason));
      return response;
    },
  });
  await t.rejects(client.ensembles.list({ signal: controller.signal }), reason);
});

t.test("an answer of 200 that is no such message is an unexpected reply, with its cause", async (t) => {
  for (const body of ["<html>login</html>", "", "null", "[]", '"text"', '{"ensembles":5}']) {
    const client = await serving(t, (_, response) => response.writeHead(200).end(body));
    const rejection = { name: "TidewireClientError", code: "UNEXPECTED_REPLY", retryable: false, cause: Error };
    await t.rejects(client.ensembles.list(), rejection, body);
  }
});

t.test("a body that is cut is an unexpected reply", async (t) => {
  const client = await serving(t, (_, response) => {
    response.writeHead(200, { ...JSON_TYPE, "content-length": "100" }).write("{");
    setImmediate(() => response.destroy());
  });
  await t.rejects(client.health(), { code: "UNEXPECTED_REPLY", cause: Error });
});

t.test("an error status without a message of the server says its status", async (t) => {
  const client = await serving(t, (_, response) => response.writeHead(502).end("<html>bad gateway</html>"));
  const rejection = { code: "UNEXPECTED_REPLY", message: "HTTP 502", retryable: true, details: { status: 502 } };
  await t.rejects(client.health(), rejection);
});

t.test("a function is asked for the token of each request; of one that is refused, once more", async (t) => {
  const tokens = ["one", "stale", "fresh", "wrong", "wrong", "wrong", "worse"];
  const shown: (string | undefined)[] = [];
  const listener: RequestListener = ({ headers }, response) => {
    shown.push(headers.authorization);
    const isGood = /one|fresh/.test(headers.authorization ?? "");
    const refused = JSON.stringify({ error_code: "UNAUTHENTICATED", message: "no such token" });
    response.writeHead(isGood ? 200 : 401, JSON_TYPE).end(isGood ? '{"ensembles":[]}' : refused);
  };
  const client = await serving(t, listener, async () => tokens.shift() ?? "");
  await client.ensembles.list();
  await client.ensembles.list();
  t.same(shown, ["Bearer one", "Bearer stale", "Bearer fresh"]);
  await t.rejects(client.ensembles.list(), { code: "UNAUTHENTICATED", retryable: false });
  t.equal(shown.length, 4, "the same token is not shown again");
  await t.rejects(client.ensembles.list(), { code: "UNAUTHENTICATED" });
  t.same(shown.slice(4), ["Bearer wrong", "Bearer worse"], "the second refusal is the last");
});

t.test("a token that is refused is no reason to ask again where it stays the same", async (t) => {
  let count = 0;
  const listener: RequestListener = (_, response) => response.writeHead(401).end(String(count++));
  const client = await serving(t, listener, "secret");
  await t.rejects(client.ensembles.list(), { message: "HTTP 401" });
  t.equal(count, 1);
});

t.test("a function without a token is a request that reached no server", async (t) => {
  const cause = new Error("signed out");
  const client = await serving(
    t,
    (_, response) => response.end(),
    () => Promise.reject(cause),
  );
  await t.rejects(client.health(), { code: "CONNECTION_FAILED", cause, retryable: true });
});

t.test("how long to wait is told to the millisecond where the body says it", async (t) => {
  const body = { error_code: "RATE_LIMITED", message: "slow down", details: {}, retry_after_ms: 150 };
  const client = await serving(t, (_, response) =>
    response.writeHead(429, { ...JSON_TYPE, "retry-after": "1" }).end(JSON.stringify(body)),
  );
  await t.rejects(client.ensembles.list(), { code: "RATE_LIMITED", retryable: true, retryAfterMs: 150 });
});

async function serving(t: Test, listener: RequestListener, token?: Token): Promise<TidewireClient> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  t.teardown(() => server.close().closeAllConnections());
  await new Promise((resolve) => server.once("listening", resolve));
  return new TidewireClient({ baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token });
}
