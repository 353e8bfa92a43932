// A client at the level of bytes, and what a server says to it, as short words that cases can name.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { ERRORS } from "../../../src/errors.js";
import { BINARY, CLOSE, FrameFault, FrameReader, frameOf, PING, PONG, TEXT } from "../lib/websocket-bytes.js";

/** A server that says nothing for so long will not say any more. */
const SILENCE_MS = 15_000;
const HEADERS_END = "\r\n\r\n";
/** Id of the ping that asks whether all was heard. */
const SENTINEL = 999;
/** Longest payload of a control frame that is told whole. */
const SHORT = 16;

export type Subprotocol = "tidewire.v1.json" | "tidewire.v1.proto";

const codes = new Map<number, string>(Object.entries(ERRORS).map(([code, { wireNumber }]) => [wireNumber, code]));

/** One connection. `heard` grows by a word for each frame: `pong 7`, `INVALID_JSON`, `PONG hello`, `CLOSE 1002`, `END`. */
export class RawPeer {
  readonly socket: Socket;
  readonly heard: string[] = [];
  readonly #isBinary: boolean;
  #wake: (() => void) | undefined;
  #isClosing = false;

  private constructor(socket: Socket, isBinary: boolean) {
    this.socket = socket;
    this.#isBinary = isBinary;
  }

  /** An open WebSocket. @param first bytes that are sent with the handshake, before its answer */
  static async open(port: number, subprotocol: Subprotocol, first: Uint8Array = new Uint8Array(0)): Promise<RawPeer> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.on("error", () => {}); // `close` tells it
    const peer = new RawPeer(socket, subprotocol === "tidewire.v1.proto");
    socket.write(Buffer.concat([Buffer.from(handshake(port, subprotocol)), first]));
    const rest = await readHead(socket);
    const reader = new FrameReader((bytes, start, end, opcode, fin) =>
      peer.#receive(Buffer.from(bytes.subarray(start, end)), opcode, fin),
    );
    const take = (bytes: Buffer): void => {
      try {
        reader.take(bytes);
      } catch (error) {
        if (!(error instanceof FrameFault)) throw error;
        peer.#hear(`FAULT ${error.message}`);
      }
    };
    socket.on("data", take);
    socket.on("close", () => peer.#hear("END"));
    take(rest);
    return peer;
  }

  /** Writes pieces, each by itself where `gap` says so: the server reads it before the next is sent. */
  async send(pieces: readonly Uint8Array[], gap: "none" | "turn"): Promise<void> {
    if (gap === "none") {
      this.socket.write(Buffer.concat(pieces));
      return;
    }
    for (const piece of pieces) {
      if (!this.socket.writable) return;
      this.socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What was heard once all that was sent has been, or once the connection is gone. */
  async transcript(): Promise<string[]> {
    const sentinel = `pong ${SENTINEL}`;
    if (this.socket.writable)
      this.socket.write(this.#isBinary ? frameOf(BINARY, pingBytes(SENTINEL)) : frameOf(TEXT, pingText(SENTINEL)));
    await this.until(() => this.heard.includes(sentinel) || this.isOver);
    this.socket.destroy();
    return this.heard.filter((word) => word !== sentinel);
  }

  get isOver(): boolean {
    return this.heard.at(-1) === "END";
  }

  /** Waits for words. They are `SILENCE` where none comes any more. */
  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      let timer: NodeJS.Timeout | undefined;
      const silence = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(true), SILENCE_MS);
      });
      const woken = new Promise<boolean>((resolve) => {
        this.#wake = () => resolve(false);
      });
      const isSilent = await Promise.race([silence, woken]);
      clearTimeout(timer);
      if (isSilent) return void this.heard.push("SILENCE");
    }
  }

  #hear(word: string): void {
    this.heard.push(word);
    this.#wake?.();
  }

  #receive(payload: Buffer, opcode: number, fin: boolean): void {
    if (opcode === CLOSE) return this.#receiveClose(payload);
    if (opcode === PING) return this.#hear(`PING ${shown(payload)}`);
    if (opcode === PONG) return this.#hear(`PONG ${shown(payload)}`);
    const isRight = fin && opcode === (this.#isBinary ? BINARY : TEXT);
    this.#hear(isRight ? this.#wordOf(payload) : `opcode ${opcode}${fin ? "" : " in part"}`);
  }

  /** A close is answered, as the RFC asks; then the server ends the connection. */
  #receiveClose(payload: Buffer): void {
    this.#hear(payload.length < 2 ? "CLOSE" : `CLOSE ${payload.readUInt16BE()}`);
    if (!this.#isClosing && this.socket.writable) this.socket.write(frameOf(CLOSE, payload));
    this.#isClosing = true;
  }

  #wordOf(payload: Buffer): string {
    if (this.#isBinary) {
      const { id, body } = ServerFrame.decode(payload);
      const what =
        body?.$case === "error" ? (codes.get(body.value.errorCode) ?? "no code") : (body?.$case ?? "nothing");
      return id === 0 ? what : `${what} ${id}`;
    }
    const {
      type,
      id,
      error_code: code,
    } = JSON.parse(payload.toString()) as { type: string; id?: number; error_code?: string };
    const what = code ?? type;
    return id === undefined ? what : `${what} ${id}`;
  }
}

function shown(payload: Buffer): string {
  return payload.length <= SHORT ? payload.toString("latin1") : `(${payload.length})`;
}

/** The rest of the bytes behind the head of the answer. @throws Error when it is no upgrade */
async function readHead(socket: Socket): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const end = bytes.indexOf(HEADERS_END);
    if (end >= 0) {
      const head = bytes.toString("latin1", 0, end);
      if (!head.startsWith("HTTP/1.1 101")) throw new Error(`no WebSocket: ${head.slice(0, 200)}`);
      return bytes.subarray(end + HEADERS_END.length);
    }
    const [read] = (await once(socket, "data")) as [Buffer];
    bytes = Buffer.concat([bytes, read]);
  }
}

/** Headers of a good handshake, which cases change. */
export function handshake(port: number, subprotocol: string): string {
  const lines = [
    "GET /api/v1/ws HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `Sec-WebSocket-Protocol: ${subprotocol}`,
  ];
  return lines.join("\r\n") + HEADERS_END;
}

/** A ping of ours as text, padded to exactly `bytes` of UTF-8 where it is shorter. */
export function pingText(id: number, bytes = 0): string {
  const bare = `{"type":"ping","id":${id},"x":""}`;
  return `${bare.slice(0, -2)}${"*".repeat(Math.max(0, bytes - bare.length))}"}`;
}

/** A ping of ours as a binary frame, padded by an unknown field to exactly `bytes` where it is shorter. */
export function pingBytes(id: number, bytes = 0): Buffer {
  const head = Buffer.from([0x08, ...varint(id), 0x52, 0x00]);
  const room = bytes - head.length;
  if (room < 2) return head;
  const lengthBytes = varint(room - 2).length;
  const padding = room - 1 - lengthBytes;
  const fits = varint(padding).length === lengthBytes;
  const length = fits ? varint(padding) : [...varint(padding).map((byte) => byte | 0x80), 0]; // a byte longer than it has to be
  return Buffer.concat([head, Buffer.from([0x7a, ...length]), Buffer.alloc(padding, "*")]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
