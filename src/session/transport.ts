// What a session needs of the connection under it. ws/ implements it; tests may do so in memory.
import type { MessageRun } from "../wire/hot.js";

/** What waits to be sent: a binary message, a text message, or many messages still to be encoded. */
export type Outgoing = Uint8Array | string | MessageRun;

/** One connection, as its session sees it. */
export interface Transport {
  /** Sends messages in order, as one write. Does nothing on a connection that is closing. */
  send(messages: readonly Outgoing[]): void;
  /** Bytes accepted by `send` that the network has not taken. */
  readonly unsentBytes: number;
  /** Stops reading; messages already read may still come. */
  pause(): void;
  /** Reads again. */
  resume(): void;
  /** Sends what is queued, then closes with a code and a reason of at most 123 bytes. */
  close(code: number, reason: string): void;
}
