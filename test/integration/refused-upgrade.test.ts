// An upgrade that is refused leaves nothing behind: its socket ends with the refusal, and holds up nobody's end.
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "tap";
import { serve } from "./support/serve.js";

const UPGRADE = [
  "GET /api/v1/ws HTTP/1.1",
  "Host: 127.0.0.1",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
].join("\r\n");
/** More than may come at once at one request a second. */
const UPGRADES = 10;

test("an upgrade that is refused for its address's rate ends with the reply", async (t) => {
  const { url, server } = await serve(t, { models: ["small"], flags: { maxRequestsPerSecond: "1" } });
  const statuses: string[] = [];
  for (let i = 0; i < UPGRADES; i += 1) {
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
    t.teardown(() => socket.destroy());
    const ended = once(socket, "end");
    socket.write(`${UPGRADE}\r\n\r\n`);
    const [reply] = (await once(socket, "data")) as [Buffer];
    const status = reply.toString().split(" ")[1] as string;
    statuses.push(status);
    if (status !== "101") await ended;
  }
  t.ok(statuses.includes("101") && statuses.includes("429"), statuses.join(" "));
  await server.close();
});
