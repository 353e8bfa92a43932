// The live inference sessions of a server, asked for again and again.
import { setTimeout as sleep } from "node:timers/promises";

/** Between an answer and the next question: a server that answers slowly is not asked more often. */
const INTERVAL_MS = 1_000;
const TIMEOUT_MS = 5_000;

/** The statistics of inference, as the server's HTTP has them. */
export interface Sessions {
  readonly total_predictions: number;
  readonly average_latency_ms: number;
  readonly connections: readonly {
    readonly session_id: string;
    readonly ensemble_name: string;
    readonly connected_at?: string;
    readonly predictions_count: number;
    readonly mode?: string;
  }[];
}

/** Tells the sessions until the signal; while the server does not answer, nothing is told. */
export async function followSessions(
  url: string,
  tell: (sessions: Sessions) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const sessions = await fetchSessions(url, signal);
    if (sessions) tell(sessions);
    await sleep(INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined); // it rejects when it is cut short
  }
}

/** Undefined where the server does not answer: the connection beside this says so, and why. */
async function fetchSessions(url: string, signal: AbortSignal): Promise<Sessions | undefined> {
  const asking = new AbortController();
  const abort = (): void => asking.abort();
  const timer = setTimeout(abort, TIMEOUT_MS);
  signal.addEventListener("abort", abort);
  try {
    const response = await fetch(`${url}/api/v1/inference/stream/stats`, { signal: asking.signal });
    const body: unknown = await response.json();
    return response.ok ? (body as Sessions) : undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
