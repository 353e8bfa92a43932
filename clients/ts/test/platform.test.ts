// What Node's platform file adds to the package ws.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Socket } from "node:net";
import t from "tap";
import { WebSocketServer } from "ws";
import { openSocket } from "#platform";

// Node 22 has a WebSocket of its own, which is left as it is.
const skip = typeof WebSocket === "function";

t.test(
  "the messages of one turn go out in one write, in order, each as it was when it was sent",
  { skip },
  async (t) => {
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
    const socket = openSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, "tidewire.v1.proto", {});
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
  },
);
