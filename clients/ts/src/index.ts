// Everything the package offers.
export type { ClientFrame, ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
export { TidewireClient, type TidewireClientOptions } from "./client.js";
export type {
  ConnectedEvent,
  ConnectionErrorEvent,
  ConnectionEvents,
  ConnectionState,
  DisconnectedEvent,
  HeartbeatEvent,
} from "./connection/events.js";
export type { ConnectionOptions, Token } from "./connection/settings.js";
export { WebSocketManager } from "./connection/websocket-manager.js";
export { type ClientErrorCode, type ClientErrorOptions, type LocalErrorCode, TidewireClientError } from "./errors.js";
export type { RequestOptions } from "./inference/requests.js";
export type { InferenceSession } from "./inference/session.js";
export type { Readings } from "./inference/stream.js";
export type { Datatype, InferRequest, InferResult, Tensor, TensorData, TensorInput } from "./inference/tensors.js";
export type {
  BatchOptions,
  InferenceConfiguration,
  InferenceOptions,
  NamedBatch,
  NamedPrediction,
  NamedReading,
  PositionalBatch,
  PositionalPrediction,
  PositionalReading,
  PredictionMetadata,
  PredictOptions,
  SessionInfo,
  StreamOptions,
  TimedReading,
} from "./inference/types.js";
export type {
  AnyEvent,
  ConnectionEvent,
  ContainerEvent,
  EvaluationEvent,
  EventInput,
  EventType,
  Family,
  Position,
  ProgressEvent,
  SystemEvent,
  TaskEvent,
  TidewireEvent,
  TopicEnd,
  TopicSnapshot,
  TopicState,
  TrainingEvent,
  WorkflowEvent,
} from "./progress/events.js";
export {
  isContainerEvent,
  isProgressEvent,
  isTaskEvent,
  isTrainingEvent,
  isWorkflowEvent,
} from "./progress/events.js";
export { ProgressClient, type ProgressOptions } from "./progress/progress-client.js";
export type { PublishOptions } from "./progress/publishing.js";
export type {
  Subscription,
  SubscriptionCallbacks,
  SubscriptionFilter,
  SubscriptionOptions,
  TopicGap,
} from "./progress/subscription.js";
export type { LogLevel, RunStatus } from "./progress/types.js";
export type { HttpOptions } from "./rest/http.js";
export type {
  ConnectionStats,
  EnsembleDescription,
  Ensembles,
  Evaluation,
  EvaluationRequest,
  Evaluations,
  EventPage,
  Events,
  Health,
  HistorySaved,
  LogEntry,
  LogInput,
  LogPage,
  MetricsEntry,
  MetricsInput,
  MetricsPage,
  PageOptions,
  SaveHistoryRequest,
  SignalQuality,
  StreamConnection,
  StreamStats,
  Tasks,
  TensorSpec,
  TopicList,
  TopicSummary,
  Topics,
  Training,
  TrainingSession,
  TrainingSessionList,
  TrainingSessionRequest,
  Workflows,
} from "./rest/types.js";
export type { Encoding } from "./wire/codec.js";
