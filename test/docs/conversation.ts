// The connections of a document's exchanges: what is said on them, and what comes.
import { once } from "node:events";
import type { Test } from "tap";
import WebSocket from "ws";
import type { ShownConnection } from "./exchanges.js";

/** What a server says on a connection: a message, or the code it closes with. */
export type Said = Buffer | { readonly closeCode: number };

/** One connection; keeps what comes until it is asked for. */
class Peer {
  readonly #socket: WebSocket;
  readonly #opened: Promise<unknown>;
  readonly #said: Said[] = [];
  #heard: () => void = () => undefined;

  constructor(url: string, subprotocol: string) {
    this.#socket = new WebSocket(url, subprotocol);
    this.#opened = once(this.#socket, "open");
    this.#socket.on("message", (message: Buffer) => this.#take(message));
    this.#socket.on("close", (closeCode) => this.#take({ closeCode }));
  }

  async say(message: string | Buffer): Promise<void> {
    await this.#opened;
    this.#socket.send(message);
  }

  /** The next `count` things it says. */
  async next(count: number): Promise<readonly Said[]> {
    while (this.#said.length < count) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return this.#said.splice(0, count);
  }

  /** What has come and was not asked for. */
  get rest(): readonly Said[] {
    return this.#said;
  }

  close(): void {
    this.#socket.terminate();
  }

  #take(said: Said): void {
    this.#said.push(said);
    this.#heard();
  }
}

/** All connections of one run of the document, in one encoding. */
export class Conversation {
  readonly #url: string;
  readonly #subprotocol: string;
  readonly #peers = new Map<number, Peer>();

  /** @param url of the server, as HTTP */
  constructor(t: Test, url: string, subprotocol: string) {
    this.#url = url.replace("http", "ws");
    this.#subprotocol = subprotocol;
    t.teardown(() => {
      for (const peer of this.#peers.values()) peer.close();
    });
  }

  /** Says a message, if there is one, on a connection that is opened when it is first named, and takes so many answers. */
  async ask(
    { line, path }: ShownConnection,
    message: string | Buffer | undefined,
    count: number,
  ): Promise<readonly Said[]> {
    const peer = this.#peers.get(line) ?? new Peer(this.#url + path, this.#subprotocol);
    this.#peers.set(line, peer);
    if (message !== undefined) await peer.say(message);
    return peer.next(count);
  }

  /** What came beyond all that was asked for. */
  get rest(): readonly Said[] {
    return [...this.#peers.values()].flatMap(({ rest }) => rest);
  }
}
