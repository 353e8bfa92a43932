// What all sessions of a server share.
import type { Logger } from "pino";
import type { Authenticator } from "../access/access.js";
import type { Broker } from "../events/broker.js";
import type { HistoryStore } from "../inference/history-store.js";
import type { PredictionMeter } from "../inference/meter.js";
import type { ModelRepository } from "../inference/repository.js";
import type { FrameRates } from "../limits/frame-gate.js";
import type { Lateness } from "../limits/late-loop.js";
import type { Runs } from "../runs/runs.js";
import type { SessionDirectory } from "./directory.js";
import type { Flusher } from "./flusher.js";
import type { Traffic } from "./traffic.js";
import type { TurnClock } from "./turn-clock.js";

/** Bounds of one session; names and defaults are the configuration's. */
export interface SessionLimits extends FrameRates {
  /** Credit a connection may have in flight before it is read no further. */
  readonly maxInFlight: number;
  /** Unsent bytes beyond which a connection is read no further, and beyond which a subscriber is too slow. */
  readonly maxQueuedBytes: number;
  /** Invalid frames in a row that close a connection with 4400. */
  readonly maxInvalidFrames: number;
  /** Topics and patterns that a connection may be subscribed to. */
  readonly maxSubscriptions: number;
  /** How long a connection may take to show its token. */
  readonly authTimeoutMs: number;
}

/** Handed to every session. */
export interface SessionServices {
  readonly access: Authenticator;
  readonly models: ModelRepository;
  readonly histories: HistoryStore;
  readonly broker: Broker;
  readonly runs: Runs;
  readonly sessions: SessionDirectory;
  readonly traffic: Traffic;
  readonly meter: PredictionMeter;
  readonly flusher: Flusher;
  readonly clock: TurnClock;
  readonly lateness: Lateness;
  readonly limits: SessionLimits;
  readonly log: Logger;
}
