// The peer: Socket.IO as it comes, WebSocket only, that emits what a speaker says to a room.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { serveJobs } from "../lib/jobs.js";

const ROOM = "training.run";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });
io.on("connection", (socket) => {
  if (socket.handshake.query.speaker === undefined) return socket.join(ROOM);
  socket.on("publish", (event: Buffer) => io.to(ROOM).emit("event", event));
});

const listening = new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));

serveJobs({
  port: async () => {
    await listening;
    return (http.address() as AddressInfo).port;
  },
});
