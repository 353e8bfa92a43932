// The peer: a plain `ws` server that sends what a speaker says to every other client, one send a client and message.
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { serveJobs } from "../lib/jobs.js";

const SPEAKER = "/speaker";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, clientTracking: false });
const clients = new Set<WebSocket>();
/** What a client gets when it says anything at all: a replay from memory. */
let history: readonly Uint8Array[] = [];

server.on("connection", (socket, { url }) => {
  if (url === SPEAKER) {
    socket.on("message", (bytes) => {
      for (const client of clients) client.send(bytes);
    });
    return;
  }
  clients.add(socket);
  socket.on("message", () => {
    for (const bytes of history) socket.send(bytes);
  });
  socket.on("close", () => clients.delete(socket));
});

const listening = new Promise<void>((resolve) => server.once("listening", resolve));

serveJobs({
  port: async () => {
    await listening;
    return (server.address() as AddressInfo).port;
  },
  remember: async (messages: readonly Uint8Array[]) => {
    history = messages;
  },
});
