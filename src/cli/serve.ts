// `tidewire serve`: starts the server and stays until a signal.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Logger } from "pino";
import type { Config } from "../config/index.js";
import { type CommandContext, CommandError, type RunnableServer } from "./context.js";
import { createLog } from "./log.js";
import { addSettings, readSettings } from "./options.js";

/** Beyond the drain itself: closing sockets, threads and files. */
const CLOSE_MARGIN_MS = 2000;

const NOTES = `
Every flag is also a variable and a key of the --config file: --data-dir, TIDEWIRE_DATA_DIR, {"dataDir": …}.
A flag wins over a variable, a variable over the file. Sizes take KiB, MiB and GiB.

Examples:
  $ tidewire serve --models ./models --port 9000
  $ tidewire serve --config tidewire.json --log-level debug
  $ TIDEWIRE_TOKEN=$(tidewire token --quiet) tidewire serve --host 0.0.0.0
  $ tidewire serve --host 0.0.0.0 --token-file tokens.json --tls-cert cert.pem --tls-key key.pem
  $ tidewire serve --host 0.0.0.0 --insecure      anyone who reaches the port may use it

Tokens and TLS: tidewire help token, docs/security.md`;

export function configure(command: Command, context: CommandContext): void {
  addSettings(command);
  command.addHelpText("after", NOTES).action(async () => {
    await serve(readSettings(command, context), context);
  });
}

/** Starts a server and announces its URL; the signals that end the process close it. */
export async function serve(config: Config, context: CommandContext): Promise<RunnableServer> {
  checkModels(config.models);
  const log = await createLog(config.logLevel, context.stdout);
  let server: RunnableServer | undefined;
  const timeoutMs = config.drainTimeoutMs + CLOSE_MARGIN_MS;
  context.onShutdown({ log, timeoutMs, close: async () => server?.close() });
  server = await context.createServer(config, { log });
  await announce(server, config, log);
  return server;
}

async function announce(server: RunnableServer, config: Config, log: Logger): Promise<void> {
  let url: string;
  try {
    url = await server.listen();
  } catch (error) {
    await server.close();
    throw listenError(error as NodeJS.ErrnoException, config);
  }
  // At every level: whoever starts a server on port 0 needs this line.
  if (config.logLevel !== "silent") log.child({}, { level: "info" }).info({ url }, "listening");
}

function checkModels(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  const state = found ? "is no folder" : "does not exist";
  throw new CommandError(
    `the models folder ${resolve(folder)} ${state}: name the folder that holds your models with --models, or create it`,
  );
}

function listenError(error: NodeJS.ErrnoException, { host, port }: Config): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} on ${host} is in use: stop what uses it, choose another with --port, or let --port 0 find one`,
    EACCES: `no right to listen on port ${port}: choose one above 1023 with --port`,
    EADDRNOTAVAIL: `${host} is no address of this machine: choose another with --host`,
    ENOTFOUND: `the host ${host} has no address: choose another with --host`,
  };
  const reason = reasons[error.code ?? ""];
  return reason === undefined ? error : new CommandError(reason, { cause: error });
}
