// The command line in this process, beside a whole server.
import { once } from "node:events";
import { PassThrough } from "node:stream";
import type { Test } from "tap";
import { backUp } from "../../../src/backup/backup.js";
import { restore } from "../../../src/backup/restore.js";
import type { CommandContext, ShutdownOptions } from "../../../src/cli/context.js";
import { run } from "../../../src/cli/program.js";
import { examine } from "../../../src/doctor/examine.js";
import { createServer } from "../../../src/server.js";
import type { JsonObject } from "../../../src/wire/json.js";
import { restOf } from "./rest.js";
import { serve } from "./serve.js";

/** An event log that is quick to open, and gone with its server. */
export const MEMORY = { eventLog: "memory" };

/** A stream that may say that it is a terminal. */
export class Output extends PassThrough {
  readonly fd = 1;
  isTTY = false;
  columns = 100;
  rows = 24;
  text = "";

  constructor() {
    super({ encoding: "utf8" });
    this.on("data", (chunk: string) => {
      this.text += chunk;
    });
  }

  /** Waits until the text holds what is looked for. */
  async until(found: string | RegExp, from = 0): Promise<void> {
    const isThere = () =>
      typeof found === "string" ? this.text.includes(found, from) : found.test(this.text.slice(from));
    while (!isThere()) await once(this, "data");
  }

  get lines(): string[] {
    return this.text.trimEnd().split("\n");
  }

  get json(): JsonObject[] {
    return this.lines.map((line) => JSON.parse(line));
  }
}

/** The command line in this process, with what it writes. */
export function commandLine(t: Test, words: readonly string[], env: CommandContext["env"], isTTY: boolean) {
  const stdout = Object.assign(new Output(), { isTTY });
  const stderr = new Output();
  let shutdown: ShutdownOptions | undefined;
  const context: CommandContext = {
    env,
    stdout: stdout as unknown as CommandContext["stdout"],
    stderr: stderr as unknown as CommandContext["stderr"],
    createServer,
    examine,
    backUp,
    restore,
    onShutdown: (options) => {
      shutdown = options;
    },
  };
  const status = run(words, context);
  /** What a signal does. */
  const interrupt = async () => shutdown?.close();
  t.teardown(interrupt);
  return { status, stdout, stderr, interrupt };
}

export type Rest = ReturnType<typeof restOf>;

export function commandsOf(t: Test, url: string) {
  const rest = restOf(url);
  const tidewire = (words: readonly string[], env: CommandContext["env"] = {}, isTTY = false) =>
    commandLine(t, [...words, "--url", url], env, isTTY);
  /** To the end. */
  const done = async (...words: readonly string[]) => {
    const { status, stdout, stderr } = tidewire(words);
    return { status: await status, output: stdout.text, errors: stderr.text };
  };
  return { url, rest, tidewire, done };
}

/** A server with a running training run `r`. */
export async function start(t: Test, flags: object = MEMORY) {
  const { url, server } = await serve(t, { models: [], flags: { ...flags } });
  const commands = commandsOf(t, url);
  await begin(commands.rest, "r");
  return { server, ...commands };
}

export async function begin(rest: Rest, id: string): Promise<void> {
  await rest("POST", "/training/logs/session", { experiment_id: id, total_epochs: 10 });
  await rest("PUT", `/training/logs/${id}/status`, { status: "running" });
}

export const log = (rest: Rest, ...messages: readonly string[]) =>
  rest(
    "POST",
    "/training/logs/r/log",
    messages.map((message) => ({ level: "INFO", message, timestamp: "2025-12-15T10:30:00.123456Z" })),
  );

export const publish = (rest: Rest, topic: string, type: string, data: object = {}) =>
  rest("POST", "/events", { topic, type, data });
