// Who takes part in a crowd, and what they report.
import type { Finding } from "../lib/part.js";
import type { Comings } from "./member.js";
import type { Endings } from "./predictor.js";

/** How a client comes back, as its options say it. */
export interface Patience {
  readonly maxReconnectDelay?: number;
  readonly maxReconnectAttempts: number;
}

/** The clients of one process. */
export interface Cast {
  readonly url: string;
  readonly token: string | undefined;
  readonly seed: number;
  /** As findings and topics name the process. */
  readonly name: string;
  /** Runs to write to, a publisher each. */
  readonly publishers: readonly string[];
  /** Runs to follow, a client each. */
  readonly followers: readonly string[];
  /** Clients that follow all runs by a pattern. */
  readonly watchers: number;
  readonly predictors: number;
  /** Clients that keep the slow model at work. */
  readonly slowPredictors: number;
  /** Lines a second, of all publishers together. */
  readonly linesPerSecond: number;
  /** Predictions a second, of all predictors together. */
  readonly predictionsPerSecond: number;
  /** Predictions a second of all slow predictors together. */
  readonly slowPerSecond: number;
  /** Whether followers may miss what the server says is skipped. */
  readonly mayMiss: boolean;
  readonly patience: Patience;
}

/** Offsets of lines by run: line n at n − 1, 0 where it is not acknowledged. */
export type Acknowledged = Record<string, Float64Array>;

/** What the clients of one process have seen. */
export interface Account {
  readonly findings: readonly Finding[];
  readonly comings: Comings;
  readonly endings: Endings;
  /** Lines that were delivered, over all followers. */
  readonly delivered: number;
  readonly gaps: number;
}
