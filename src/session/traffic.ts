// What has passed through the connections since the start, and which are open.
import type { WsStats } from "../../generated/ts/tidewire/v1/http.js";
import { ERROR_CODES } from "../errors.js";
import { Tally } from "../meters/tally.js";
import type { SessionServices } from "./services.js";

/** Counters; whoever does something counts it. */
export class Traffic {
  framesIn = 0;
  framesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Events of latest kinds that slow readers were not told. */
  droppedFrames = 0;
  /** Connections closed with 4008. */
  slowConsumerCloses = 0;
  /** Errors told to clients of WebSockets and event streams. */
  readonly errors = new Tally(ERROR_CODES);
}

/** The statistics of connections. */
export function toWsStats({
  sessions,
  traffic,
  broker,
}: Pick<SessionServices, "sessions" | "traffic" | "broker">): WsStats {
  const { byPath, byEncoding } = sessions.counts();
  return {
    activeConnections: sessions.size,
    connectionsByPath: byPath,
    connectionsByEncoding: byEncoding,
    subscribers: Object.fromEntries(broker.hub.subscribers),
    framesIn: traffic.framesIn,
    framesOut: traffic.framesOut,
    bytesIn: traffic.bytesIn,
    bytesOut: traffic.bytesOut,
    droppedFrames: traffic.droppedFrames,
    slowConsumerCloses: traffic.slowConsumerCloses,
  };
}
