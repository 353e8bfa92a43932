// One connection: takes messages, gives messages, knows no socket. Requests are told apart here and
// handled in inference-requests.ts; credit, invalid frames and the end of a session are kept here.
import { randomBytes } from "node:crypto";
import type { ClientFrame, ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { Grant } from "../access/grant.js";
import { ERRORS, TidewireError } from "../errors.js";
import type { RequestOrigin } from "../inference/stream.js";
import { toTidewireError } from "../machine-faults.js";
import { type Codec, FrameError } from "../wire/codec.js";
import { jsonCodec } from "../wire/json-codec.js";
import { protoCodec } from "../wire/proto-codec.js";
import { toErrorBody } from "./error-body.js";
import { FrameRate, idOf } from "./frame-rate.js";
import { Gate, MAX_CLOSED_OFF_BYTES } from "./gate.js";
import { HotRequests } from "./hot-requests.js";
import { InferenceRequests } from "./inference-requests.js";
import { assertTimely, IS_NEW_WORK } from "./new-work.js";
import { type Greeting, greet, type Opening } from "./opening.js";
import { Outbox } from "./outbox.js";
import type { SessionServices } from "./services.js";
import { timestampNow } from "./timestamps.js";
import { TopicRequests } from "./topic-requests.js";
import type { Outgoing, Transport } from "./transport.js";

/** Messages above this size count for more than one request of the credit window. */
const CREDIT_BYTES = 64 * 1024;
/** Close code of a peer that sends no frames but something else. */
const INVALID_CLOSE_CODE = 4400;
/** A draining connection that owes nothing and says nothing for that long is closed: what it had sent has been read and refused. */
const DRAIN_QUIET_MS = 10;
/** A slow reader gets that long to read what was sent to it and why it ends; until then its unsent bytes stay in memory. */
const SLOW_GRACE_MS = 10_000;
/** Longest close reason that RFC 6455 allows, in bytes. */
const MAX_REASON_BYTES = 123;

type ServerBody = NonNullable<ServerFrame["body"]>;

/** Where a session stands. Closed off: it has not shown a token yet. Draining: no new requests, those in flight are answered, then it closes. */
type SessionState =
  | { is: "closed off" }
  | { is: "open" }
  | { is: "draining"; closed: () => void; quiet: NodeJS.Timeout | undefined }
  | { is: "closed" };

/** Who asked for something: the frame's id, when it came, and what it costs of the credit window. */
export type Request = RequestOrigin;

/** One connection's conversation. */
export class Session {
  readonly id = `session_${randomBytes(9).toString("base64url")}`;
  readonly connectedAtMs = Date.now();
  readonly #services: SessionServices;
  readonly #transport: Transport;
  readonly #outbox: Outbox;
  readonly #inference: InferenceRequests;
  readonly #topics: TopicRequests;
  readonly #gate: Gate;
  readonly #greeting: Greeting | undefined;
  readonly #hot: HotRequests;
  readonly #rate: FrameRate | undefined;
  #codec: Codec | undefined;
  #state: SessionState = { is: "open" };
  /** Credit of requests not answered yet. */
  #inFlight = 0;
  #isReading = true;
  #invalidInRow = 0;
  readonly path: string;

  constructor(services: SessionServices, transport: Transport, opening: Opening) {
    this.path = opening.path;
    this.#services = services;
    this.#transport = transport;
    this.#codec = [protoCodec, jsonCodec].find((codec) => codec.subprotocol === opening.subprotocol);
    this.#outbox = new Outbox(transport, services.flusher, this);
    this.#inference = new InferenceRequests(this, services);
    this.#topics = new TopicRequests(this, services);
    this.#hot = new HotRequests(this, services, {
      inference: this.#inference,
      topics: this.#topics,
      outbox: this.#outbox,
    });
    this.#rate = FrameRate.of(services.limits, services.clock, this);
    this.#gate = new Gate(this, services, opening);
    this.#greeting = opening.greeting;
    services.sessions.add(this);
    if (this.#gate.isOpen) this.#begin();
    else this.#closeOff();
  }

  /** What the connection may do. */
  get grant(): Grant {
    return this.#gate.grant;
  }

  /** Whether it has shown no token yet. */
  get isClosedOff(): boolean {
    return this.#state.is === "closed off";
  }

  /** The configured ensemble's name, mode and counts, for the statistics. */
  get inference(): InferenceRequests {
    return this.#inference;
  }

  /** "proto", "json", or "none" before the first message decides. */
  get encoding(): string {
    return this.#codec?.subprotocol.split(".").at(-1) ?? "none";
  }

  get codec(): Codec {
    return this.#codec ?? jsonCodec;
  }

  /** Bytes of earlier turns that the network has not taken. */
  get unsentBytes(): number {
    return this.#transport.unsentBytes;
  }

  /** Whether nobody else speaks to the server. */
  get isAlone(): boolean {
    return this.#transport.isAlone;
  }

  /** Bytes said in this turn. */
  get turnBytes(): number {
    return this.#outbox.bytes;
  }

  #closeOff(): void {
    this.#state = { is: "closed off" };
    this.#transport.limitMessages(MAX_CLOSED_OFF_BYTES);
  }

  /** It has shown a token: requests are welcome from now on. */
  admit(): void {
    this.#state = { is: "open" };
    this.#transport.limitMessages(undefined);
    this.#begin();
  }

  #begin(): void {
    if (this.#greeting) greet(this, this.#services.broker, this.#greeting, (topic) => this.#topics.listen(topic));
  }

  /** Has another grant: what it does not cover ends. */
  revalidate(): void {
    this.#topics.revalidate();
    try {
      this.#inference.revalidate();
    } catch (error) {
      this.refuse(0, error);
    }
  }

  // ---- from the client ----

  /** Takes one message: bytes of a binary one, the text of a text one. */
  receive(message: Uint8Array | string): void {
    if (this.#rate) this.#rate.take(message);
    else this.pass(message);
  }

  /** Takes a message that is within the rate. */
  pass(message: Uint8Array | string): void {
    const { is } = this.#state;
    if (is === "closed") return;
    this.#codec ??= typeof message === "string" ? jsonCodec : protoCodec;
    if (is === "closed off") this.#gate.receive(this.#codec, message);
    else if (!this.#receiveHot(message)) this.#receiveFrame(this.#codec, message);
    this.#adjustReading();
    this.#endWhenQuiet();
  }

  /** Answers a message that is over the rate; it is not executed. */
  limited(message: Uint8Array | string, error: TidewireError): void {
    if (this.#state.is === "closed") return;
    this.#codec ??= typeof message === "string" ? jsonCodec : protoCodec;
    this.refuse(idOf(this.#codec, message), error);
    this.#adjustReading();
  }

  /** Reads on after a pause. */
  rested(): void {
    this.#adjustReading();
  }

  /** @returns whether it was a message with a short way */
  #receiveHot(message: Uint8Array | string): boolean {
    const hot = this.#codec?.hot;
    if (!hot || typeof message === "string" || this.#state.is !== "open") return false;
    if (!this.#hot.receive(hot, message)) return false;
    this.#invalidInRow = 0;
    return true;
  }

  #receiveFrame(codec: Codec, message: Uint8Array | string): void {
    const { clock } = this.#services;
    const credit = 1 + Math.floor(message.length / CREDIT_BYTES);
    const request = { receivedMs: clock.now(), arrivedAtMs: clock.date(), credit };
    let frame: ClientFrame;
    try {
      frame = codec.decode(message);
    } catch (error) {
      return this.#refuseFrame(error);
    }
    this.#invalidInRow = 0;
    this.#handle(frame, { ...request, id: frame.id });
  }

  #refuseFrame(error: unknown): void {
    this.refuse(error instanceof FrameError ? error.id : 0, error);
    // A frame that is one, but says something wrong, never ends a connection; nor does it prove a peer that can speak.
    if (toTidewireError(error).row.closeCode !== INVALID_CLOSE_CODE) return;
    this.#invalidInRow += 1;
    const limit = this.#services.limits.maxInvalidFrames;
    if (this.#invalidInRow >= limit) this.end(INVALID_CLOSE_CODE, `${limit} invalid frames in a row`);
  }

  #handle(frame: ClientFrame, request: Request): void {
    try {
      if (this.#state.is !== "open") throw new TidewireError("SHUTTING_DOWN", "the server is going away; come back");
      this.#dispatch(frame.body as NonNullable<ClientFrame["body"]>, request);
    } catch (error) {
      this.refuse(request.id, error);
    }
  }

  #dispatch(body: NonNullable<ClientFrame["body"]>, request: Request): void {
    if (IS_NEW_WORK.has(body.$case)) assertTimely(this.#services.lateness);
    switch (body.$case) {
      case "config":
        return this.#inference.configure(body.value, request);
      case "predict":
        return this.#inference.predict(body.value, request);
      case "predictBatch":
        return this.#inference.predictBatch(body.value, request);
      case "infer":
        return this.#inference.infer(body.value, request);
      case "ping":
        return this.reply(request.id, { $case: "pong", value: { timestamp: timestampNow() } });
      case "subscribe":
        return this.#topics.subscribe(body.value, request.id);
      case "unsubscribe":
        return this.#topics.unsubscribe(body.value, request.id);
      case "publish":
        return this.#topics.publish(body.value, request);
      case "cancelTask":
        return this.#topics.cancel(body.value, request);
      case "authenticate":
        return this.#gate.renew(body.value, request.id);
    }
  }

  // ---- to the client ----

  /** Says a frame; id 0 is a push, or the reply to a request without id. */
  reply(id: number, body: ServerBody): void {
    this.push(this.codec.encode({ id, body }));
  }

  /** Adds a message to what leaves at the end of this turn. */
  push(message: Outgoing): void {
    if (this.#state.is !== "closed") this.#outbox.push(message);
  }

  /** Tells why a request is refused. Unknown causes are logged, never sent. */
  refuse(id: number, thrown: unknown): void {
    const told = toTidewireError(thrown);
    const error = told.isFault ? told.withRequestId(this.requestId(id)) : told;
    this.#services.traffic.errors.add(error.code);
    if (error.code === "INTERNAL_ERROR")
      this.#services.log.error(
        { err: thrown, session: this.id, request_id: this.requestId(id), error_code: error.code },
        "a request failed",
      );
    this.reply(id, { $case: "error", value: toErrorBody(error) });
  }

  /** What a request is called in the log and in the errors of faults. */
  requestId(id: number): string {
    return `${this.id}/${id}`;
  }

  // ---- credit ----

  /** A request has begun; until it is answered it uses up its credit. */
  begin({ credit }: Pick<Request, "credit">): void {
    this.#inFlight += credit;
  }

  /** Requests of this much credit have been answered. */
  answered(credit: number): void {
    this.#inFlight -= credit;
    this.#adjustReading();
    this.#endWhenQuiet();
  }

  /** Reads on unless the credit is overdrawn (a full window is the client's right, and a ping beside it) and while the client takes its replies. */
  #adjustReading(): void {
    const { maxInFlight, maxQueuedBytes } = this.#services.limits;
    const hasCredit = this.#inFlight <= maxInFlight && !this.#rate?.isPausing;
    const shouldRead = hasCredit && this.#transport.unsentBytes <= maxQueuedBytes;
    if (shouldRead === this.#isReading || this.#state.is === "closed") return;
    this.#isReading = shouldRead;
    if (shouldRead) this.#transport.resume();
    else this.#transport.pause();
  }

  /** Hands what was said to the transport before the turn ends: afterwards nothing can be said any more. */
  flush(): void {
    this.#outbox.flush();
  }

  /** What was said has been handed to the transport. */
  flushed(): void {
    this.#adjustReading();
    this.#topics.drained();
  }

  /** The network has taken what was unsent. */
  drained(): void {
    this.#adjustReading();
    this.#topics.drained();
  }

  /** Whether silence is the server's own doing: it does not read because it owes answers, or to keep to the rate. */
  get owesAnswers(): boolean {
    return this.#inFlight > this.#services.limits.maxInFlight || this.#rate?.isPausing === true;
  }

  // ---- the end ----

  /** Answers what is in flight, refuses what comes, then closes with 1001; resolves once closed or told to close. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state.is === "closed off") this.end(1001, "the server is going away");
      if (this.#state.is !== "open") return resolve();
      this.#state = { is: "draining", closed: resolve, quiet: undefined };
      this.#rate?.release();
      this.#endWhenQuiet();
    });
  }

  #endWhenQuiet(): void {
    if (this.#state.is !== "draining") return;
    clearTimeout(this.#state.quiet);
    if (this.#inFlight > 0) return;
    this.#state.quiet = setTimeout(() => this.end(1001, "the server is going away"), DRAIN_QUIET_MS);
  }

  /** A fault of ours in this conversation: it is logged, and the client is asked to come back. */
  crash(error: unknown): void {
    this.#services.log.error({ err: error, session: this.id }, "a session failed");
    this.end(1011, `the server failed; its log has ${this.id}`);
  }

  /** The client reads too slowly: it is told so and asked to come back and resume. */
  endSlow(reason: string): void {
    this.refuse(0, new TidewireError("SLOW_CONSUMER", reason));
    this.end(ERRORS.SLOW_CONSUMER.closeCode, "slow consumer", SLOW_GRACE_MS);
  }

  /** Says what is left to say and closes. */
  end(code: number, reason: string, graceMs?: number): void {
    if (this.#state.is === "closed") return;
    this.#outbox.flush();
    this.#transport.close(code, reason.slice(0, MAX_REASON_BYTES), graceMs);
    this.closed();
  }

  /** The connection is gone, whoever ended it. Idempotent. */
  closed(): void {
    const state = this.#state;
    if (state.is === "closed") return;
    this.#state = { is: "closed" };
    if (state.is === "draining") {
      clearTimeout(state.quiet);
      state.closed();
    }
    this.#rate?.end();
    this.#gate.close();
    this.#inference.close();
    this.#topics.close();
    this.#services.sessions.remove(this);
  }
}
