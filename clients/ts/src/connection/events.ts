// What a connection tells its listeners.
import type { ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import type { TidewireClientError } from "../errors.js";

/** Where a connection stands. `reconnecting` is both: waiting for the next attempt, and attempting. */
export type ConnectionState = "disconnected" | "connecting" | "connected" | "reconnecting" | "disconnecting";

/** The connection is open; also each time again after a cut. */
export interface ConnectedEvent {
  readonly type: "connected";
}

/** A connection that was open is no more. */
export interface DisconnectedEvent {
  readonly type: "disconnected";
  /** WebSocket close code; 1006 where there was none. */
  readonly code: number;
  readonly reason: string;
  readonly willReconnect: boolean;
  /** What requests without a reply are rejected with. */
  readonly error: TidewireClientError;
}

/** An attempt to connect failed. */
export interface ConnectionErrorEvent {
  readonly type: "connection_error";
  readonly error: TidewireClientError;
  readonly willReconnect: boolean;
}

/** The server answered a ping. */
export interface HeartbeatEvent {
  readonly type: "heartbeat";
  /** From the ping to its pong. */
  readonly latencyMs: number;
}

/** Events of a connection by name. */
export interface ConnectionEvents {
  connected: ConnectedEvent;
  disconnected: DisconnectedEvent;
  connection_error: ConnectionErrorEvent;
  heartbeat: HeartbeatEvent;
  /** Every frame of the server, in order. */
  frame: ServerFrame;
  /** What a listener threw, or a message that is no frame. */
  error: unknown;
}
