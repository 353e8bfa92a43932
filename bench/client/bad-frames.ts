// Frames of every bad kind, many on each connection.
import { CLOSE, toFrame } from "./frames.js";
import { LeanSocket, STREAM_PATH } from "./lean-socket.js";

/** Bad frames. */
export interface BadFrameOptions {
  readonly port: number;
  readonly connections: number;
  readonly framesEach: number;
}

/** What came back. */
export interface BadFrameResult {
  readonly frames: number;
  readonly errors: number;
}

const AT_ONCE = 8;
const PATIENCE_MS = 10_000;

const BAD_BINARY = [
  [0xff, 0xff, 0xff, 0xff], // no tag
  [0x08, 0x01, 0x1a, 0x7f, 0x00], // a length beyond the end
  [0x08, 0x80, 0x80], // a cut varint
  [0x1a, 0x04, 0x0a, 0x02, 0x00], // a cut packed float
  [0x08, 0x05], // no body
  [0xfa, 0x07, 0x00], // an unknown body
].map((bytes) => Uint8Array.from(bytes));
const BAD_TEXT = ["", "{", "[]", '{"type":"predikt"}', '{"type":"predict","data":{"values":"x"}}', '{"id":"x"}'];

/** Sends them all. @throws Error when a frame is not refused */
export async function badFrames({ port, connections, framesEach }: BadFrameOptions): Promise<BadFrameResult> {
  const total = { frames: 0, errors: 0 };
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < connections) {
      const isText = next++ % 2 === 1;
      const errors = await oneConnection(port, isText, framesEach); // first, or a sum of another worker is lost
      total.errors += errors;
      total.frames += framesEach;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return total;
}

/** The errors that came: as many as frames. Not every kind of bad frame closes a connection, so the client does. */
async function oneConnection(port: number, isText: boolean, count: number): Promise<number> {
  const subprotocol = isText ? "tidewire.v1.json" : "tidewire.v1.proto";
  const socket = await LeanSocket.open({ port, path: STREAM_PATH, subprotocol }, 16 * 1024);
  const kinds = isText ? BAD_TEXT : BAD_BINARY;
  let errors = 0;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${errors} errors to ${count} bad frames`)), PATIENCE_MS);
    socket.onClose = () => reject(new Error(`${errors} errors to ${count} bad frames, then the connection was gone`));
    socket.onFrame = (_bytes, _start, _length, opcode) => {
      if (opcode === CLOSE) return reject(new Error(`closed after ${errors} of ${count} bad frames`));
      errors += 1;
      if (errors < count) return;
      clearTimeout(timer);
      resolve();
    };
    socket.write(Buffer.concat(Array.from({ length: count }, (_, i) => toFrame(kinds[i % kinds.length] ?? ""))));
  });
  socket.destroy();
  return errors;
}
