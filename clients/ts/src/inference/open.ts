// Builds a session from a user's options.
import { type Environment, platform } from "../connection/environment.js";
import type { ConnectionOptions } from "../connection/settings.js";
import { WebSocketManager } from "../connection/websocket-manager.js";
import { given } from "../given.js";
import type { RequestSettings } from "./requests.js";
import { InferenceSession } from "./session.js";
import type { InferenceOptions } from "./types.js";

const DEFAULTS: RequestSettings = {
  timeoutMs: 30_000,
  retryInFlight: false,
  whileReconnecting: "wait",
  // At a few hundred bytes each, a few megabytes: enough for a burst, and for a cut of a minute at 100 readings a second.
  maxQueued: 10_000,
};

/** A session that connects at once. */
export function openSession(
  ensembleName: string,
  options: InferenceOptions & ConnectionOptions,
  environment: Environment = platform,
): InferenceSession {
  const { manualBoostSignals, mode, batchSize, includeMetadata } = options;
  const settings = { ...DEFAULTS, ...given(options) };
  const connection = new WebSocketManager(options, environment);
  const configuration = { manualBoostSignals, mode, batchSize, includeMetadata };
  return new InferenceSession(connection, ensembleName, configuration, settings as RequestSettings, environment);
}
