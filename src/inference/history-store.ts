// The histories of all sessions, open and lately closed, within one budget of memory.
import { TidewireError } from "../errors.js";
import { History, type HistoryBudget } from "./history.js";

/** What histories may use. */
export interface HistoryLimits {
  /** Newest rows kept for each session. */
  readonly historyRows: number;
  /** Memory of all histories; beyond it none grows. */
  readonly historyBytes: number;
  /** Histories of closed sessions that are kept, the newest ones. */
  readonly closedHistories: number;
  /** How long each of them is kept. */
  readonly closedHistoryMs: number;
}

interface ClosedHistory {
  readonly history: History;
  readonly untilMs: number;
}

/** Owns every history. Memory that live sessions need is taken from closed ones first, oldest out first. */
export class HistoryStore implements Disposable {
  readonly #open = new Map<string, History>();
  /** In the order they were closed. */
  readonly #closed = new Map<string, ClosedHistory>();
  readonly #budget: HistoryBudget = {
    reserve: (bytes) => this.#reserve(bytes),
    release: (bytes) => {
      this.#usedBytes -= bytes;
    },
  };
  #usedBytes = 0;
  #sweep: NodeJS.Timeout | undefined;

  /** @param nowMs a clock that never goes back */
  constructor(
    private readonly limits: HistoryLimits,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Memory of all histories. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** A new, empty history of the session. The one before is discarded. */
  open(sessionId: string, boundarySignals: readonly string[], signals: readonly string[], ensemble = ""): History {
    this.#discard(sessionId);
    const history = new History(boundarySignals, signals, this.limits.historyRows, this.#budget, ensemble);
    this.#open.set(sessionId, history);
    return history;
  }

  /** The session is over: its history stays for a while. Without a history it does nothing. */
  close(sessionId: string): void {
    const history = this.#open.get(sessionId);
    if (!history) return;
    this.#open.delete(sessionId);
    this.#closed.set(sessionId, { history, untilMs: this.nowMs() + this.limits.closedHistoryMs });
    this.#dropExpired();
  }

  /** The session's newest history. @throws TidewireError SESSION_NOT_FOUND */
  newest(sessionId: string): History {
    this.#dropExpired();
    const history = this.#open.get(sessionId) ?? this.#closed.get(sessionId)?.history;
    if (history) return history;
    const message = "no such session, or it ended too long ago: it has no history to save";
    throw new TidewireError("SESSION_NOT_FOUND", message, { session_id: sessionId });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#sweep);
    for (const sessionId of [...this.#open.keys(), ...this.#closed.keys()]) this.#discard(sessionId);
  }

  #reserve(bytes: number): boolean {
    while (this.#usedBytes + bytes > this.limits.historyBytes && this.#dropOldest());
    if (this.#usedBytes + bytes > this.limits.historyBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  #dropExpired(): void {
    const now = this.nowMs();
    for (const [sessionId, { untilMs }] of this.#closed) {
      if (untilMs > now && this.#closed.size <= this.limits.closedHistories) break;
      this.#discard(sessionId);
    }
    this.#schedule(now);
  }

  /** One timer for all: it fires when the oldest closed history expires, and holds no process open. */
  #schedule(now: number): void {
    clearTimeout(this.#sweep);
    const [oldest] = this.#closed.values();
    this.#sweep = oldest && setTimeout(() => this.#dropExpired(), Math.ceil(oldest.untilMs - now)).unref();
  }

  #dropOldest(): boolean {
    const [sessionId] = this.#closed.keys();
    if (sessionId === undefined) return false;
    this.#discard(sessionId);
    return true;
  }

  #discard(sessionId: string): void {
    (this.#open.get(sessionId) ?? this.#closed.get(sessionId)?.history)?.discard();
    this.#open.delete(sessionId);
    this.#closed.delete(sessionId);
  }
}
