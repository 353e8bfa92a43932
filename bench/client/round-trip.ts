// One request at a time: ours, and a bare echo followed by a bare run, in short turns within one process.
import { InferenceSession, Tensor } from "onnxruntime-node";
import { median, percentile } from "../lib/statistics.js";
import type { FrameBlock } from "./frames.js";
import { LeanSocket, STREAM_PATH } from "./lean-socket.js";
import { checkPredictions, Ledger } from "./ledger.js";
import { encodeRequests, IDS, openConfigured, ROWS, readingValue, type Signals, subprotocolOf } from "./requests.js";

/** Round trips in turns. */
export interface RoundTripOptions {
  readonly port: number;
  readonly echoPort: number;
  readonly model: string;
  readonly graph: string;
  readonly includeMetadata?: boolean;
  /** Turns of each side. */
  readonly turns: number;
  /** Round trips of a turn. */
  readonly trips: number;
}

/** Times in µs; p50 of each turn, percentiles over all. */
export interface RoundTripResult {
  readonly ours: TurnTimes;
  readonly echoThenRun: TurnTimes;
  readonly echo: TurnTimes;
  readonly checked: number;
}

/** Times of one side, in µs. */
export interface TurnTimes {
  readonly p50ByTurn: number[];
  readonly p50: number;
  readonly p99: number;
}

const FORM = "binary positional";

/** A connection that has one request in flight. */
class OneByOne {
  readonly ledger = new Ledger(FORM);
  readonly #socket: LeanSocket;
  readonly #block: FrameBlock;
  #index = 0;
  #resolve = (): void => {};
  #reject = (_: Error): void => {};

  constructor(socket: LeanSocket, block: FrameBlock) {
    this.#socket = socket;
    this.#block = block;
    socket.onClose = () => this.#reject(new Error("the connection was closed"));
    socket.onFrame = (bytes, start, end) => {
      this.ledger.take(bytes, start, end);
      this.#resolve();
    };
  }

  trip(): Promise<void> {
    const { bytes, offsets } = this.#block;
    const index = this.#index;
    this.#index = (index + 1) % IDS;
    this.ledger.sent(index);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(bytes.subarray(offsets[index], offsets[index + 1]));
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Turns of ours, of echo then run, and of echo alone, one after another. */
export async function roundTrip(options: RoundTripOptions): Promise<RoundTripResult> {
  const { socket, ...signals } = await openConfigured({ ...options, form: FORM });
  const target = { port: options.echoPort, path: STREAM_PATH, subprotocol: subprotocolOf(FORM) };
  const block = encodeRequests(FORM, signals);
  const ours = new OneByOne(socket, block);
  const echo = new OneByOne(await LeanSocket.open(target), block);
  const run = await bareRun(options.graph, signals);
  const sides = [
    new Side(() => ours.trip()),
    new Side(async () => {
      await echo.trip();
      await run();
    }),
    new Side(() => echo.trip()),
  ] as const;
  for (const side of sides) await side.turn(options.trips); // warm
  for (const side of sides) side.forget();
  for (let turn = 0; turn < options.turns; turn += 1) {
    for (const side of turn % 2 === 0 ? sides : sides.toReversed()) await side.turn(options.trips);
  }
  ours.close();
  echo.close();
  const checked = await checkPredictions(options.graph, FORM, signals, ours.ledger.samples);
  return { ours: sides[0].times, echoThenRun: sides[1].times, echo: sides[2].times, checked };
}

/** What takes the time of one thing, again and again. */
class Side {
  readonly #once: () => Promise<void>;
  #turns: Float64Array[] = [];

  constructor(once: () => Promise<void>) {
    this.#once = once;
  }

  async turn(trips: number): Promise<void> {
    const us = new Float64Array(trips);
    for (let i = 0; i < trips; i += 1) {
      const startMs = performance.now();
      await this.#once();
      us[i] = (performance.now() - startMs) * 1000;
    }
    this.#turns.push(us);
  }

  forget(): void {
    this.#turns = [];
  }

  get times(): TurnTimes {
    const all = this.#turns.flatMap((us) => Array.from(us));
    return { p50ByTurn: this.#turns.map(median), p50: percentile(all, 0.5), p99: percentile(all, 0.99) };
  }
}

/** One row through the public API, as one would write it. */
async function bareRun(graph: string, { boundarySignals }: Signals): Promise<() => Promise<void>> {
  const session = await InferenceSession.create(graph, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const width = boundarySignals.length;
  const name = session.inputNames[0] as string;
  let row = 0;
  return async () => {
    row = (row + 1) % ROWS;
    const values = new Float32Array(width);
    for (let column = 0; column < width; column += 1) values[column] = readingValue(row, width, column);
    await session.run({ [name]: new Tensor("float32", values, [1, width]) });
  };
}
