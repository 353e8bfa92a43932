// Peers that are hard to serve: they do not read, do not close, or say one byte at a time.
import { connect, type Socket } from "node:net";
import { frameOf, PING, TEXT } from "../lib/websocket-bytes.js";

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
const BYTE_EVERY_MS = 20;
/** A pong's first byte. */
const PONG_BYTE = 0x8a;

/** A raw connection that is upgraded. */
async function upgraded(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined); // `close` follows
  socket.write(`${UPGRADE}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

/** Subscribes to everything and reads nothing. */
export async function sleeper(port: number): Promise<Socket> {
  const socket = await upgraded(port);
  socket.write(frameOf(TEXT, SUBSCRIBE));
  socket.pause();
  return socket;
}

/** Reads everything and answers nothing: neither a ping nor a close. */
export async function mute(port: number): Promise<Socket> {
  const socket = await upgraded(port);
  socket.write(frameOf(TEXT, SUBSCRIBE));
  socket.resume();
  return socket;
}

/** Sends a ping one byte at a time. Resolves with whether it was answered. */
export async function stammer(port: number): Promise<boolean> {
  const socket = await upgraded(port);
  const answered = new Promise<boolean>((resolve) => {
    socket.on("data", (bytes) => bytes[0] === PONG_BYTE && resolve(true));
    socket.once("close", () => resolve(false));
  });
  for (const byte of frameOf(PING, "a word")) {
    socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setTimeout(resolve, BYTE_EVERY_MS));
  }
  const isAnswered = await answered;
  socket.destroy();
  return isAnswered;
}
