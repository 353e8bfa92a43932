// Clients that end badly: in the midst of a frame, by a reset, in the midst of an upgrade.
import { connect, type Socket } from "node:net";
import type { Random } from "../lib/random.js";

const UPGRADE = [
  "GET /api/v1/ws HTTP/1.1",
  "Host: 127.0.0.1",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Protocol: tidewire.v1.json",
].join("\r\n");

const SUBSCRIBE = '{"type":"subscribe","id":1,"topic":"training.*"}';
const MASK = Buffer.from([1, 2, 3, 4]);

/** How a client ends. */
type Manner = (socket: Socket, random: Random) => void;

const reset: Manner = (socket) => void socket.resetAndDestroy();

const MANNERS: readonly Manner[] = [
  reset,
  (socket) => void socket.destroy(),
  // Half a frame, then nothing more.
  (socket, random) => {
    const frame = frameOf(SUBSCRIBE);
    socket.write(frame.subarray(0, random.integer(1, frame.length - 1)), () => socket.resetAndDestroy());
  },
  // A subscription to everything, and gone before the first event has been read.
  (socket) => void socket.write(frameOf(SUBSCRIBE), () => socket.resetAndDestroy()),
  // A close that is never finished.
  (socket) => void socket.write(Buffer.from([0x88, 0x80, ...MASK]), () => socket.resetAndDestroy()),
];

/** Connects, and ends badly. Resolves once the socket is gone; a server that is away is none of its business. */
export async function brute(port: number, random: Random): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => undefined); // `close` follows
  socket.once("connect", () => {
    if (random.chance(0.2)) {
      socket.write(UPGRADE.slice(0, random.integer(1, UPGRADE.length)), () => reset(socket, random));
      return;
    }
    socket.write(`${UPGRADE}\r\n\r\n`);
    socket.once("data", () => random.pick(MANNERS)(socket, random));
  });
  await closed;
}

/** A masked text frame of fewer than 126 bytes. */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text).map((byte, i) => byte ^ (MASK[i % 4] as number));
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), MASK, payload]);
}
