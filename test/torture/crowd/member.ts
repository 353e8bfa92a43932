// What every client of a crowd is, and the clients' connections as a crowd sees them.

import type { TidewireClient, WebSocketManager } from "@tidewire/client";
import type { Patience } from "./cast.js";

/** A client that takes part until it is told to leave. */
export interface Member {
  readonly isConnected: boolean;
  /** Resolves once it is connected. */
  back(): Promise<void>;
  /** Cuts its connection as a network does: without a word to the server's process. */
  cut(): void;
  /** Ends it for good. */
  leave(): Promise<void>;
}

/** Connections that came and went, over all members. */
export interface Comings {
  connects: number;
  cuts: number;
  /** Attempts that failed, by error code. */
  readonly failures: Record<string, number>;
}

/** What a member is made of. */
export interface MemberOptions {
  readonly client: TidewireClient;
  readonly comings: Comings;
  readonly patience: Patience;
}

/** Counts what becomes of a connection. */
export function watchConnection(connection: WebSocketManager, comings: Comings): void {
  connection.on("connected", () => {
    comings.connects += 1;
  });
  connection.on("disconnected", () => {
    comings.cuts += 1;
  });
  connection.on("connection_error", ({ error }) => count(comings.failures, error.code));
}

/** One more of a name. */
export function count(counts: Record<string, number>, name: string, more = 1): void {
  counts[name] = (counts[name] ?? 0) + more;
}
