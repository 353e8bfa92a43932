// A client over a real WebSocket, in either encoding.
import { once } from "node:events";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Test } from "tap";
import WebSocket from "ws";
import { ClientFrame, ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { frameFromJson, frameToJson } from "../../../src/wire/json.js";
import type { ClientBody, ServerBody } from "./frames.js";

export type Encoding = "proto" | "json";
export const ENCODINGS: readonly Encoding[] = ["proto", "json"];

/** A frame as a client of that encoding sends it. */
export function encodeRequest(encoding: Encoding, frame: ClientFrame): Uint8Array | string {
  if (encoding === "json") return JSON.stringify(frameToJson("ClientFrame", frame));
  return ClientFrame.encode(frame, new BinaryWriter()).finish();
}

/** A message of the server. */
export function decodeReply(message: Uint8Array | string): ServerFrame {
  if (typeof message === "string") return frameFromJson("ServerFrame", JSON.parse(message));
  return ServerFrame.decode(new BinaryReader(message));
}

/** What ended a connection. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

interface PeerOptions {
  readonly path?: string;
  /** Without one, no subprotocol is offered. */
  readonly subprotocol?: string | undefined;
}

/** Asks and gets answers by id. Answers nobody waits for are kept in `unasked`, in order. */
export class Peer {
  readonly socket: WebSocket;
  readonly encoding: Encoding;
  readonly closed: Promise<Closed>;
  /** Frames that answer no `ask`. */
  readonly unasked: ServerFrame[] = [];
  readonly #waiting = new Map<number, { resolve: (body: ServerBody) => void; reject: (error: Error) => void }>();
  #pushWaiter: (() => void) | undefined;
  #lastId = 0;

  private constructor(socket: WebSocket, encoding: Encoding) {
    this.socket = socket;
    this.encoding = encoding;
    socket.on("message", (data: Buffer, isBinary) => this.#receive(decodeReply(isBinary ? data : data.toString())));
    socket.on("error", () => {}); // `close` follows
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        for (const { reject } of this.#waiting.values()) reject(new Error(`closed with ${code} ${reason}`));
        this.#waiting.clear();
        resolve({ code, reason: reason.toString() });
        this.#pushWaiter?.();
      });
    });
  }

  /** An open connection, cut when the test ends. */
  static async connect(t: Test, url: string, encoding: Encoding, options: PeerOptions = {}): Promise<Peer> {
    const { path = "/api/v1/inference/stream" } = options;
    const subprotocol = "subprotocol" in options ? options.subprotocol : `tidewire.v1.${encoding}`;
    const socket = new WebSocket(url.replace("http", "ws") + path, subprotocol ? [subprotocol] : []);
    t.teardown(() => socket.terminate());
    const peer = new Peer(socket, encoding);
    await once(socket, "open");
    return peer;
  }

  /** Sends a request; its reply, errors included. */
  ask(body: ClientBody): Promise<ServerBody> {
    const id = this.nextId();
    return this.replyTo(id, encodeRequest(this.encoding, { id, body }));
  }

  /** Sends a message of one's own that carries `id`; the reply to it. */
  replyTo(id: number, message: Uint8Array | string): Promise<ServerBody> {
    const reply = new Promise<ServerBody>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.socket.send(message);
    return reply;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** The next frame that answers no `ask`; undefined once the connection is closed. */
  async next(): Promise<ServerFrame | undefined> {
    while (this.unasked.length === 0) {
      if (this.socket.readyState === WebSocket.CLOSED) return undefined;
      await new Promise<void>((resolve) => {
        this.#pushWaiter = resolve;
      });
    }
    return this.unasked.shift();
  }

  #receive(frame: ServerFrame): void {
    const waiting = this.#waiting.get(frame.id);
    if (waiting) {
      this.#waiting.delete(frame.id);
      waiting.resolve(frame.body as ServerBody);
    } else {
      this.unasked.push(frame);
      this.#pushWaiter?.();
    }
  }
}
