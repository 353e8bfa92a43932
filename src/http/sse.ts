// Server-Sent Events: a response that goes on (https://html.spec.whatwg.org/multipage/server-sent-events.html).
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { SseMessage, SseSink } from "./dependencies.js";
import { REQUEST_ID_HEADER } from "./request-id.js";

/** How long a client waits before it comes back, in milliseconds. */
const RETRY_MS = 1000;
/** Time between comments to a quiet client: below the 30 s to 60 s after which proxies drop a quiet connection. */
const KEEP_ALIVE_MS = 25_000;
/** How long a client may take to read the end of a stream before it is cut off; as long as a WebSocket's close. */
const CLOSE_TIMEOUT_MS = 1000;

const HEADERS: OutgoingHttpHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "x-accel-buffering": "no", // nginx would hold events back until it has a page of them
};

/** A client's event stream. Its head is written with the first message or by {@link start}, so that a refusal can still be replied. */
export class SseStream implements SseSink {
  readonly #reply: ServerResponse;
  readonly #headers: OutgoingHttpHeaders;
  #state: "new" | "open" | "ended" = "new";
  #queued: string[] = [];
  #queuedBytes = 0;
  readonly #drainListeners: (() => void)[] = [];
  readonly requestId: string;

  /** @param headers of the reply, beside those that the stream needs */
  constructor(reply: ServerResponse, headers: OutgoingHttpHeaders = {}) {
    this.#reply = reply;
    this.#headers = headers;
    this.requestId = String(headers[REQUEST_ID_HEADER] ?? "");
    if (reply.destroyed) this.#state = "ended";
    reply.on("close", () => this.#end());
    // What broke is told by `close`, which follows.
    reply.on("error", () => this.#end());
  }

  /** Whether its head is written: the request has its answer. */
  get isStarted(): boolean {
    return this.#reply.headersSent;
  }

  /** Writes the head, so that the client knows that it is subscribed. */
  start(): void {
    if (this.#state !== "new") return;
    this.#state = "open";
    this.#reply.writeHead(200, { ...this.#headers, ...HEADERS });
    this.#reply.write(`retry: ${RETRY_MS}\n\n`);
  }

  write({ id, frameJson }: SseMessage): void {
    this.#push(id === undefined ? `data: ${frameJson}\n\n` : `id: ${id}\ndata: ${frameJson}\n\n`);
  }

  get turnBytes(): number {
    return this.#queuedBytes;
  }

  get unsentBytes(): number {
    return this.#reply.writableLength;
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener);
  }

  onClose(listener: () => void): void {
    if (this.#state === "ended") listener();
    else this.#reply.once("close", listener);
  }

  /** Says that the stream lives, to a client that has heard everything else. */
  keepAlive(): void {
    if (this.#state === "open" && this.turnBytes + this.unsentBytes === 0) this.#push(": keep-alive\n\n");
  }

  close(): void {
    if (this.#state === "ended") return;
    this.start();
    this.#flush();
    this.#end();
    this.#reply.end();
    const cut = setTimeout(() => this.#reply.destroy(), CLOSE_TIMEOUT_MS).unref();
    this.#reply.once("close", () => clearTimeout(cut));
  }

  /** Forgets what was queued; the request is answered otherwise. */
  abandon(): void {
    this.#end();
  }

  #push(text: string): void {
    if (this.#state === "ended") return;
    this.#queued.push(text);
    this.#queuedBytes += Buffer.byteLength(text);
    if (this.#queued.length === 1) setImmediate(() => this.#flush());
  }

  /** All messages of a turn leave as one write: the write is what costs. */
  #flush(): void {
    if (this.#queued.length === 0 || this.#state === "ended") return;
    this.start();
    const text = this.#queued.join("");
    this.#queued = [];
    this.#queuedBytes = 0;
    this.#reply.write(text, () => this.#written());
  }

  /** Node's own `drain` is said only after a write that was too much for it. */
  #written(): void {
    if (this.#state === "ended" || this.turnBytes + this.unsentBytes > 0) return;
    for (const listener of this.#drainListeners) listener();
  }

  #end(): void {
    this.#state = "ended";
    this.#queued = [];
    this.#queuedBytes = 0;
  }
}

/** All open streams: keeps them alive, and ends them when the server stops. */
export class SseStreams implements Disposable {
  readonly #keepAliveMs: number;
  readonly #open = new Set<SseStream>();
  #beat: NodeJS.Timeout | undefined;

  constructor(keepAliveMs = KEEP_ALIVE_MS) {
    this.#keepAliveMs = keepAliveMs;
  }

  /** A stream over a response that nothing was written to. */
  open(reply: ServerResponse, headers: OutgoingHttpHeaders): SseStream {
    const stream = new SseStream(reply, headers);
    this.#open.add(stream);
    this.#beat ??= setInterval(() => this.#keepAlive(), this.#keepAliveMs).unref();
    stream.onClose(() => this.#remove(stream));
    return stream;
  }

  /** Ends every stream. */
  [Symbol.dispose](): void {
    for (const stream of this.#open) stream.close();
  }

  #keepAlive(): void {
    for (const stream of this.#open) stream.keepAlive();
  }

  #remove(stream: SseStream): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#beat);
    this.#beat = undefined;
  }
}
