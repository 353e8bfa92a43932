// What a client hands to its sessions.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t from "tap";
import { TidewireClient } from "../src/index.js";

t.test("a session's option that is undefined is not given: the client's own stands", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const upgrade = new Promise<NodeJS.Dict<string | string[]>>((resolve) => {
    server.on("upgrade", ({ headers }, socket) => {
      socket.destroy();
      resolve(headers);
    });
  });
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new TidewireClient({ baseURL, token: "secret", encoding: "json" });
  const session = client.inference("e", { token: undefined, encoding: undefined, url: undefined, reconnect: false });
  const headers = { authorization: "Bearer secret", "sec-websocket-protocol": "tidewire.v1.json" };
  t.match(await upgrade, headers);
  await t.rejects(session.ready(), { code: "CONNECTION_FAILED" });
});
