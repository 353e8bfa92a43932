// Stands in for a WebSocket where none comes through: takes the same frames and gives the same frames, over Server-Sent
// Events and POST.
import type { ClientFrame, ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import type { CancelTask, Position, Publish, Subscribe } from "../../../../generated/ts/tidewire/v1/topics.js";
import type { Environment, Timer } from "../connection/environment.js";
import type { ConnectionErrorEvent } from "../connection/events.js";
import type { ConnectionSettings } from "../connection/settings.js";
import type { WebSocketManager } from "../connection/websocket-manager.js";
import { connectionLost, TidewireClientError } from "../errors.js";
import { HttpClient, toBody } from "../rest/http.js";
import { writeJson } from "../wire/json-write.js";
import { type Message, planOf } from "../wire/plan.js";
import { MAX_TOPICS, TopicStream } from "./topic-stream.js";

/** Streams at a time: browsers open six connections to a server over HTTP/1.1, and others need some too. */
const MAX_STREAMS = 4;
/** How often a WebSocket is tried after the usual attempts have failed, in milliseconds. */
const RETRY_WEBSOCKET_MS = 60_000;
/** Requests that fail in a row, after which HTTP counts as gone. */
const MAX_FAILURES = 3;

/** Who is told. */
export interface FallbackListener {
  opened(): void;
  received(frame: ServerFrame): void;
  /** A request is refused. */
  refused(id: number, error: TidewireClientError): void;
  /** What was asked for is to be asked for again, from where it stands, once it is opened anew. */
  cut(error: TidewireClientError): void;
  /** HTTP does not answer either. */
  ended(error: TidewireClientError): void;
}

/** Frames over HTTP, until it is closed or has ended. */
export class Fallback {
  readonly #connection: WebSocketManager;
  readonly #http: HttpClient;
  readonly #environment: Environment;
  readonly #listener: FallbackListener;
  readonly #abort = new AbortController();
  readonly #streams = new Set<TopicStream>();
  /** The last request in line: each waits for the one before. */
  #line: Promise<void> = Promise.resolve();
  /** The newest failure of one in line that may succeed later. Those that were behind it in line are not sent. */
  #setback: TidewireClientError | undefined;
  #failures = 0;
  #timer: Timer;

  constructor(
    connection: WebSocketManager,
    { url, token }: ConnectionSettings,
    environment: Environment,
    listener: FallbackListener,
  ) {
    this.#connection = connection;
    this.#http = new HttpClient(toBaseURL(url), token);
    this.#environment = environment;
    this.#listener = listener;
  }

  /** Finds out whether HTTP answers. */
  open(): void {
    this.#connection.on("connection_error", this.#failedToConnect);
    if (this.#connection.getState() === "disconnected") this.#retryLater();
    this.#http.request("GET", "/health", "Health", { signal: this.#abort.signal }).then(
      () => this.#isOpen && this.#listener.opened(),
      (error) => this.#isOpen && this.#end(error),
    );
  }

  close(): void {
    this.#connection.off("connection_error", this.#failedToConnect);
    this.#environment.clearTimeout(this.#timer);
    this.#abort.abort();
    this.#closeStreams();
  }

  send({ id, body }: ClientFrame): boolean {
    if (body?.$case === "subscribe") this.#subscribe(id, body.value);
    else if (body?.$case === "unsubscribe") this.#unsubscribe(body.value.topic);
    else if (body?.$case === "publish") this.#queue(id, () => this.#publish(body.value));
    else if (body?.$case === "cancelTask") this.#queue(id, () => this.#cancel(body.value));
    return true;
  }

  readonly #failedToConnect = ({ willReconnect }: ConnectionErrorEvent): void => {
    if (!willReconnect) this.#retryLater();
  };

  /** A WebSocket is better, whenever one comes through. What goes wrong with it is told by `connection_error`. */
  #retryLater(): void {
    const connect = () => this.#connection.connect().catch(() => undefined);
    this.#timer = this.#environment.setTimeout(connect, RETRY_WEBSOCKET_MS);
  }

  get #isOpen(): boolean {
    return !this.#abort.signal.aborted;
  }

  /**
   * A stream's topics are fixed, and where its topics stand is known to whoever asks for them. So a topic that comes later
   * has all of them asked for again, and they share streams as before.
   */
  #subscribe(id: number, request: Subscribe): void {
    const streams = [...this.#streams];
    if (streams.some(({ isGathering }) => !isGathering)) return this.#restart(connectionLost("further topics"));
    const stream = streams.find(({ size }) => size < MAX_TOPICS) ?? this.#newStream();
    if (stream) return stream.add(id, request);
    const limit = MAX_STREAMS * MAX_TOPICS;
    const message = `${limit} subscriptions without a WebSocket, more may not be: use a pattern`;
    this.#listener.refused(id, new TidewireClientError("TOO_MANY_REQUESTS", message, { details: { limit } }));
  }

  #newStream(): TopicStream | undefined {
    if (this.#streams.size >= MAX_STREAMS) return undefined;
    const stream = new TopicStream(this.#http, this.#environment, {
      received: (frame) => {
        this.#failures = 0;
        this.#listener.received(frame);
      },
      refused: (id, error) => this.#listener.refused(id, error),
      failed: (error) => this.#failed(error),
      lost: (error) => this.#restart(error),
    });
    this.#streams.add(stream);
    return stream;
  }

  #restart(error: TidewireClientError): void {
    this.#closeStreams();
    this.#listener.cut(error);
    this.#listener.opened();
  }

  #closeStreams(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }

  #unsubscribe(topic: string): void {
    for (const stream of this.#streams) {
      stream.remove(topic);
      if (stream.size > 0) continue;
      stream.close();
      this.#streams.delete(stream);
    }
  }

  /**
   * One request after the other, so that events keep their order. Where one fails for the moment those behind it fail with it:
   * whoever sends it again sends them after it, and would be overtaken by them if they went on now.
   */
  #queue(id: number, request: () => Promise<ServerFrame["body"]>): void {
    const before = this.#setback;
    this.#line = this.#line.then(async () => {
      if (!this.#isOpen) return;
      if (this.#setback !== before) return this.#listener.refused(id, this.#setback as TidewireClientError);
      try {
        const body = await request();
        this.#failures = 0;
        if (this.#isOpen) this.#listener.received({ id, body });
      } catch (error) {
        if (this.#isOpen) this.#fell(id, error as TidewireClientError);
      }
    });
  }

  #fell(id: number, error: TidewireClientError): void {
    if (error.retryable) this.#setback = error;
    this.#listener.refused(id, error);
    if (error.code === "CONNECTION_FAILED") this.#failed(error);
  }

  async #publish(publish: Publish): Promise<ServerFrame["body"]> {
    const body = JSON.stringify(writeJson(planOf("Publish"), publish as unknown as Message));
    const value = await this.#http.request<Position>("POST", "/api/v1/events", "Published", this.#abort, body);
    return { $case: "published", value };
  }

  async #cancel({ topic, reason }: CancelTask): Promise<ServerFrame["body"]> {
    const [family, ...names] = topic.split(".");
    const path = `/api/v1/${family}s/${names.join("/")}/cancel`;
    const body = toBody("RequestCancel", { reason });
    await this.#http.request("POST", path, "CancelAccepted", this.#abort, body);
    return { $case: "cancelAccepted", value: { topic } };
  }

  #failed(error: TidewireClientError): void {
    if (this.#isOpen && ++this.#failures >= MAX_FAILURES) this.#end(error);
  }

  #end(error: TidewireClientError): void {
    this.close();
    this.#listener.ended(error);
  }
}

/** The server of a socket: its address without the paths that sockets have. */
function toBaseURL(url: string): string {
  return url.replace(/^ws/, "http").replace(/(\/api\/v1)?\/ws\/?$/, "");
}
