// Sends the rows of a file at a rate, as a sensor would.
import { type NamedPrediction, type NamedReading, TidewireClientError } from "@tidewire/client";
import type { NumberTable } from "../../csv/csv.js";
import type { Trace } from "./trace.js";

/** Time between two looks at what is due: several rows leave together at a high rate. */
const TICK_MS = 20;
/** Rows without an answer; at this bound the stream waits, so that a slow server is not buried. */
const MAX_IN_FLIGHT = 256;
/** What is wrong with one row, and not with the stream. */
const OF_ONE_ROW: readonly string[] = ["INVALID_SIGNALS", "MISSING_SIGNALS", "CONNECTION_LOST", "DEADLINE_EXCEEDED"];

export type PlaybackState =
  | { readonly is: "ready" }
  | { readonly is: "running" }
  | { readonly is: "paused" }
  | { readonly is: "ended" }
  | { readonly is: "failed"; readonly error: Error };

/** What it plays, and where to. */
export interface PlaybackOptions {
  readonly table: NumberTable;
  readonly boundarySignals: readonly string[];
  /** Those whose true values the table may have. */
  readonly signals: readonly string[];
  readonly predict: (reading: NamedReading) => Promise<NamedPrediction>;
  readonly trace: Trace;
  /** Called whenever {@link Playback.state} has changed. */
  readonly onState: () => void;
}

/** One pass over the rows. Whoever makes it stops it. */
export class Playback {
  readonly rows: number;
  /** Rows a second. */
  rate: number;
  readonly #options: PlaybackOptions;
  #state: PlaybackState = { is: "ready" };
  #sent = 0;
  #pending = 0;
  #failures = 0;
  #lastFailure: Error | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Share of a row that is due. */
  #due = 0;
  #lastMs = 0;

  constructor(options: PlaybackOptions, rate: number) {
    this.#options = options;
    this.rows = options.table.rows;
    this.rate = rate;
  }

  get state(): PlaybackState {
    return this.#state;
  }

  /** Rows sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Rows that were refused or lost, and why the last one was. */
  get failures(): { readonly count: number; readonly last: Error | undefined } {
    return { count: this.#failures, last: this.#lastFailure };
  }

  /** Begins, or goes on. */
  play(): void {
    if (this.#state.is !== "ready" && this.#state.is !== "paused") return;
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#enter({ is: "running" });
  }

  pause(): void {
    if (this.#state.is !== "running") return;
    clearInterval(this.#timer);
    this.#enter({ is: "paused" });
  }

  /** Sends no more, for good. */
  stop(): void {
    clearInterval(this.#timer);
    if (this.#state.is !== "failed") this.#enter({ is: "ended" });
  }

  #tick(): void {
    const nowMs = performance.now();
    // What was missed for longer than a second, as in a hidden tab, is not made up for.
    const elapsed = Math.min(1, (nowMs - this.#lastMs) / 1000);
    this.#lastMs = nowMs;
    this.#due = Math.min(this.#due + elapsed * this.rate, this.rate);
    while (this.#due >= 1 && this.#pending < MAX_IN_FLIGHT && this.#sent < this.rows) {
      this.#due -= 1;
      void this.#send(this.#sent);
      this.#sent += 1;
    }
    if (this.#sent === this.rows) this.stop();
  }

  async #send(row: number): Promise<void> {
    const { boundarySignals, signals, predict, trace } = this.#options;
    const beginMs = performance.now();
    this.#pending += 1;
    try {
      const { predictions, latencyMs } = await predict(this.#cells(row, boundarySignals));
      trace.add({ predictions, truth: this.#cells(row, signals), latencyMs, roundTripMs: performance.now() - beginMs });
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#pending -= 1;
    }
  }

  /** The row's values by name; a cell that holds no number says nothing. */
  #cells(row: number, names: readonly string[]): Record<string, number> {
    const cells: Record<string, number> = {};
    for (const name of names) {
      const value = this.#options.table.column(name)?.[row];
      if (value !== undefined && !Number.isNaN(value)) cells[name] = value;
    }
    return cells;
  }

  #failed(cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    this.#failures += 1;
    this.#lastFailure = error;
    if (error instanceof TidewireClientError && (error.retryable || OF_ONE_ROW.includes(error.code))) {
      this.#options.onState();
      return;
    }
    clearInterval(this.#timer);
    this.#enter({ is: "failed", error });
  }

  #enter(state: PlaybackState): void {
    this.#state = state;
    this.#options.onState();
  }
}
