// As many requests as the server answers, with a fixed number in flight on each connection.

import type { FrameBlock } from "./frames.js";
import { LeanSocket, STREAM_PATH } from "./lean-socket.js";
import { checkEchoes, checkPredictions, Ledger } from "./ledger.js";
import {
  type Configuration,
  encodeRequests,
  type Form,
  IDS,
  openConfigured,
  type Signals,
  subprotocolOf,
} from "./requests.js";

/** A flood. */
export interface FloodOptions {
  readonly form: Form;
  /** An echo is sent the same frames and no configuration. */
  readonly server: Omit<Configuration, "form"> | { readonly echo: number };
  /** The model's graph, for the check; its names, where the server is an echo. */
  readonly graph: string;
  readonly signals?: Signals;
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly inFlight: number;
  readonly ms: number;
}

/** What a flood has shown. */
export interface FloodResult {
  readonly perSecond: number;
  readonly answered: number;
  /** Replies whose contents were compared. */
  readonly checked: number;
}

/** One connection of a flood. */
class Flood {
  readonly ledger: Ledger;
  readonly ended: Promise<void>;
  lastMs = 0;
  readonly #socket: LeanSocket;
  readonly #block: FrameBlock;
  readonly #inFlight: number;
  readonly #untilMs: number;
  #next = 0;
  #isScheduled = false;
  #end = (): void => {};

  constructor(socket: LeanSocket, block: FrameBlock, form: Form, inFlight: number, untilMs: number) {
    this.#socket = socket;
    this.#block = block;
    this.#inFlight = inFlight;
    this.#untilMs = untilMs;
    this.ledger = new Ledger(form);
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      socket.onClose = () => reject(new Error(`the connection was closed with ${this.ledger.inFlight} in flight`));
      socket.onFrame = (bytes, start, end) => {
        try {
          this.ledger.take(bytes, start, end);
        } catch (error) {
          reject(error);
        }
      };
    });
    socket.onRead = () => this.#afterRead();
  }

  start(): void {
    this.#send(this.#inFlight);
  }

  #afterRead(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#atEndOfTurn);
  }

  /** Once for all reads of a turn: a write for each reply would make small reads for an echo, and slow the peer. */
  readonly #atEndOfTurn = (): void => {
    this.#isScheduled = false;
    const missing = this.#inFlight - this.ledger.inFlight;
    if (missing === 0) return;
    this.lastMs = performance.now();
    if (this.lastMs < this.#untilMs) this.#send(missing);
    else if (this.ledger.inFlight === 0) this.#end();
  };

  /** Consecutive frames are one write. */
  #send(count: number): void {
    const { bytes, offsets } = this.#block;
    const end = Math.min(IDS, this.#next + count);
    for (let i = this.#next; i < end; i += 1) this.ledger.sent(i);
    this.#socket.write(bytes.subarray(offsets[this.#next], offsets[end]));
    const left = count - (end - this.#next);
    this.#next = end === IDS ? 0 : end;
    if (left > 0) this.#send(left);
  }
}

/** Floods for `ms`, waits for what is in flight, then checks. @throws Error on any wrong, missing or double answer */
export async function flood(options: FloodOptions): Promise<FloodResult> {
  const { form, inFlight } = options;
  const opened = await Promise.all(Array.from({ length: options.connections }, () => open(options)));
  const signals = opened[0] as Signals;
  const block = encodeRequests(form, signals);
  const startMs = performance.now();
  const floods = opened.map(({ socket }) => new Flood(socket, block, form, inFlight, startMs + options.ms));
  for (const one of floods) one.start();
  await Promise.all(floods.map((one) => one.ended));
  const endMs = Math.max(...floods.map((one) => one.lastMs));
  for (const { socket } of opened) socket.destroy();
  const answered = floods.reduce((sum, one) => sum + one.ledger.answered, 0);
  const samples = floods.flatMap((one) => one.ledger.samples);
  const checked =
    "echo" in options.server
      ? checkEchoes(form, signals, samples)
      : await checkPredictions(options.graph, form, signals, samples);
  return { perSecond: (answered * 1000) / (endMs - startMs), answered, checked };
}

async function open({ server, form, signals }: FloodOptions): Promise<{ socket: LeanSocket } & Signals> {
  if (!("echo" in server)) return openConfigured({ ...server, form });
  if (!signals) throw new Error("an echo does not tell names");
  const target = { port: server.echo, path: STREAM_PATH, subprotocol: subprotocolOf(form) };
  return { socket: await LeanSocket.open(target), ...signals };
}
