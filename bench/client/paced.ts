// Many connections, each at its own steady rate, evenly spread over time: sensors as they are. Open loop: a late
// answer delays no later request.
import { percentile } from "../lib/statistics.js";
import { LeanSocket, STREAM_PATH } from "./lean-socket.js";
import { checkEchoes, checkPredictions, Ledger } from "./ledger.js";
import { encodeRequests, IDS, openConfigured, type Signals, subprotocolOf } from "./requests.js";

/** A paced load. */
export interface PacedOptions {
  readonly server: { readonly port: number; readonly model: string } | { readonly echo: number };
  readonly graph: string;
  /** Names, where the server is an echo. */
  readonly signals?: Signals;
  readonly connections: number;
  /** Requests a second of each connection. */
  readonly hz: number;
  readonly ms: number;
}

/** Latencies in ms, from the time each request was due; lateness is the client's own share of it. */
export interface PacedResult {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** From the time each request was in fact written. */
  readonly p99FromWrite: number;
  readonly latenessP99: number;
  readonly sent: number;
  readonly answered: number;
  /** Wrong, double and missing answers, and connections lost. */
  readonly errors: number;
  readonly checked: number;
}

const FORM = "binary positional";
const TICK_MS = 1;
/** First part of the load, which is not counted. */
const WARM_SHARE = 0.2;
const READ_BYTES = 4096;
const OPEN_AT_ONCE = 50;
/** How long the last answers may take. */
const PATIENCE_MS = 3_000;

/** Sends request m at `m × gap`, on connection m % connections. */
class Pacer {
  readonly #sockets: readonly LeanSocket[];
  readonly #ledgers: readonly Ledger[];
  readonly #writtenMs: Float64Array;
  readonly #answeredMs: Float64Array;
  readonly #gapMs: number;
  #sent = 0;
  #startMs = 0;
  errors = 0;

  constructor(sockets: readonly LeanSocket[], total: number, gapMs: number) {
    this.#sockets = sockets;
    this.#ledgers = sockets.map(() => new Ledger(FORM));
    this.#writtenMs = new Float64Array(total);
    this.#answeredMs = new Float64Array(total).fill(Number.NaN);
    this.#gapMs = gapMs;
    sockets.forEach((socket, i) => {
      socket.onClose = () => this.#fail(`connection ${i} was closed`);
      socket.onFrame = (bytes, start, end) => this.#receive(i, bytes, start, end);
    });
  }

  get samples(): Ledger["samples"] {
    return this.#ledgers.flatMap((ledger) => ledger.samples);
  }

  #fail(why: unknown): void {
    this.errors += 1;
    if (this.errors <= 3) console.error(`paced: ${why instanceof Error ? why.message : why}`);
  }

  #receive(connection: number, bytes: Buffer, start: number, end: number): void {
    try {
      const ledger = this.#ledgers[connection] as Ledger;
      const index = ledger.take(bytes, start, end);
      // Requests of a connection take the ids in turn; fewer than all are in flight.
      const turn = Math.floor((ledger.answered - 1) / IDS);
      this.#answeredMs[(turn * IDS + index) * this.#sockets.length + connection] = performance.now();
    } catch (error) {
      this.#fail(error);
    }
  }

  async send(frames: { bytes: Buffer; offsets: Int32Array }): Promise<void> {
    this.#startMs = performance.now() + TICK_MS;
    const total = this.#writtenMs.length;
    while (this.#sent < total) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      while (this.#sent < total && this.#dueMs(this.#sent) <= performance.now()) this.#sendOne(frames);
    }
    const untilMs = performance.now() + PATIENCE_MS;
    while (this.#inFlight > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 5));
    this.errors += this.#inFlight;
  }

  #dueMs(request: number): number {
    return this.#startMs + request * this.#gapMs;
  }

  #sendOne({ bytes, offsets }: { bytes: Buffer; offsets: Int32Array }): void {
    const request = this.#sent++;
    const connection = request % this.#sockets.length;
    const index = Math.floor(request / this.#sockets.length) % IDS;
    this.#writtenMs[request] = performance.now();
    this.#ledgers[connection]?.sent(index);
    this.#sockets[connection]?.write(bytes.subarray(offsets[index], offsets[index + 1]));
  }

  get #inFlight(): number {
    return this.#ledgers.reduce((sum, ledger) => sum + ledger.inFlight, 0);
  }

  result(): Omit<PacedResult, "checked"> {
    const total = this.#writtenMs.length;
    const requests = Array.from({ length: total }, (_, i) => i).filter(
      (i) => i >= total * WARM_SHARE && !Number.isNaN(this.#answeredMs[i]),
    );
    const latencies = requests.map((i) => (this.#answeredMs[i] as number) - this.#dueMs(i));
    const fromWrite = requests.map((i) => (this.#answeredMs[i] as number) - (this.#writtenMs[i] as number));
    const lateness = requests.map((i) => (this.#writtenMs[i] as number) - this.#dueMs(i));
    return {
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      max: percentile(latencies, 1),
      p99FromWrite: percentile(fromWrite, 0.99),
      latenessP99: percentile(lateness, 0.99),
      sent: total,
      answered: this.#ledgers.reduce((sum, ledger) => sum + ledger.answered, 0),
      errors: this.errors,
    };
  }
}

/** Runs a paced load. Answers that are missing or wrong are counted, wrong contents throw. */
export async function paced(options: PacedOptions): Promise<PacedResult> {
  const opened: ({ socket: LeanSocket } & Signals)[] = [];
  while (opened.length < options.connections) {
    const count = Math.min(OPEN_AT_ONCE, options.connections - opened.length);
    opened.push(...(await Promise.all(Array.from({ length: count }, () => open(options)))));
  }
  const signals = opened[0] as Signals;
  const total = Math.round((options.connections * options.hz * options.ms) / 1000);
  const pacer = new Pacer(
    opened.map(({ socket }) => socket),
    total,
    options.ms / total,
  );
  await pacer.send(encodeRequests(FORM, signals));
  for (const { socket } of opened) socket.destroy();
  const checked =
    "echo" in options.server
      ? checkEchoes(FORM, signals, pacer.samples)
      : await checkPredictions(options.graph, FORM, signals, pacer.samples);
  return { ...pacer.result(), checked };
}

async function open({ server, signals }: PacedOptions): Promise<{ socket: LeanSocket } & Signals> {
  if (!("echo" in server)) return openConfigured({ ...server, form: FORM }, READ_BYTES);
  if (!signals) throw new Error("an echo does not tell names");
  const target = { port: server.echo, path: STREAM_PATH, subprotocol: subprotocolOf(FORM) };
  return { socket: await LeanSocket.open(target, READ_BYTES), ...signals };
}
