// Everything the package offers.
export type { ClientFrame, ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
export { type Ensembles, TidewireClient, type TidewireClientOptions } from "./client.js";
export type {
  ConnectedEvent,
  ConnectionErrorEvent,
  ConnectionEvents,
  ConnectionState,
  DisconnectedEvent,
  HeartbeatEvent,
} from "./connection/events.js";
export type { ConnectionOptions } from "./connection/settings.js";
export { WebSocketManager } from "./connection/websocket-manager.js";
export { type ClientErrorCode, type ClientErrorOptions, type LocalErrorCode, TidewireClientError } from "./errors.js";
export type { RequestOptions } from "./inference/requests.js";
export type { InferenceSession, InferRequest, InferResult } from "./inference/session.js";
export type { Readings } from "./inference/stream.js";
export type { Datatype, Tensor, TensorData, TensorInput } from "./inference/tensors.js";
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
export type { HttpOptions } from "./rest/http.js";
export type {
  EnsembleDescription,
  Health,
  HistorySaved,
  SaveHistoryRequest,
  SignalQuality,
  StreamConnection,
  StreamStats,
  TensorSpec,
} from "./rest/types.js";
export type { Encoding } from "./wire/codec.js";
