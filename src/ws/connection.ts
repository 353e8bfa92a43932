// One WebSocket under a session: translates messages, writes, pauses and closes; decides nothing.
import { ServerResponse } from "node:http";
import { Socket } from "node:net";
import { Writable } from "node:stream";
import WebSocket from "ws";
import type { Session } from "../session/session.js";
import type { Traffic } from "../session/traffic.js";
import type { Outgoing, Transport } from "../session/transport.js";
import { SharedMessages } from "../wire/shared-messages.js";
import { FairReader, type ReaderOwner } from "./fair-reader.js";
import { countMessages, frameMessages } from "./joined-write.js";
import type { Turns } from "./turns.js";

/** Close code for a peer that has been silent too long: it may come back. */
const SILENT_CODE = 4000;
/**
 * How long a peer may take to answer a close before its socket is destroyed. Half of the 2 s that a process has between
 * the end of its drain and its forced end, so that a frozen peer does not turn a clean exit into a failure.
 */
const CLOSE_TIMEOUT_MS = 1_000;

/** Where ws keeps a connection's longest message; its options have one for all connections only. */
const MAX_PAYLOAD = "_maxPayload";

/** Counts the heartbeat's beats; cheaper to ask than a clock, for every message. */
export interface BeatCount {
  readonly count: number;
}

/** A session's WebSocket. */
export class Connection implements Transport, ReaderOwner {
  readonly #socket: WebSocket;
  /**
   * The TCP socket under it, for joined writes. Sound because `permessage-deflate` is off: then ws
   * itself writes every control frame whole and at once, so nothing can get between. Undefined
   * where ws hides it; then each message is sent by ws.
   */
  readonly #raw: Socket | undefined;
  /** What ws reads messages with, where it does not hide it, and the longest message it takes by itself. */
  readonly #receiver: Writable | undefined;
  readonly #maxBytes: unknown;
  readonly #beats: BeatCount;
  readonly #traffic: Traffic;
  /** Whose turn it is to be read; undefined where ws hides its socket. */
  readonly #reader: FairReader | undefined;
  #isPaused = false;
  /** The peer has said its last message: it is read on for the end of its socket only. */
  #isOver = false;
  #session: Session | undefined;
  /** The heartbeat's count when the peer was last heard. */
  #heardAt: number;
  #unsentAtBeat = 0;
  #readAtBeat: number;

  constructor(socket: WebSocket, beats: BeatCount, traffic: Traffic, turns: Turns) {
    this.#socket = socket;
    this.#beats = beats;
    this.#traffic = traffic;
    this.#heardAt = beats.count;
    const raw: unknown = Reflect.get(socket, "_socket");
    this.#raw = raw instanceof Socket ? raw : undefined;
    const receiver: unknown = Reflect.get(socket, "_receiver");
    this.#receiver = receiver instanceof Writable ? receiver : undefined;
    this.#maxBytes = this.#receiver && Reflect.get(this.#receiver, MAX_PAYLOAD);
    const quickBytes = typeof this.#maxBytes === "number" ? this.#maxBytes : 0;
    this.#reader = this.#raw && this.#receiver && FairReader.before(this.#raw, turns, this, quickBytes);
    this.#readAtBeat = this.#raw?.bytesRead ?? 0;
  }

  /** Hands everything the peer says to the session. Call it in the turn of the upgrade, or early messages are lost. */
  attach(session: Session, ended: () => void): void {
    this.#session = session;
    this.#socket.on("message", (data: Buffer, isBinary) =>
      this.#receive(isBinary ? data : data.toString(), data.length),
    );
    beforeItsEnd(this.#receiver, () => {
      session.flush();
      this.#reader?.stop();
      this.#isOver = true;
    });
    const heard = (): void => {
      this.#heardAt = this.#beats.count;
    };
    this.#socket.on("ping", heard).on("pong", heard);
    this.#raw?.on("drain", () => session.drained());
    // The plugin's listener holds the upgrade's request and reply for as long as the connection lives.
    this.#socket.removeAllListeners("error");
    letGoOfUpgrade(this.#raw);
    // After a fault of the peer's, ws says why and closes; a reset would overtake what it says. `close` tells the session.
    this.#socket.on("error", () => this.#terminateSoon());
    this.#socket.on("close", () => {
      session.closed();
      ended();
    });
  }

  received(message: Uint8Array): void {
    this.#receive(message, message.length);
  }

  get isParsing(): boolean {
    return this.#receiver?.writable === true;
  }

  changed(): void {
    this.#adjustSocket();
  }

  #receive(message: Uint8Array | string, bytes: number): void {
    this.#heardAt = this.#beats.count;
    this.#traffic.framesIn += 1;
    this.#traffic.bytesIn += bytes;
    this.#session?.receive(message);
  }

  send(messages: readonly Outgoing[]): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#traffic.framesOut += countMessages(messages);
    const pieces = frameMessages(messages);
    for (const piece of pieces) this.#traffic.bytesOut += piece.length;
    if (this.#raw) this.#write(this.#raw, pieces);
    else for (const message of messages) this.#sendPlain(message);
  }

  #write(raw: Socket, pieces: readonly Uint8Array[]): void {
    if (pieces.length > 1) raw.cork();
    for (const piece of pieces) raw.write(piece);
    if (pieces.length > 1) raw.uncork();
  }

  #sendPlain(message: Outgoing): void {
    const sent = (): void => this.#session?.drained();
    if (typeof message === "string" || message instanceof Uint8Array) return this.#socket.send(message, sent);
    if (message instanceof SharedMessages) {
      for (const one of message.messages) this.#socket.send(one, sent);
      return;
    }
    for (let i = 0; i < message.count; i += 1) {
      const bytes = new Uint8Array(message.byteLength(i));
      message.write(i, bytes, 0);
      this.#socket.send(bytes, sent);
    }
  }

  get unsentBytes(): number {
    return this.#raw ? this.#raw.writableLength : this.#socket.bufferedAmount;
  }

  get isAlone(): boolean {
    return this.#reader?.isAlone ?? true;
  }

  limitMessages(maxBytes: number | undefined): void {
    if (!this.#receiver || typeof this.#maxBytes !== "number") return;
    Reflect.set(this.#receiver, MAX_PAYLOAD, maxBytes ?? this.#maxBytes);
    this.#reader?.limitMessages(maxBytes ?? this.#maxBytes);
  }

  pause(): void {
    this.#isPaused = true;
    this.#reader?.hold();
    this.#adjustSocket();
  }

  resume(): void {
    this.#isPaused = false;
    this.#reader?.release();
    this.#adjustSocket();
  }

  /** The socket is read while nobody asks for a pause, and nothing that was read waits for its turn. */
  #adjustSocket(): void {
    if (this.#isOver) return;
    if (this.#isPaused || this.#reader?.isBehind) this.#socket.pause();
    else this.#socket.resume();
  }

  close(code: number, reason: string, graceMs = CLOSE_TIMEOUT_MS): void {
    this.resume(); // the answer to the close must be read
    this.#reader?.hurry();
    this.#socket.close(code, reason);
    this.#terminateSoon(graceMs);
  }

  #terminateSoon(graceMs = CLOSE_TIMEOUT_MS): void {
    setTimeout(() => this.#socket.terminate(), graceMs).unref();
  }

  // ---- heartbeat ----

  /** One beat: pings a peer that is silent for `pingAfter` beats, gives up one that is for `closeAfter`. */
  beat(pingAfter: number, closeAfter: number): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const unsent = this.unsentBytes;
    const read = this.#raw?.bytesRead ?? 0;
    // A server that owes answers does not read, nor does one that lets a peer's bytes wait for their turn; a peer that takes
    // what is sent is slow, not silent; and one whose frame takes longer than this to arrive cannot send a pong within it.
    const isOurs = this.#session?.owesAnswers || (this.#reader?.waitingBytes ?? 0) > 0;
    const isAlive = isOurs || unsent < this.#unsentAtBeat || read > this.#readAtBeat;
    if (isAlive) this.#heardAt = this.#beats.count;
    this.#unsentAtBeat = unsent;
    this.#readAtBeat = read;
    const silent = this.#beats.count - this.#heardAt;
    if (silent >= closeAfter) this.#session?.end(SILENT_CODE, "silent for too long");
    else if (silent > 0 && silent % pingAfter === 0) this.#socket.ping();
  }
}

/** ws answers a close, and a fault, within the read that brings it: what this turn has to say until then would be lost. */
function beforeItsEnd(receiver: Writable | undefined, act: () => void): void {
  receiver?.prependListener("conclude", act).prependListener("error", act);
}

/** Node's socket holds the response it was upgraded from, and that the request and reply of Fastify: 3 KiB a connection. */
function letGoOfUpgrade(raw: Socket | undefined): void {
  const response: unknown = raw && Reflect.get(raw, "_httpMessage");
  if (raw && response instanceof ServerResponse) response.detachSocket(raw);
}
