// How far what is shown can be trusted.

/**
 * - idle: nothing to follow was named
 * - connecting: nothing is known yet
 * - live: what is shown is what is
 * - reconnecting: what is shown was so; the connection is being opened again
 * - stale: what is shown was so, and nobody works on it now: no further attempt, a refused subscription, a hidden page
 * - ended: it has come to its end; what is shown is final
 */
export type LinkState = "idle" | "connecting" | "live" | "reconnecting" | "stale" | "ended";

/** Reconnecting for so long counts as stale, in milliseconds. */
export const STALE_MS = 10_000;
