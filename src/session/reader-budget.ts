// What a reader may leave unread, and what becomes of it then: one rule for sockets and event streams.

/** Of a reader's budget, what may be said in one turn; a burst beyond it is read from the log, at the reader's pace. */
const TURN_SHARE = 0.5;

/**
 * Backlog at which those who wait for room go on. Not less than a socket's high-water mark: below that Node tells nobody
 * when it has been written.
 */
export const READY_BYTES = 64 * 1024;

/** What waits for a reader. */
export interface Backlog {
  /** Bytes of earlier turns that the network has not taken. */
  readonly unsentBytes: number;
  /** Bytes said in this turn. */
  readonly turnBytes: number;
}

/**
 * Whether so many bytes more may be said. `later`: much was said in this turn, for which the reader is not to blame.
 * `slow`: the reader has left its whole budget unread, and is to come back and resume. A message alone always has room.
 */
export function roomFor(bytes: number, { unsentBytes, turnBytes }: Backlog, budget: number): "now" | "later" | "slow" {
  if (unsentBytes > 0 && unsentBytes + bytes > budget) return "slow";
  return turnBytes > 0 && turnBytes + bytes > budget * TURN_SHARE ? "later" : "now";
}
