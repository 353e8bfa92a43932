// One fuzzed connection: stretches of messages down a real socket, each stretch answered whole before the next.
import { connect, type Socket } from "node:net";
import type { Random } from "../lib/random.js";
import {
  BINARY,
  CLOSE,
  FrameReader,
  frameOf,
  maskedHeaderBytes,
  maskInPlace,
  PING,
  PONG,
  TEXT,
  writeMaskedHeader,
} from "../lib/websocket-bytes.js";
import { Ledger } from "./ledger.js";
import { byteLength, type Encoding, FIRST_ID, type Mutant, writeMutant } from "./message.js";
import type { Speech } from "./plan.js";
import { readJsonReply, readProtoReply } from "./replies.js";

/** Messages of a stretch: in flight at once. */
export const STRETCH = 256;
/** A server that answers nothing for so long has forgotten something; longer than any run of a model waits here. */
const SILENCE_MS = 20_000;
const HEADERS_END = "\r\n\r\n";

/** What came of a connection. */
export interface ConnectionReport {
  readonly frames: number;
  readonly bytes: number;
  readonly pushes: number;
  /** Replies by body or error code. */
  readonly replies: ReadonlyMap<string, number>;
  /** Broken promises, with the frames that belong to them as hex. */
  readonly faults: readonly Fault[];
}

/** A broken promise on one connection. */
export interface Fault {
  readonly invariant: string;
  readonly what: string;
  /** Payloads of the messages that may be the cause, as hex. */
  readonly frames: readonly string[];
}

/** What a server may end a connection with by itself: the reader was too slow for what it had subscribed to. */
const FORGIVEN_CLOSES = [4008];
const FORGIVEN_PUSH = "SLOW_CONSUMER";
/** Frames that a fault tells at most. */
const MOST_TOLD = 300;

/** Runs one connection. */
export class FuzzedConnection {
  readonly #encoding: Encoding;
  readonly #speech: Speech;
  readonly #random: Random;
  readonly #ledger = new Ledger(STRETCH);
  readonly #replies = new Map<string, number>();
  readonly #faults: Fault[] = [];
  readonly #stretch: { mutant: Mutant; start: number; end: number }[] = [];
  #firstId = FIRST_ID;
  #frames = 0;
  #bytes = 0;
  #pushes = 0;
  #isForgiven = false;
  #answered: (() => void) | undefined;

  constructor(encoding: Encoding, speech: Speech, random: Random) {
    this.#encoding = encoding;
    this.#speech = speech;
    this.#random = random;
  }

  /** Says so many stretches, then ends the connection in one of the ways in which connections end. */
  async run(port: number, stretches: number): Promise<ConnectionReport> {
    const socket = await this.#open(port);
    for (let i = 0; i < stretches && socket.readable; i += 1) await this.#say(socket);
    await this.#leave(socket);
    const { frames, bytes, pushes } = { frames: this.#frames, bytes: this.#bytes, pushes: this.#pushes };
    return { frames, bytes, pushes, replies: this.#replies, faults: this.#faults };
  }

  // ---- the socket ----

  async #open(port: number): Promise<Socket> {
    const reader = new FrameReader((bytes, start, end, opcode) => this.#receive(socket, bytes, start, end, opcode));
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    let head: string | undefined = "";
    const opened = new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error(`closed in the handshake: ${head}`)));
      socket.on("data", (read: Buffer) => {
        if (head === undefined) return this.#read(reader, read);
        head += read.toString("latin1");
        const end = head.indexOf(HEADERS_END);
        if (end < 0) return;
        const rest = Buffer.from(head.slice(end + HEADERS_END.length), "latin1");
        if (!head.startsWith("HTTP/1.1 101")) return reject(new Error(`no WebSocket: ${head}`));
        head = undefined;
        resolve();
        this.#read(reader, rest);
      });
    });
    socket.write(handshake(port, `tidewire.v1.${this.#encoding}`));
    await opened;
    socket.removeAllListeners("error").on("error", () => {}); // `close` tells it
    socket.removeAllListeners("close").on("close", () => this.#answered?.());
    return socket;
  }

  #read(reader: FrameReader, bytes: Buffer): void {
    try {
      reader.take(bytes);
    } catch (error) {
      this.#fault("whatever the server says is a frame", String(error), []);
    }
  }

  // ---- speaking ----

  async #say(socket: Socket): Promise<void> {
    const bytes = this.#compose();
    this.#frames += STRETCH;
    this.#bytes += bytes.length;
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    socket.write(bytes);
    const timer = setTimeout(() => this.#answered?.(), SILENCE_MS);
    await answered;
    clearTimeout(timer);
    if (this.#ledger.owed > 0 && !this.#isForgiven) this.#tellUnanswered(socket);
    this.#firstId += STRETCH;
  }

  /** The next stretch as masked frames, back to back. */
  #compose(): Buffer {
    const mask = this.#random.chance(0.1) ? new Uint8Array(4) : this.#random.bytes(4);
    this.#ledger.begin(this.#firstId);
    this.#stretch.length = 0;
    const mutants = Array.from({ length: STRETCH }, () => this.#speech.next());
    const sizes = mutants.map((mutant) => byteLength(this.#encodingOf(mutant), mutant));
    const target = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + maskedHeaderBytes(size) + size, 0));
    let at = 0;
    for (const [i, mutant] of mutants.entries()) {
      const encoding = this.#encodingOf(mutant);
      const start = writeMaskedHeader(target, at, encoding === "proto" ? BINARY : TEXT, sizes[i] as number, mask);
      at = writeMutant(encoding, mutant, this.#firstId + i, target, start);
      this.#stretch.push({ mutant, start, end: at });
      maskInPlace(target, start, at, mask);
      this.#ledger.owe(i, mutant.rule);
    }
    return target;
  }

  #encodingOf({ isSwapped }: Mutant): Encoding {
    if (!isSwapped) return this.#encoding;
    return this.#encoding === "proto" ? "json" : "proto";
  }

  // ---- listening ----

  #receive(socket: Socket, bytes: Buffer, start: number, end: number, opcode: number): void {
    if (opcode === PING) return void socket.write(frameOf(PONG, bytes.subarray(start, end)));
    if (opcode === CLOSE) return this.#receiveClose(socket, bytes, start, end);
    const wanted = this.#encoding === "proto" ? BINARY : TEXT;
    if (opcode !== wanted) return this.#fault("replies keep the connection's encoding", `opcode ${opcode}`, []);
    const { id, what } =
      this.#encoding === "proto" ? readProtoReply(bytes, start, end) : readJsonReply(bytes, start, end);
    if (what === "push") this.#pushes += 1;
    else this.#book(id, what, bytes, start, end);
  }

  #book(id: number, what: string, bytes: Buffer, start: number, end: number): void {
    this.#replies.set(what, (this.#replies.get(what) ?? 0) + 1);
    if (what === FORGIVEN_PUSH) return; // it answers nothing; a close follows
    const booking = this.#ledger.book(id);
    if (booking !== "expected")
      this.#fault("every message is answered once", `${what} for id ${id}: ${booking}`, this.#told(id));
    if (what === "INTERNAL_ERROR") {
      const text = bytes.toString(this.#encoding === "proto" ? "hex" : "utf8", start, end);
      this.#fault("no message is answered INTERNAL_ERROR", text, this.#told(id));
    }
    if (this.#ledger.owed === 0) this.#answered?.();
  }

  #receiveClose(socket: Socket, bytes: Buffer, start: number, end: number): void {
    const code = end - start >= 2 ? bytes.readUInt16BE(start) : 1005;
    this.#isForgiven = FORGIVEN_CLOSES.includes(code);
    if (this.#isForgiven) this.#replies.set(`close ${code}`, (this.#replies.get(`close ${code}`) ?? 0) + 1);
    else
      this.#fault(
        "no message ends a connection",
        `close ${code} ${bytes.toString("utf8", start + 2, end)}`,
        this.#told(-1),
      );
    socket.end(frameOf(CLOSE, bytes.subarray(start, end)));
  }

  // ---- the end ----

  /** A close, a cut in the middle of a frame, an end without a close, or a reset. */
  async #leave(socket: Socket): Promise<void> {
    if (socket.destroyed) return;
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    this.#isForgiven = true;
    const way = this.#random.integer(0, 3);
    if (way === 0) socket.resetAndDestroy();
    else if (way === 1) socket.destroy();
    else if (way === 2) socket.end(frameOf(BINARY, new Uint8Array(100)).subarray(0, this.#random.integer(1, 100)));
    else socket.write(frameOf(CLOSE, Uint8Array.of(0x03, 0xe8)));
    const timer = setTimeout(() => socket.destroy(), SILENCE_MS);
    socket.removeAllListeners("data").resume();
    if (way === 3) socket.once("data", () => socket.end());
    await closed;
    clearTimeout(timer);
  }

  // ---- faults ----

  #tellUnanswered(socket: Socket): void {
    const how = socket.readable ? `for ${SILENCE_MS} ms` : "and the connection is gone";
    this.#fault("every message is answered", `${this.#ledger.owed} unanswered ${how}`, this.#told(-1));
    socket.destroy();
  }

  #fault(invariant: string, what: string, frames: readonly string[]): void {
    this.#faults.push({ invariant, what, frames });
  }

  /** The message of that id, or all that are not answered. */
  #told(id: number): string[] {
    const index = id - this.#firstId;
    const indices = index >= 0 && index < STRETCH ? [index] : this.#ledger.open;
    return indices.slice(0, MOST_TOLD).map((i) => this.#payloadHex(i));
  }

  #payloadHex(index: number): string {
    const entry = this.#stretch[index];
    if (!entry) return "";
    const { mutant, start, end } = entry;
    const bytes = Buffer.alloc(end - start);
    writeMutant(this.#encodingOf(mutant), mutant, this.#firstId + index, bytes, 0);
    return bytes.toString("hex");
  }
}

function handshake(port: number, subprotocol: string): string {
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
