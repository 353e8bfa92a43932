// What a session needs of the connection under it. ws/ implements it; tests may do so in memory.
import type { MessageRun } from "../wire/hot.js";
import type { SharedMessages } from "../wire/shared-messages.js";

/** What waits to be sent: a binary message, a text message, many messages still to be encoded, or what goes to many. */
export type Outgoing = Uint8Array | string | MessageRun | SharedMessages;

/** One connection, as its session sees it. */
export interface Transport {
  /** Sends messages in order, as one write. Does nothing on a connection that is closing. */
  send(messages: readonly Outgoing[]): void;
  /** Bytes accepted by `send` that the network has not taken. */
  readonly unsentBytes: number;
  /** Whether no other connection of the server has spoken lately. */
  readonly isAlone: boolean;
  /** Longest message that is taken from now on, in bytes; undefined for the server's own limit. A longer one ends the connection with 1009. */
  limitMessages(maxBytes: number | undefined): void;
  /** Stops reading; messages already read may still come. */
  pause(): void;
  /** Reads again. */
  resume(): void;
  /**
   * Sends what is queued, then closes with a code and a reason of at most 123 bytes; a peer that has not answered after
   * `graceMs` is cut off.
   */
  close(code: number, reason: string, graceMs?: number): void;
}
