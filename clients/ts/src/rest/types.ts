// The HTTP routes, what they take and what they answer.
import type * as evaluation from "../../../../generated/ts/tidewire/v1/evaluation.js";
import type * as http from "../../../../generated/ts/tidewire/v1/http.js";
import type { EventInput, EventType, Position, TidewireEvent, TopicSnapshot } from "../progress/events.js";
import type { PublishOptions } from "../progress/publishing.js";
import type { LogLevel, Presented, RunStatus } from "../progress/types.js";
import type { HttpOptions } from "./http.js";

/** How well a signal is predicted, measured on rows the models have not seen. */
export interface SignalQuality {
  readonly r2Base?: number;
  readonly r2Boost?: number;
  /** In the signal's unit, as the others below. */
  readonly rmseBase?: number;
  readonly rmseBoost?: number;
  readonly maeBase?: number;
  readonly maeBoost?: number;
}

/** An input or output of a graph. */
export interface TensorSpec {
  readonly name: string;
  /** Named as in the Open Inference Protocol. */
  readonly datatype: string;
  /** -1 where any size fits. */
  readonly shape: readonly number[];
}

/** A served ensemble or model, or a broken directory. */
export interface EnsembleDescription {
  readonly name: string;
  readonly status: "ready" | "broken";
  /** Why it does not answer. */
  readonly reason?: string;
  readonly version?: string;
  readonly description?: string;
  readonly modelSha256?: string;
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
  /** Which signals use the boost by default. */
  readonly boostSignals: Readonly<Record<string, boolean>>;
  readonly quality: Readonly<Record<string, SignalQuality>>;
  readonly executor?: "inline" | "worker";
  readonly executionProvider?: string;
  /** Measured cost of a run of one row, in microseconds. */
  readonly costUs?: number;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** One connection in the statistics. */
export interface StreamConnection {
  readonly sessionId: string;
  readonly ensembleName: string;
  readonly connectedAt?: Date;
  readonly predictionsCount: number;
  readonly mode: "single" | "batch" | "";
}

/** The statistics of inference; predictions are counted by readings. */
export interface StreamStats {
  readonly activeConnections: number;
  readonly totalPredictions: number;
  readonly averageLatencyMs: number;
  readonly connections: readonly StreamConnection[];
}

/** Asks to write a session's history into a file. */
export interface SaveHistoryRequest {
  /** A session that is open, or closed less than 10 minutes ago. */
  readonly sessionId: string;
  readonly format: "csv" | "jsonl" | "parquet";
  /** Folder inside the server's data directory. Default: "exports". */
  readonly outputDir?: string | undefined;
}

/** The file is written. */
export interface HistorySaved {
  readonly message: string;
  /** Relative to the server's data directory. */
  readonly outputPath: string;
  readonly samplesSaved: number;
}

/** Whether the server is well. */
export interface Health {
  readonly status: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Ensembles that answer. */
  readonly ensembles: readonly string[];
  /** Directories that do not, each with its reason. */
  readonly broken: Readonly<Record<string, string>>;
}

/** A training run, as its events add up. */
export type TrainingSession = Presented<http.TrainingSession>;
export type TrainingSessionList = Presented<http.TrainingSessionList>;
export type LogEntry = Presented<http.LogEntry>;
export type LogPage = Presented<http.LogPage>;
export type MetricsEntry = Presented<http.MetricsEntry>;
export type MetricsPage = Presented<http.MetricsPage>;
export type TopicSummary = Presented<http.TopicSummary>;
export type TopicList = Presented<http.TopicList>;
/** The WebSocket connections. */
export type ConnectionStats = Presented<http.WsStats>;
/** An evaluation that the server runs, or has run. */
export type Evaluation = Presented<evaluation.Evaluation>;

/** Begins a training run. */
export interface TrainingSessionRequest {
  /** One token of letters, digits, `_` and `-`, at most 128. */
  readonly experimentId: string;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  readonly totalEpochs?: number | undefined;
}

/** A line for a training run's log. */
export interface LogInput {
  readonly level: LogLevel;
  /** At most 64 KiB. */
  readonly message: string;
  readonly source?: string | undefined;
  /** Default: the time of arrival. */
  readonly timestamp?: Date | undefined;
  /** A key that was seen before adds nothing. Default: none. */
  readonly idempotencyKey?: string | undefined;
}

/** Measured values for a training run. */
export interface MetricsInput {
  /** By name, at least one; NaN and the infinities are values too. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly epoch?: number | undefined;
  readonly step?: number | undefined;
  /** Default: the time of arrival. */
  readonly timestamp?: Date | undefined;
  /** A key that was seen before adds nothing. Default: none. */
  readonly idempotencyKey?: string | undefined;
}

/** A stretch of a list. */
export interface PageOptions<Place> extends HttpOptions {
  /** Where to go on: the last answer's `next`. Default: from the beginning. */
  readonly after?: Place | undefined;
  /** Most entries, 1 to 1000. Default: 100. */
  readonly limit?: number | undefined;
}

/** Appends one entry, or a list of them: all or none. Resolves with the positions, once the server has them for good. */
export interface Append<Entry> {
  (experimentId: string, entry: Entry, options?: HttpOptions): Promise<Position>;
  (experimentId: string, entries: readonly Entry[], options?: HttpOptions): Promise<readonly Position[]>;
}

/** Training runs. Every call rejects with TidewireClientError, SESSION_NOT_FOUND where there is no such run. */
export interface Training {
  /** @throws TidewireClientError SESSION_EXISTS, INVALID_TOPIC */
  createSession(session: TrainingSessionRequest, options?: HttpOptions): Promise<TrainingSession>;
  /** The present status again changes nothing. @throws TidewireClientError INVALID_TRANSITION */
  setStatus(experimentId: string, status: RunStatus, message?: string, options?: HttpOptions): Promise<TrainingSession>;
  readonly log: Append<LogInput>;
  readonly metrics: Append<MetricsInput>;
  /** Lines from a level upwards. */
  getLogs(
    experimentId: string,
    options?: PageOptions<number> & { readonly level?: LogLevel | undefined },
  ): Promise<LogPage>;
  /** All entries, or those that have one metric, with it alone. */
  getMetrics(
    experimentId: string,
    options?: PageOptions<number> & { readonly name?: string | undefined },
  ): Promise<MetricsPage>;
  getInfo(experimentId: string, options?: HttpOptions): Promise<TrainingSession>;
  list(options?: PageOptions<string>): Promise<TrainingSessionList>;
  /** With all its events; the name may be used again. */
  remove(experimentId: string, options?: HttpOptions): Promise<void>;
}

/** What to evaluate, and with what: a file of the data directory by its `path`, or one that is sent as `file`. */
export interface EvaluationRequest {
  readonly ensembleName: string;
  /** Relative to the server's data directory. */
  readonly path?: string | undefined;
  readonly file?: Blob | undefined;
  readonly manualBoostSignals?: Readonly<Record<string, boolean>> | undefined;
  /** Column with the time of each row. Default: timestamp, time, datetime or date, if there is one. */
  readonly timeColumn?: string | undefined;
  /** Whether the result has the boundary signals' columns too. Default: true. */
  readonly includeReadings?: boolean | undefined;
}

/** Evaluations: the server runs an ensemble over a CSV. Progress is told on the topic `evaluation.{id}`. */
export interface Evaluations {
  start(request: EvaluationRequest, options?: HttpOptions): Promise<Evaluation>;
  /** The newest first. */
  list(options?: HttpOptions): Promise<readonly Evaluation[]>;
  /** @throws TidewireClientError TASK_NOT_FOUND, as those below */
  get(id: string, options?: HttpOptions): Promise<Evaluation>;
  /** The predictions, as CSV. @throws TidewireClientError INVALID_TRANSITION before it is completed */
  result(id: string, options?: HttpOptions): Promise<Blob>;
  /** @throws TidewireClientError TASK_FINISHED */
  cancel(id: string, reason?: string, options?: HttpOptions): Promise<void>;
  remove(id: string, options?: HttpOptions): Promise<void>;
}

/** Tasks. */
export interface Tasks {
  /** Asks the owner to stop; its end is an event. @throws TidewireClientError TASK_NOT_FOUND, TASK_FINISHED */
  cancel(projectId: string, taskId: string, reason?: string, options?: HttpOptions): Promise<void>;
}

/** Executions of workflows. */
export interface Workflows {
  /** Asks the owner to stop; its end is an event. @throws TidewireClientError TASK_NOT_FOUND, TASK_FINISHED */
  cancel(workflowId: string, executionId: string, reason?: string, options?: HttpOptions): Promise<void>;
}

/** Events of a topic, in the order of their offsets. */
export interface EventPage {
  readonly generation: number;
  /** Fewer than asked for, even none, does not mean that there are no more. */
  readonly entries: readonly TidewireEvent[];
  /** Offset to go on after; undefined at the head. */
  readonly next?: number | undefined;
}

/** Topics. */
export interface Topics {
  list(options?: PageOptions<string> & { readonly pattern?: string | undefined }): Promise<TopicList>;
  /** @throws TidewireClientError TOPIC_NOT_FOUND */
  get(topic: string, options?: HttpOptions): Promise<TopicSnapshot>;
  /** @throws TidewireClientError TOPIC_NOT_FOUND, POSITION_LOST */
  events(
    topic: string,
    options?: PageOptions<number> & {
      readonly types?: readonly EventType[] | undefined;
      readonly minLevel?: LogLevel | undefined;
    },
  ): Promise<EventPage>;
}

/** Events of one's own, for whoever has no socket open. */
export interface Events {
  /** Adds an event to a topic; resolves with its position, once the server has it for good. @throws TidewireClientError */
  publish(topic: string, event: EventInput, options?: PublishOptions & HttpOptions): Promise<Position>;
}

/** What the server serves. */
export interface Ensembles {
  /** All ensembles, and the broken directories. @throws TidewireClientError */
  list(options?: HttpOptions): Promise<readonly EnsembleDescription[]>;
  /** @throws TidewireClientError ENSEMBLE_NOT_FOUND */
  info(name: string, options?: HttpOptions): Promise<EnsembleDescription>;
}

/** The server itself. */
export interface Server {
  inferenceStats(options?: HttpOptions): Promise<StreamStats>;
  connectionStats(options?: HttpOptions): Promise<ConnectionStats>;
  saveHistory(request: SaveHistoryRequest, options?: HttpOptions): Promise<HistorySaved>;
  health(options?: HttpOptions): Promise<Health>;
}

/** All groups of routes. */
export interface Routes {
  readonly ensembles: Ensembles;
  readonly training: Training;
  readonly evaluations: Evaluations;
  readonly tasks: Tasks;
  readonly workflows: Workflows;
  readonly topics: Topics;
  readonly events: Events;
  readonly server: Server;
}
