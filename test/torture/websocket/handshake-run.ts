// Sends one handshake case and tells what came back, in the words of its table.
import { connect } from "node:net";
import { FrameReader } from "../lib/websocket-bytes.js";
import type { HandshakeCase } from "./handshakes.js";

/** An answer to a request that is whole comes at once, or never. */
const SILENCE_MS = 10_000;
const HEADERS_END = "\r\n\r\n";

/** What a server says to a case. */
export function hearHandshake(port: number, { sends, hears }: HandshakeCase): Promise<string> {
  const wanted = hears.split(", ").length;
  const wantsFrames = hears.includes("frames");
  return new Promise((resolve) => {
    const answers = new Answers();
    const socket = connect({ host: "127.0.0.1", port });
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answers.text);
    };
    const timer = setTimeout(finish, SILENCE_MS);
    socket.on("data", (bytes: Buffer) => {
      answers.take(bytes);
      if (answers.count >= wanted && (!wantsFrames || answers.hasFrame)) finish();
    });
    socket.on("error", () => {}); // `close` tells it
    socket.on("close", () => {
      answers.end();
      finish();
    });
    socket.write(sends(port));
  });
}

/** HTTP answers back to back, and the first frame behind an upgrade. */
class Answers {
  readonly #words: string[] = [];
  readonly #reader = new FrameReader((_bytes, _start, _end, opcode) => {
    this.#opcode ??= opcode;
  });
  #rest = Buffer.alloc(0);
  #isUpgraded = false;
  #opcode: number | undefined;

  get count(): number {
    return this.#words.length;
  }

  get hasFrame(): boolean {
    return this.#opcode !== undefined;
  }

  get text(): string {
    return `${this.#words.join(", ")}${this.#opcode === undefined ? "" : ` frames ${this.#opcode}`}`;
  }

  /** The connection has ended before all was heard that was wanted. */
  end(): void {
    this.#words.push("end");
  }

  take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (!this.#isUpgraded && this.#takeAnswer());
    if (!this.#isUpgraded) return;
    this.#reader.take(this.#rest);
    this.#rest = Buffer.alloc(0);
  }

  #takeAnswer(): boolean {
    const end = this.#rest.indexOf(HEADERS_END);
    if (end < 0) return false;
    const head = this.#rest.toString("latin1", 0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const next = end + HEADERS_END.length + length;
    if (next > this.#rest.length) return false;
    this.#rest = this.#rest.subarray(next);
    this.#words.push(wordOf(head));
    this.#isUpgraded = head.startsWith("HTTP/1.1 101");
    return true;
  }
}

function wordOf(head: string): string {
  const status = head.split(" ")[1] ?? "";
  if (status !== "101") return status;
  const extensions = /^sec-websocket-extensions:/im.test(head) ? " with extensions" : "";
  const subprotocol = /^sec-websocket-protocol: *(.*)$/im.exec(head)?.[1];
  return `101${subprotocol === undefined ? "" : ` ${subprotocol}`}${extensions}`;
}
