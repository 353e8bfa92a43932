// What Node's platform file adds to the package ws.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { Socket } from "node:net";
import t from "tap";
import { WebSocketServer } from "ws";
import { openSocket } from "#platform";

t.test("the messages of one turn go out in one write, in order, each as it was when it was sent", async (t) => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  t.teardown(() => server.close());
  await once(server, "listening");
  const received: number[] = [];
  const all = new Promise<void>((resolve) => {
    server.on("connection", (peer) =>
      peer.on("message", (message: Buffer, isBinary: boolean) => {
        received.push(isBinary ? Number(message[0]) : Number(message.toString()));
        if (received.length === 100) resolve();
      }),
    );
  });
  const socket = openSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, "tidewire.v1.proto");
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  const single = t.capture(Socket.prototype, "_write", Socket.prototype._write);
  const joined = t.capture(Socket.prototype as Required<Socket>, "_writev", Socket.prototype._writev);
  const buffer = new Uint8Array(1);
  for (let i = 0; i < 100; i++) {
    buffer[0] = i;
    socket.send(i % 10 === 0 ? String(i) : buffer);
  }
  await all;
  t.equal(single().length + joined().length, 1);
  t.same(received, [...received.keys()]);
  socket.close();
});

const BODY = {
  error_code: "OVERLOADED",
  message: "the loop is late",
  details: { delay_ms: 300 },
  retry_after_ms: 1500,
};

for (const { name, status, headers = {}, body, told } of [
  {
    name: "by the server's own words",
    status: 503,
    body: JSON.stringify(BODY),
    told: {
      code: "OVERLOADED",
      message: "the loop is late",
      details: { delay_ms: 300 },
      retryable: true,
      retryAfterMs: 1500,
    },
  },
  {
    name: "for its token",
    status: 401,
    body: JSON.stringify({ error_code: "UNAUTHENTICATED", message: "no such token", details: {} }),
    told: { code: "UNAUTHENTICATED", retryable: false, retryAfterMs: undefined },
  },
  {
    name: "with a time in its head",
    status: 429,
    headers: { "retry-after": "2" },
    body: JSON.stringify({ error_code: "RATE_LIMITED", message: "slow down", details: {} }),
    told: { code: "RATE_LIMITED", retryable: true, retryAfterMs: 2000 },
  },
  {
    name: "by more than a refusal is",
    status: 403,
    body: "x".repeat(70_000),
    told: { message: "the upgrade was answered with HTTP 403", retryable: undefined },
  },
  {
    name: "by a proxy",
    status: 503,
    headers: { "retry-after": "3" },
    body: "<html>",
    told: { message: "the upgrade was answered with HTTP 503", code: undefined, retryAfterMs: 3000 },
  },
]) {
  t.test(`an upgrade that is refused ${name} tells why`, async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    t.teardown(() => server.close());
    await once(server, "listening");
    let received: IncomingHttpHeaders = {};
    server.on("upgrade", (request, socket) => {
      received = request.headers;
      const lines = Object.entries({ ...headers, "content-length": body.length, connection: "close" });
      const head = lines.map(([key, value]) => `${key}: ${value}\r\n`).join("");
      socket.end(`HTTP/1.1 ${status} Refused\r\n${head}\r\n${body}`);
    });
    const socket = openSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, "tidewire.v1.json", "a/b=");
    const errors: unknown[] = [];
    socket.onerror = (event) => errors.push((event as ErrorEvent).error);
    const { code } = await new Promise<CloseEvent>((resolve) => {
      socket.onclose = resolve;
    });
    t.equal(code, 1006);
    t.match(errors[0], told);
    t.match(received, { authorization: "Bearer a/b=", "sec-websocket-protocol": "tidewire.v1.json" });
  });
}
