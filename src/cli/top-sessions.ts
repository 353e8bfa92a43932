// The live inference sessions of a server, asked for again and again.
import { setTimeout as sleep } from "node:timers/promises";
import { headersOf, type Target } from "./target.js";

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

/**
 * Tells the sessions until the signal, or until the server says that the token may not ask for them; while it does not
 * answer, nothing is told.
 */
export async function followSessions(
  target: Target,
  tell: (sessions: Sessions) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const sessions = await fetchSessions(target, signal);
    if (sessions === "refused") return;
    if (sessions) tell(sessions);
    await sleep(INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined); // it rejects when it is cut short
  }
}

/** Undefined where the server does not answer: the connection beside this says so, and why. */
async function fetchSessions(target: Target, signal: AbortSignal): Promise<Sessions | "refused" | undefined> {
  const asking = new AbortController();
  const abort = (): void => asking.abort();
  const timer = setTimeout(abort, TIMEOUT_MS);
  signal.addEventListener("abort", abort);
  try {
    const path = `${target.url}/api/v1/inference/stream/stats`;
    const response = await fetch(path, { headers: headersOf(target), signal: asking.signal });
    if (response.status === 401 || response.status === 403) return "refused";
    const body: unknown = await response.json();
    return response.ok ? (body as Sessions) : undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
