// What a subcommand is given: the process and the server, as main.ts hands them down.
import type { Logger } from "pino";
import type { BackupOptions } from "../backup/backup.js";
import type { Manifest } from "../backup/manifest.js";
import type { Restored, RestoreOptions } from "../backup/restore.js";
import type { Config } from "../config/index.js";
import type { Examiner } from "../doctor/examine.js";

/** A server that is not listening yet. */
export interface RunnableServer {
  /** Starts to listen. @returns its URL */
  listen(): Promise<string>;
  /** Drains and stops; bounded and idempotent. */
  close(): Promise<void>;
}

/** The way out of a long-running command. */
export interface ShutdownOptions {
  readonly log: Logger;
  /** After that long the process ends whatever `close` still does. */
  readonly timeoutMs: number;
  /** Called once, at the first signal or the first uncaught error. */
  close(): Promise<void>;
}

/** Everything a subcommand may touch of the process. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream & { readonly fd: number };
  readonly stderr: NodeJS.WriteStream;
  /** Loads the server's code when it is called, not before. */
  createServer(config: Config, deps: { readonly log: Logger }): Promise<RunnableServer>;
  /** Looks at what a server with this configuration needs. Loads its code when it is called. */
  examine(config: Config, examiner: Examiner): Promise<void>;
  /** Copies a data folder. Loads its code when it is called. */
  backUp(options: BackupOptions): Promise<Manifest>;
  /** Puts a backup into a data folder. Loads its code when it is called. */
  restore(options: RestoreOptions): Promise<Restored>;
  /** From now on SIGTERM and SIGINT close and end the process with 0, uncaught errors with 1; a second signal at once. */
  onShutdown(options: ShutdownOptions): void;
}

/** The command cannot go on; the message is for the person at the terminal and the whole story. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
