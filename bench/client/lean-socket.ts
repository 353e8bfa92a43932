// A WebSocket client that does next to nothing, so that the server is the slow end.
import { connect, type Socket } from "node:net";
import { CLOSE, FrameFinder, type FrameListener, PING } from "./frames.js";

/** A server takes any pong as a sign of life. */
const EMPTY_PONG = Buffer.from([0x8a, 0x80, 0x37, 0xfa, 0x21, 0x3d]);
const EMPTY_CLOSE = Buffer.from([0x88, 0x80, 0x37, 0xfa, 0x21, 0x3d]);
const HEADERS_END = "\r\n\r\n";

/** Where to connect and how. */
export interface Target {
  readonly port: number;
  readonly path: string;
  /** Absent: none is asked for. */
  readonly subprotocol?: string;
}

/** The path of inference. */
export const STREAM_PATH = "/api/v1/inference/stream";
/** The path of everything. */
export const TOPICS_PATH = "/api/v1/ws";

/** One connection. Set `onFrame` and `onRead` before the first message is sent. */
export class LeanSocket {
  /** Takes each frame; pings are answered and not told, a close is told and answered. */
  onFrame: FrameListener;
  /** Called once after the frames of a read. */
  onRead: () => void = () => {};
  /** The connection is gone. */
  onClose: () => void = () => {};
  /** Room again after a {@link write} for which there was none. */
  onDrain: () => void = () => {};
  readonly #finder = new FrameFinder((bytes, start, end, opcode) => {
    if (opcode === PING) return this.#socket.write(EMPTY_PONG);
    this.onFrame(bytes, start, end, opcode);
    if (opcode === CLOSE) this.#socket.end(EMPTY_CLOSE); // or the server waits for it when it ends
  });
  readonly #socket: Socket;
  readonly #opened: Promise<void>;
  #head: string | undefined = "";

  private constructor(target: Target, read: number | Buffer, onFrame: FrameListener) {
    const buffer = typeof read === "number" ? Buffer.allocUnsafeSlow(read) : read;
    this.onFrame = onFrame;
    let opened = (): void => {};
    let refused = (_: Error): void => {};
    this.#opened = new Promise((resolve, reject) => {
      opened = resolve;
      refused = reject;
    });
    this.#socket = connect({
      host: "127.0.0.1",
      port: target.port,
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => {
          if (this.#head === undefined) this.#finder.take(buffer, 0, length);
          else this.#handshake(buffer, length, opened, refused);
          this.onRead();
          return true;
        },
      },
    });
    this.#socket.on("error", refused);
    this.#socket.on("drain", () => this.onDrain());
    this.#socket.on("close", () => {
      refused(new Error("the connection was closed during the handshake"));
      this.onClose();
    });
    this.#socket.write(requestOf(target));
  }

  /**
   * @param read    size of a read, small where there are many connections; or a buffer that these share
   * @param onFrame where the server speaks first
   */
  static async open(
    target: Target,
    read: number | Buffer = 256 * 1024,
    onFrame: FrameListener = () => {},
  ): Promise<LeanSocket> {
    const socket = new LeanSocket(target, read, onFrame);
    await socket.#opened;
    return socket;
  }

  #handshake(bytes: Buffer, length: number, opened: () => void, refused: (error: Error) => void): void {
    const before = this.#head?.length ?? 0;
    this.#head += bytes.toString("latin1", 0, length);
    const end = (this.#head as string).indexOf(HEADERS_END);
    if (end < 0) return;
    if (!this.#head?.startsWith("HTTP/1.1 101")) return refused(new Error(`no WebSocket: ${this.#head}`));
    this.#head = undefined;
    this.#finder.take(bytes, end + HEADERS_END.length - before, length);
    opened();
  }

  /** Bytes that are frames already. @returns false when they wait for the network */
  write(frames: Uint8Array): boolean {
    return this.#socket.write(frames);
  }

  /** The next message's payload, copied; for what is not timed. */
  next(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.onClose = () => reject(new Error("the connection was closed"));
      this.onFrame = (bytes, start, end) => {
        this.onFrame = () => {};
        this.onClose = () => {};
        resolve(Buffer.from(bytes.subarray(start, end)));
      };
    });
  }

  /** Gone at once, without a closing handshake. */
  destroy(): void {
    this.onClose = () => {};
    this.#socket.destroy();
  }
}

function requestOf({ port, path, subprotocol }: Target): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
  ];
  return lines.join("\r\n") + HEADERS_END;
}
