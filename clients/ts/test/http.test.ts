// HTTP requests against servers that misbehave.
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { TidewireClient } from "../src/index.js";

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

async function serving(t: Test, listener: RequestListener): Promise<TidewireClient> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  t.teardown(() => server.close().closeAllConnections());
  await new Promise((resolve) => server.once("listening", resolve));
  return new TidewireClient({ baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
