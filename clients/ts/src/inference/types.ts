// What a session takes and gives.
import type { ConnectionOptions } from "../connection/settings.js";
import type { RequestOptions } from "./requests.js";

/** One reading by signal name; further names are ignored by the server. */
export type NamedReading = Readonly<Record<string, number>>;

/** One reading in the order of {@link SessionInfo.boundarySignals}. */
export type PositionalReading = readonly number[] | Float32Array;

/** A reading of a stream with the time at which it was taken; echoed, and kept in the history. */
export interface TimedReading<Reading extends NamedReading | PositionalReading> {
  readonly reading: Reading;
  readonly timestamp?: Date | undefined;
}

/** What a prediction says beside its values. */
export interface PredictionMetadata {
  /** The server's time from the reading's arrival to its reply; absent without metadata. */
  readonly latencyMs?: number | undefined;
  /** Signals to which the boost's residual was added; absent without metadata. */
  readonly signalsUsedBoost?: readonly string[] | undefined;
  /** The reading's own, to the millisecond; absent when it had none. */
  readonly timestamp?: Date | undefined;
}

/** The prediction of a reading by name. */
export interface NamedPrediction extends PredictionMetadata {
  readonly predictions: Readonly<Record<string, number>>;
}

/** The prediction of a positional reading, in the order of {@link SessionInfo.signals}. */
export interface PositionalPrediction extends PredictionMetadata {
  readonly values: Float32Array;
}

/** The predictions of named rows, in their order. */
export interface NamedBatch {
  readonly predictions: readonly Readonly<Record<string, number>>[];
  readonly count: number;
  readonly latencyMs?: number | undefined;
}

/** The predictions of positional rows. */
export interface PositionalBatch {
  /** Rows × signals, row-major. */
  readonly matrix: Float32Array;
  readonly count: number;
  readonly latencyMs?: number | undefined;
  /** The predictions of one row: a view into the matrix. */
  row(index: number): Float32Array;
}

/** Options of one prediction. */
export interface PredictOptions extends RequestOptions {
  /** When the reading was taken; echoed, and kept in the history. */
  readonly timestamp?: Date | undefined;
}

/** Options of one batch. */
export interface BatchOptions extends RequestOptions {
  /** When each reading was taken; as many as rows. */
  readonly timestamps?: readonly Date[] | undefined;
}

/** Options of a stream. */
export interface StreamOptions extends RequestOptions {
  /** Readings that may be without a yielded prediction at a time. Default, and at most: the server's max_in_flight. */
  readonly inFlight?: number | undefined;
}

/** How the server predicts for a session; what is left out is the ensemble's or the server's own choice. */
export interface InferenceConfiguration {
  /** Boost on or off by signal. */
  readonly manualBoostSignals?: Readonly<Record<string, boolean>> | undefined;
  readonly mode?: "single" | "batch" | undefined;
  /** Most rows of one batch; Infinity is as many as the server takes. */
  readonly batchSize?: number | undefined;
  /** Whether predictions carry latencyMs and signalsUsedBoost. Default: true. */
  readonly includeMetadata?: boolean | undefined;
}

/** Options of a session. */
export interface InferenceOptions extends InferenceConfiguration, Partial<ConnectionOptions> {
  /** How long a request may take, waiting for a connection included; 0 and Infinity are without end. Default: 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Whether requests that a cut left unanswered are sent again, up to 3 times, instead of rejected. Default: false. */
  readonly retryInFlight?: boolean | undefined;
  /** Whether requests made during a cut wait for the next connection. Default: "wait". */
  readonly whileReconnecting?: "wait" | "fail" | undefined;
  /** Most requests that wait, for a connection or for room in the window; beyond it QUEUE_FULL. Default: 10 000. */
  readonly maxQueued?: number | undefined;
}

/** The configuration in force. */
export interface SessionInfo {
  /** Names the session's history. */
  readonly sessionId: string;
  readonly ensembleName: string;
  readonly version: string;
  /** Which model answers: 64 hexadecimal digits. */
  readonly modelSha256: string;
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
  readonly numSignals: number;
  readonly signalsUsingBoost: number;
  /** Requests that may be unanswered at a time. */
  readonly maxInFlight: number;
  readonly batchSize: number;
  readonly executionProvider: string;
  readonly mode: string;
  readonly includeMetadata: boolean;
}
