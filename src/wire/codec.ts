// The seam between frames and WebSocket messages: one codec an encoding, picked once a connection.
import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";
import type { ClientFrame, ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import { type ErrorCode, type ErrorDetails, type ErrorOptions, TidewireError } from "../errors.js";
import type { PlacedEvent } from "./event-bytes.js";
import type { HotPredict, MessageRun, PredictionRows } from "./hot.js";
import type { LogMatch } from "./hot-log.js";
import type { PongRun } from "./hot-ping.js";

/** The subprotocols, which are the names of the encodings. */
export type Subprotocol = "tidewire.v1.proto" | "tidewire.v1.json";

/** Turns frames into WebSocket messages and back. Stateless and synchronous. */
export interface Codec {
  readonly subprotocol: Subprotocol;
  /** One frame as one message: bytes for a binary message, a string for a text message. */
  encode(frame: ServerFrame): Uint8Array | string;
  /** An event as a push, out of the bytes it is kept as. */
  encodeEvent(event: PlacedEvent): Uint8Array | string;
  /** One message as one frame, validated against the schema. @throws FrameError and nothing else */
  decode(message: Uint8Array | string): ClientFrame;
  /** The encoding's short ways for the hot messages, where it has them. */
  readonly hot?: HotCodec;
}

/** Reads and writes positional readings, predictions, log lines and pings without a frame object in between; see hot*.ts. */
export interface HotCodec {
  matchPredict(message: Uint8Array, floats: number, found: HotPredict): boolean;
  predictionRun(rows: PredictionRows): MessageRun;
  boostSuffix(names: readonly string[]): Uint8Array;
  matchLog(message: Uint8Array, found: LogMatch): boolean;
  publishedRun(ids: readonly number[], positions: readonly Position[]): MessageRun;
  matchPing(message: Uint8Array): number;
  pongRun(timestamp: Timestamp): PongRun;
}

/** A message that is no valid frame; `id` is the frame's own where it could still be read, else 0. */
export class FrameError extends TidewireError {
  readonly id: number;

  constructor(id: number, code: ErrorCode, message: string, details?: ErrorDetails, options?: ErrorOptions) {
    super(code, message, details, options);
    this.id = id;
  }
}
