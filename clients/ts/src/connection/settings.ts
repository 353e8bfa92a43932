// The settings of a connection, with every default.
import { given } from "../given.js";
import type { Encoding } from "../wire/codec.js";

/** Longest delay of a platform's timer, in milliseconds, about 24 days; beyond it timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A token, or what gives one whenever one is needed; "" is none. */
export type Token = string | (() => string | Promise<string>);

/** What a connection may be told; all but `url` has a default. Times are milliseconds. */
export interface ConnectionOptions {
  /** `ws:`, `wss:`, `http:` or `https:`, path included. */
  readonly url: string;
  /**
   * Shown to the server, never in an address. A function is asked at each attempt to connect, and before its token expires;
   * it is asked once more when its token is refused.
   */
  readonly token?: Token | undefined;
  /** How frames travel. Default: "proto", binary. */
  readonly encoding?: Encoding | undefined;
  /** Whether a lost connection is opened again. Default: true. */
  readonly reconnect?: boolean | undefined;
  /** Attempts in a row before giving up; Infinity never gives up. Default: 10. */
  readonly maxReconnectAttempts?: number | undefined;
  /** Longest wait before the first attempt; it doubles with each further one. Default: 1000. */
  readonly reconnectDelay?: number | undefined;
  /** Longest wait before any attempt, at most about 24 days. Default: 30 000. */
  readonly maxReconnectDelay?: number | undefined;
  /** How often a ping asks whether the server is there; 0 and Infinity never ask. Default: 30 000. */
  readonly heartbeatInterval?: number | undefined;
  /** How long an attempt to connect may take; 0 and Infinity are as long as the platform lets it. Default: 10 000. */
  readonly connectionTimeout?: number | undefined;
}

/** The settings with nothing left open. */
export type ConnectionSettings = { readonly [Name in keyof ConnectionOptions]-?: NonNullable<ConnectionOptions[Name]> };

/** Whole milliseconds, rounded up; 0, which is no limit, for a time without end and for what is no positive time. */
export function toDelay(ms: number | undefined, most = MAX_TIMER_MS): number {
  return ms && ms > 0 && ms < Number.POSITIVE_INFINITY ? Math.min(Math.ceil(ms), most) : 0;
}

const DEFAULTS = {
  token: "",
  encoding: "proto",
  reconnect: true,
  maxReconnectAttempts: 10,
  reconnectDelay: 1000,
  maxReconnectDelay: 30_000,
  heartbeatInterval: 30_000,
  connectionTimeout: 10_000,
} as const;

/** The options over the defaults; an option that is undefined is not given. */
export function toSettings(options: ConnectionOptions): ConnectionSettings {
  const settings: ConnectionSettings = { ...DEFAULTS, ...given(options as ConnectionSettings) };
  return {
    ...settings,
    url: settings.url.replace(/^http/, "ws"),
    maxReconnectDelay: Math.min(settings.maxReconnectDelay, MAX_TIMER_MS),
    heartbeatInterval: toDelay(settings.heartbeatInterval),
    connectionTimeout: toDelay(settings.connectionTimeout),
  };
}

/**
 * Exponential backoff with full jitter: evenly spread between nothing and a bound that doubles, so that clients which
 * were cut off together do not come back together.
 *
 * @param attempt 0 for the first
 * @param random  at least 0, below 1
 */
export function backoffMs(attempt: number, random: number, settings: ConnectionSettings): number {
  return random * Math.min(settings.maxReconnectDelay, settings.reconnectDelay * 2 ** attempt);
}

/** Whether a connection closed with the code may be opened again by itself: 4400–4999 say no. */
export function comesBack(code: number): boolean {
  return code < 4400 || code > 4999;
}
