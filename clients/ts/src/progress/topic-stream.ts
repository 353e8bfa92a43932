// One stream of Server-Sent Events for up to 16 topics, opened again after a cut and when its topics change.
import type { ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import type { Position, Subscribe, Subscribed } from "../../../../generated/ts/tidewire/v1/topics.js";
import type { Environment, Timer } from "../connection/environment.js";
import { connectionLost, fromErrorMessage, TidewireClientError } from "../errors.js";
import { type HttpClient, toQuery } from "../rest/http.js";
import { readFrame } from "../wire/json-read.js";
import { sentEvents } from "./event-stream.js";

/** Most topics of one stream: the server's limit. */
export const MAX_TOPICS = 16;
/** Topics whose positions the server tells of a pattern; of more, nobody knows what was missed. */
const MAX_TOLD = 1000;
/** Wait before a stream that broke is opened again, and for further topics before the first opening, in milliseconds. */
const RETRY_MS = 1000;
const GATHER_MS = 10;
/** Silence after which a stream counts as dead, in milliseconds: the server says something every 25 s. */
const MAX_SILENCE_MS = 60_000;
/** Events of one request for what was missed, and of all; of more, the state is told instead. */
const PAGE = 1000;
const MAX_MISSED = 10_000;

interface Asked {
  readonly id: number;
  readonly request: Subscribe;
}

/** Who is told. */
export interface StreamListener {
  received(frame: ServerFrame): void;
  refused(id: number, error: TidewireClientError): void;
  /** The stream broke, and is opened again. */
  failed(error: TidewireClientError): void;
  /** It cannot go on. */
  lost(error: TidewireClientError): void;
}

/** The pushes of some topics. Their number is fixed with the first opening. */
export class TopicStream {
  readonly #http: HttpClient;
  readonly #environment: Environment;
  readonly #listener: StreamListener;
  readonly #asked = new Map<string, Asked>();
  /** Of the present attempt. */
  #abort = new AbortController();
  #timer: Timer;
  /** Where to go on. */
  #lastId = "";
  #isGathering = true;

  constructor(http: HttpClient, environment: Environment, listener: StreamListener) {
    this.#http = http;
    this.#environment = environment;
    this.#listener = listener;
  }

  get isGathering(): boolean {
    return this.#isGathering;
  }

  get size(): number {
    return this.#asked.size;
  }

  /** Asks for a topic or pattern; those of one moment share one opening. */
  add(id: number, request: Subscribe): void {
    this.#asked.set(request.topic, { id, request });
    this.#reopen(GATHER_MS);
  }

  /** Wants a topic no more; what the open stream still tells of it is nobody's. */
  remove(topic: string): void {
    this.#asked.delete(topic);
  }

  close(): void {
    this.#environment.clearTimeout(this.#timer);
    this.#abort.abort();
  }

  #reopen(delayMs: number): void {
    this.close();
    const abort = new AbortController();
    this.#abort = abort;
    this.#wait(delayMs, () => void this.#run(abort.signal));
  }

  #wait(delayMs: number, action: () => void): void {
    this.#environment.clearTimeout(this.#timer);
    this.#timer = this.#environment.setTimeout(action, delayMs);
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#isGathering = false;
    try {
      await this.#read(signal);
    } catch (error) {
      if (!signal.aborted) this.#broke(error);
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const isAnew = this.#lastId === "";
    const query = toQuery({ topic: [...this.#asked.keys()], snapshot: isAnew || undefined });
    const headers = { accept: "text/event-stream", ...(isAnew ? {} : { "last-event-id": this.#lastId }) };
    const heard = () => this.#wait(MAX_SILENCE_MS, () => this.#broke(connectionLost("the event stream is silent")));
    heard();
    const { body } = await this.#http.fetch(`/api/v1/events/stream${query}`, { headers, signal });
    if (body === null) throw connectionLost("an event stream without a body");
    for await (const { id, text } of sentEvents(body, heard)) {
      await this.#receive(readFrame(JSON.parse(text)), isAnew, signal);
      if (signal.aborted) return;
      if (id) this.#lastId = id;
    }
    throw connectionLost("the event stream ended");
  }

  async #receive(frame: ServerFrame, isAnew: boolean, signal: AbortSignal): Promise<void> {
    const { body } = frame;
    if (body?.$case === "error") throw fromErrorMessage(body.value);
    if (body?.$case !== "subscribed") return this.#listener.received(frame);
    const asked = this.#asked.get(body.value.topic);
    if (asked === undefined) return;
    if (isAnew) await this.#answer(asked, body.value, signal);
    else if (!body.value.recovered) this.#listener.received(lost(body.value.topic));
  }

  /** The reply to a subscribe, and behind it whatever was missed since the positions that it names. */
  async #answer({ id, request }: Asked, subscribed: Subscribed, signal: AbortSignal): Promise<void> {
    const { topic, after, positions } = request;
    const known = Object.entries(after ? { [topic]: after } : positions);
    const told: Record<string, Position> = after ? { [topic]: subscribed } : subscribed.positions;
    const missed: ServerFrame[] = [];
    let recovered = known.length > 0;
    for (const [name, position] of known) {
      const head = told[name];
      if (head === undefined) recovered &&= Object.keys(told).length < MAX_TOLD;
      else if (head.generation !== position.generation) recovered = false;
      else recovered = (await this.#fetchMissed(name, position.offset, head.offset, missed, signal)) && recovered;
    }
    if (signal.aborted) return;
    this.#listener.received({ id, body: { $case: "subscribed", value: { ...subscribed, recovered } } });
    for (const event of missed) this.#listener.received(event);
  }

  /** Adds the events behind an offset. @returns whether all of them are there */
  async #fetchMissed(
    topic: string,
    after: number,
    head: number,
    missed: ServerFrame[],
    signal: AbortSignal,
  ): Promise<boolean> {
    for (let at = after; at < head; ) {
      const path = `/api/v1/topics/${encodeURIComponent(topic)}/events${toQuery({ after: at, limit: PAGE })}`;
      const { entries } = await this.#http.read("GET", path, "EventPage", { signal });
      const found = entries.map((value): ServerFrame => ({ id: 0, body: { $case: "event", value } }));
      // Offsets rise by one: another first one means that what was before it is no longer kept.
      if (entries[0]?.offset !== at + 1 || missed.length + found.length > MAX_MISSED) return false;
      missed.push(...found);
      at += entries.length;
    }
    return true;
  }

  #broke(error: unknown): void {
    const failure = error instanceof TidewireClientError ? error : connectionLost(String(error));
    this.#reopen((failure.retryAfterMs ?? 0) + RETRY_MS * (0.5 + this.#environment.random()));
    if (failure.retryable) this.#listener.failed(failure);
    // The server does not go on from there: only those who know their positions can.
    else if (this.#lastId) this.#listener.lost(failure);
    else this.#refuse(failure);
  }

  /** One topic's fault must not be the others'. */
  #refuse(error: TidewireClientError): void {
    const guilty = this.#asked.get(String(error.details.topic));
    for (const { id, request } of guilty ? [guilty] : this.#asked.values()) {
      this.remove(request.topic);
      this.#listener.refused(id, error);
    }
    if (this.size === 0) this.close();
  }
}

function lost(topic: string): ServerFrame {
  const value = { topic, generation: 0, fromOffset: 0, toOffset: 0, skipped: 0, reason: "position_lost" };
  return { id: 0, body: { $case: "gap", value } };
}
