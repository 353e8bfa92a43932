// The peer: a plain `ws` server that sends each message back, one send a message.
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { serveJobs } from "../lib/jobs.js";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary }));
});

const listening = new Promise<void>((resolve) => server.once("listening", resolve));

serveJobs({
  port: async () => {
    await listening;
    return (server.address() as AddressInfo).port;
  },
});
