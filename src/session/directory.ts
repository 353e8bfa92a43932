// All open sessions, and what the closed ones have added up to.
import type { StreamConnection, StreamStats } from "../../generated/ts/tidewire/v1/http.js";
import type { StreamCounts } from "../inference/stream.js";
import { AddressCounts } from "../limits/address-counts.js";
import type { Session } from "./session.js";
import { toTimestamp } from "./timestamps.js";

/** Finds sessions and counts for them. */
export class SessionDirectory {
  readonly #sessions = new Set<Session>();
  /** Sessions that have not shown a token yet, where one is asked for, by their clients. */
  readonly closedOff = new AddressCounts();
  /** Counts of sessions that are closed. */
  readonly #closed: StreamCounts = { readings: 0, requests: 0, latencyMs: 0 };

  add(session: Session): void {
    this.#sessions.add(session);
  }

  remove(session: Session): void {
    if (this.#sessions.delete(session)) addCounts(this.#closed, session.inference.counts);
  }

  /** Open sessions by path and by encoding. */
  counts(): { readonly byPath: Record<string, number>; readonly byEncoding: Record<string, number> } {
    const byPath: Record<string, number> = {};
    const byEncoding: Record<string, number> = {};
    for (const { path, encoding } of this.#sessions) {
      byPath[path] = (byPath[path] ?? 0) + 1;
      byEncoding[encoding] = (byEncoding[encoding] ?? 0) + 1;
    }
    return { byPath, byEncoding };
  }

  /** Open sessions by path and encoding together. */
  kinds(): readonly { readonly path: string; readonly encoding: string; readonly count: number }[] {
    const kinds = new Map<string, { path: string; encoding: string; count: number }>();
    for (const { path, encoding } of this.#sessions) {
      const name = `${path} ${encoding}`;
      const kind = kinds.get(name);
      if (kind) kind.count += 1;
      else kinds.set(name, { path, encoding, count: 1 });
    }
    return [...kinds.values()];
  }

  /** Count of open sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Bytes that wait for the network, over all sessions. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const session of this.#sessions) bytes += session.unsentBytes;
    return bytes;
  }

  /** Ends all sessions, each as soon as its requests in flight are answered. */
  async drain(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.drain()));
  }

  /** Ends all sessions at once. */
  end(code: number, reason: string): void {
    for (const session of [...this.#sessions]) session.end(code, reason);
  }

  /** The statistics of inference; sessions without an ensemble are none of its connections. */
  stats(): StreamStats {
    const total = { ...this.#closed };
    const connections: StreamConnection[] = [];
    for (const session of this.#sessions) {
      addCounts(total, session.inference.counts);
      const connection = toConnection(session);
      if (connection) connections.push(connection);
    }
    return {
      activeConnections: connections.length,
      totalPredictions: total.readings,
      averageLatencyMs: total.requests === 0 ? 0 : total.latencyMs / total.requests,
      connections,
    };
  }
}

function addCounts(total: StreamCounts, counts: StreamCounts): void {
  total.readings += counts.readings;
  total.requests += counts.requests;
  total.latencyMs += counts.latencyMs;
}

function toConnection(session: Session): StreamConnection | undefined {
  const { stream, counts, mode } = session.inference;
  if (!stream) return undefined;
  return {
    sessionId: session.id,
    ensembleName: stream.ensemble.name,
    connectedAt: toTimestamp(session.connectedAtMs),
    predictionsCount: counts.readings,
    mode,
  };
}
