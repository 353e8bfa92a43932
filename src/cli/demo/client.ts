// The demo's connection to its own server: the client that everybody has, over a real socket.
import { TidewireClient } from "@tidewire/client";
import type { Predictor } from "./replay.js";

/** An ensemble that predicts over the binary WebSocket. */
export interface EnsembleStream extends Predictor {
  /** The session at the server. */
  readonly sessionId: string;
  readonly version: string;
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
  /** Names of the signals whose boost is on. */
  readonly boosted: ReadonlySet<string>;
  close(): Promise<void>;
}

/** Connects and waits until the server has the configuration. @param token "" is none @throws TidewireClientError */
export async function connectPredictor(url: string, token: string, ensemble: string): Promise<EnsembleStream> {
  const client = new TidewireClient({ baseURL: url, token });
  const { boostSignals } = await client.ensembles.info(ensemble);
  const session = client.inference(ensemble);
  const { sessionId, version, boundarySignals, signals } = await session.ready();
  return {
    sessionId,
    version,
    boundarySignals,
    signals,
    boosted: new Set(signals.filter((name) => boostSignals[name])),
    predict: async (reading) => (await session.predict(reading)).values,
    close: () => session.close(),
  };
}
