// What the client needs of its surroundings; tests hand in their own.
import { openSocket } from "#platform";

/** The part of a platform's WebSocket that the client uses. */
export interface Socket {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: ArrayBuffer | string }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  send(message: Uint8Array<ArrayBuffer> | string): void;
  close(code?: number, reason?: string): void;
}

/** A timer that has not fired. */
export type Timer = unknown;

/** Sockets, clock and chance. */
export interface Environment {
  /** @throws when the platform refuses the address, or cannot send the token with the upgrade */
  openSocket(url: string, subprotocol: string, token?: string): Socket;
  setTimeout(action: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer): void;
  /** Milliseconds; only differences mean something. */
  now(): number;
  /** At least 0, below 1. */
  random(): number;
}

/** The platform's own. */
export const platform: Environment = {
  openSocket: openSocket as Environment["openSocket"],
  setTimeout: (action, delayMs) => setTimeout(action, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  now: () => performance.now(),
  random: () => Math.random(),
};
