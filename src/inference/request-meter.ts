// The requests of one model that come by one way: how long they take, and where the time goes. Readings of one turn came
// at the same time, so what is observed is a turn's readings at once, whatever their number.
import type { ErrorCode } from "../errors.js";
import { Histogram } from "../meters/histogram.js";
import { Tally } from "../meters/tally.js";
import type { Batch } from "./batch.js";

/** The ways by which requests come: a WebSocket in either encoding, and the files that the server evaluates itself. */
export type Transport = "ws_proto" | "ws_json" | "evaluation";

/** What becomes of a request that the model took and did not answer. */
export const FAILURES = ["PREDICTION_ERROR", "DEADLINE_EXCEEDED", "OVERLOADED"] as const satisfies ErrorCode[];

/** One of {@link FAILURES}. */
export type Failure = (typeof FAILURES)[number];

/** Counts since the start of the server; they only rise. */
export class RequestMeter {
  /** From the frame's arrival to its reply, in seconds, of the requests that were answered. */
  readonly durations = new Histogram();
  /** Of that, until its run took the rows. */
  readonly queued = new Histogram();
  /** Of that, the run, as long as it was for the request: a run counts once for each request in it. */
  readonly computed = new Histogram();
  readonly failures = new Tally(FAILURES);
  /** Readings predicted; a run on named tensors counts as one. */
  readings = 0;
  /** Runs on named tensors, which are no part of any batch. */
  tensorRuns = 0;

  /** The requests `from` to `to` (exclusive) of a batch are answered. */
  answered(batch: Batch, from: number, to: number, nowMs: number): void {
    const { receivedMs, startedMs } = batch;
    for (let first = from, next = from; first < to; first = next) {
      const arrivedMs = receivedMs[first] as number;
      while (next < to && receivedMs[next] === arrivedMs) next += 1;
      this.#took(arrivedMs, startedMs, nowMs, next - first);
    }
    this.readings += batch.endRow(to - 1) - (batch.firstRows[from] as number);
  }

  /** A request on named tensors is answered. */
  tensorsAnswered(receivedMs: number, startedMs: number, nowMs: number): void {
    this.#took(receivedMs, startedMs, nowMs, 1);
    this.readings += 1;
  }

  #took(receivedMs: number, startedMs: number, nowMs: number, requests: number): void {
    this.durations.observe((nowMs - receivedMs) / 1000, requests);
    this.queued.observe(Math.max(0, startedMs - receivedMs) / 1000, requests);
    this.computed.observe((nowMs - startedMs) / 1000, requests);
  }
}
