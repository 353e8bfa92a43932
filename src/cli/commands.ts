// The subcommands. A new one is a file beside this and a line here; its code is loaded when it is called.
import type { Command } from "commander";
import type { CommandContext } from "./context.js";

/** A subcommand's module. */
export interface CommandModule {
  /** Adds options, help and action to the empty `command`. */
  configure(command: Command, context: CommandContext): void;
}

/** A subcommand as `tidewire --help` lists it. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<CommandModule>;
}

/** In the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: "serve", summary: "start the server", load: () => import("./serve.js") },
  { name: "demo", summary: "watch a real ensemble predict real readings", load: () => import("./demo.js") },
  { name: "predict", summary: "ask a running server for predictions", load: () => import("./predict.js") },
  { name: "watch", summary: "see what happens on topics, live", load: () => import("./watch.js") },
  { name: "top", summary: "see the host, the sessions and what runs, live", load: () => import("./top.js") },
  { name: "publish", summary: "add events to a topic", load: () => import("./publish.js") },
  { name: "runs", summary: "list training runs, or look at one", load: () => import("./runs.js") },
  { name: "doctor", summary: "examine this machine, and say what to do", load: () => import("./doctor.js") },
  { name: "backup", summary: "copy the data of a running server", load: () => import("./backup.js") },
  { name: "restore", summary: "put a backup into a data folder", load: () => import("./restore.js") },
  { name: "token", summary: "make an access token", load: () => import("./token.js") },
  { name: "decode", summary: "show a binary frame as JSON", load: () => import("./decode.js") },
];
