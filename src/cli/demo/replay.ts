// The demo's sensor: sends real readings at a pace, and keeps what came back beside what was true.
import { CommandError } from "../context.js";
import { Pace } from "./pace.js";
import type { TrueRows } from "./rows.js";
import { Errors, Latencies } from "./score.js";

/** That many predictions failed in a row: it is no accident. */
const MAX_FAILURES_IN_ROW = 100;

/** Who predicts. */
export interface Predictor {
  /** @returns the predictions in the order of the signals */
  predict(reading: readonly number[]): Promise<ArrayLike<number>>;
}

/** How a replay goes. */
export interface ReplayOptions {
  readonly rows: TrueRows;
  /** Rows a second; 0 is as fast as predictions come. */
  readonly rate: number;
  /** Rows after which it ends; Infinity goes on from the first row each time the last is done. */
  readonly limit: number;
  /** Rows that may be unanswered at a time. */
  readonly maxInFlight: number;
  /** Ends it; what is in flight is still awaited. */
  readonly signal: AbortSignal;
  /** All rows have been answered once more. */
  readonly onYear: () => void;
}

/** A reading with its prediction and the truth. */
export interface Answer {
  readonly reading: readonly number[];
  readonly predicted: ArrayLike<number>;
  readonly truth: readonly number[];
}

/** Sends the rows through a predictor, and counts. */
export class Replay {
  readonly errors: Errors;
  readonly latencies = new Latencies();
  /** The newest answer. */
  last: Answer | undefined;
  /** Rows answered. */
  done = 0;
  /** Rows whose prediction failed, and the newest reason. */
  failed = 0;
  failure: string | undefined;
  readonly #options: ReplayOptions;
  readonly #predictor: Predictor;
  #failedInRow = 0;
  #inFlight = 0;
  /** Who waits until no more than this many rows are in flight. */
  #waiter: { readonly below: number; readonly go: () => void } | undefined;

  constructor(predictor: Predictor, options: ReplayOptions) {
    this.#predictor = predictor;
    this.#options = options;
    this.errors = new Errors(options.rows.signals.length);
  }

  /** Replays until the limit or the abort. @throws CommandError when predictions keep failing */
  async run(): Promise<void> {
    const { rate, limit, maxInFlight, signal } = this.#options;
    const pace = new Pace(rate);
    for (let sent = 0; sent < limit && !signal.aborted; sent += 1) {
      if (rate > 0) await pace.turn(signal);
      // Half a window at once: a turn of the loop for every row would cost more than the row.
      if (this.#inFlight >= maxInFlight) await this.#atMostInFlight(maxInFlight >> 1);
      if (signal.aborted) break;
      if (this.#failedInRow >= MAX_FAILURES_IN_ROW) throw new CommandError(`predictions keep failing: ${this.failure}`);
      void this.#send(sent % this.#options.rows.readings.length);
    }
    await this.#atMostInFlight(0);
  }

  async #send(row: number): Promise<void> {
    const { readings, truths } = this.#options.rows;
    const reading = readings[row] as readonly number[];
    this.#inFlight += 1;
    const sentMs = performance.now();
    try {
      const predicted = await this.#predictor.predict(reading);
      this.latencies.add(performance.now() - sentMs);
      this.#answered({ reading, predicted, truth: truths[row] as readonly number[] });
    } catch (error) {
      this.failed += 1;
      this.#failedInRow += 1;
      this.failure = error instanceof Error ? error.message : String(error);
    }
    this.#inFlight -= 1;
    if (this.#waiter && this.#inFlight <= this.#waiter.below) this.#waiter.go();
  }

  #answered(answer: Answer): void {
    this.#failedInRow = 0;
    this.errors.add(answer.predicted, answer.truth);
    this.last = answer;
    this.done += 1;
    if (this.done % this.#options.rows.readings.length === 0) this.#options.onYear();
  }

  async #atMostInFlight(below: number): Promise<void> {
    if (this.#inFlight <= below) return;
    await new Promise<void>((go) => {
      this.#waiter = { below, go };
    });
    this.#waiter = undefined;
  }
}
