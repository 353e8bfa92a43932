// What the routes need of the rest of the server. They decide nothing: they ask, and translate the answer.
import type { RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import type {
  CreateTrainingSession,
  EnsembleDescription,
  HistorySaved,
  SaveHistory,
  StreamStats,
  WsStats,
} from "../../generated/ts/tidewire/v1/http.js";
import type { Subscribe } from "../../generated/ts/tidewire/v1/topics.js";
import type { Grant } from "../access/grant.js";
import type { Minted, MintRequest } from "../access/minted.js";
import type { EventPublisher, EventReader } from "../events/types.js";
import type { Format } from "../metrics/exposition.js";

/** The served ensembles and the broken directories. */
export interface EnsembleDirectory {
  /** All of them, by name. */
  list(): readonly EnsembleDescription[];
  /** One of them; any text may be asked for. @throws TidewireError ENSEMBLE_NOT_FOUND */
  describe(name: string): EnsembleDescription;
}

/** The connections that stream readings. */
export interface StreamDirectory {
  stats(): StreamStats;
}

/** The histories of sessions. */
export interface Histories {
  /**
   * Writes one into a file.
   *
   * @param mayRead is asked for the history's ensemble before anything happens; what it throws is the answer
   * @throws TidewireError INVALID_MESSAGE, INVALID_PATH, SESSION_NOT_FOUND, OVERLOADED
   */
  save(request: SaveHistory, mayRead: (ensemble: string) => void): Promise<HistorySaved>;
}

/** Whether new work is welcome. */
export interface Readiness {
  state(): "starting" | "ready" | "draining";
}

/** What was found out about a part of the server. Public. */
export interface Check {
  readonly name: string;
  readonly state: "ok" | "warning" | "failing";
  readonly message: string;
  readonly remedy?: string;
}

/** Whether the server is well. */
export interface HealthChecks {
  /** Every part; cheap, for anybody may ask as often as they like. */
  checks(): readonly Check[];
}

/** The life of training runs. Every promise resolves once the change is durable and can be read. */
export interface TrainingRuns {
  /** Begins a run. `experimentId` is there. @throws TidewireError INVALID_TOPIC, SESSION_EXISTS */
  create(request: CreateTrainingSession): Promise<unknown>;
  /** The present status again changes nothing. @throws TidewireError SESSION_NOT_FOUND, INVALID_TRANSITION, INVALID_MESSAGE for `lost` */
  setStatus(experimentId: string, status: RunStatus, message: string | undefined): Promise<unknown>;
  /** Removes a run with all its events. @throws TidewireError SESSION_NOT_FOUND */
  remove(experimentId: string): Promise<unknown>;
}

/** Asks owners to stop. */
export interface Cancellation {
  /** Resolves once the owner can see it. @throws TidewireError TASK_NOT_FOUND, TASK_FINISHED */
  cancel(topic: string, reason: string | undefined): Promise<unknown>;
}

/** Makes tokens. */
export interface TokenMint {
  /** A token never wider and never longer-lived than the grant. @throws TidewireError INVALID_MESSAGE, PERMISSION_DENIED, OVERLOADED */
  mint(grant: Grant, request: MintRequest): Promise<Minted>;
}

/** One message of an event stream. */
export interface SseMessage {
  /** With what a client resumes after this message; absent where it says nothing about events. */
  readonly id?: string | undefined;
  /** A ServerFrame as JSON, on one line. */
  readonly frameJson: string;
}

/** A client that listens to Server-Sent Events. */
export interface SseSink {
  /** What the request for the stream is called. */
  readonly requestId: string;
  /** Queues a message; those of one turn leave together. Does nothing after the end. */
  write(message: SseMessage): void;
  /** Bytes written in this turn, which leave together. Nothing here bounds them: whoever writes does. */
  readonly turnBytes: number;
  /** Bytes of earlier turns that the network has not taken. */
  readonly unsentBytes: number;
  /** Calls the listener whenever the network has taken everything after it had not. */
  onDrain(listener: () => void): void;
  /** Calls the listener once, when the client has gone or the stream was closed; at once where that has happened. */
  onClose(listener: () => void): void;
  /** Sends what is queued and ends the stream. A client that takes none of it is cut off. Idempotent. */
  close(): void;
}

/** Live events for clients without WebSocket. */
export interface EventStreams {
  /**
   * Subscribes a client until its sink closes. What is thrown is the request's answer, so nothing may have been written
   * to the sink by then.
   *
   * @param requests 1 to 16, of different topics
   * @param grant    covers all of them; the stream ends with it
   * @throws TidewireError INVALID_TOPIC, INVALID_MESSAGE, OVERLOADED
   */
  open(requests: readonly Subscribe[], sink: SseSink, grant: Grant): void | Promise<void>;
}

/** The WebSocket connections. */
export interface ConnectionCounts {
  stats(): WsStats;
}

/** What the server measures of itself. */
export interface MetricsText {
  /** Everything as it is now. */
  write(format: Format): Promise<string>;
}

/** Everything that {@link registerRoutes} takes. */
export interface HttpDependencies {
  readonly ensembles: EnsembleDirectory;
  readonly streams: StreamDirectory;
  readonly histories: Histories;
  readonly readiness: Readiness;
  readonly health: HealthChecks;
  readonly events: EventReader;
  /** Knows what is legal in a topic's present state. Its errors name the event at fault by `details.index`. */
  readonly publisher: EventPublisher;
  readonly training: TrainingRuns;
  readonly cancellation: Cancellation;
  readonly eventStreams: EventStreams;
  readonly connections: ConnectionCounts;
  readonly tokens: TokenMint;
  readonly metrics: MetricsText;
  /** The server's version, as health tells it. */
  readonly version: string;
  /** Folder that holds `tidewire/v1/*.proto`. */
  readonly protoFolder: string;
}
