// `tidewire top`: the host, the server, its sessions and what runs, on one screen.
import { setTimeout as sleep } from "node:timers/promises";
import { type EventType, ProgressClient, TidewireClient } from "@tidewire/client";
import type { Command } from "commander";
import { planOf } from "../wire/plan.js";
import type { CommandContext } from "./context.js";
import { createNotes } from "./notes.js";
import { addTarget, type Target, type TargetOptions, toTarget } from "./target.js";
import { canDraw } from "./terminal.js";
import { followSessions, type Sessions } from "./top-sessions.js";
import { TopJson, TopOnce, TopScreen, type TopView } from "./top-views.js";
import { explained } from "./watch-errors.js";
import { Feed } from "./watch-feed.js";
import { eventHistory } from "./watch-history.js";
import { onQuit } from "./watch-keys.js";

/** Everything that has a life, and the hosts. */
const PATTERNS = ["system.*", "training.*", "evaluation.*", "task.*.*", "workflow.*.*", "container.*.*"];
/** Log lines are left to `tidewire watch`: a training run may write thousands a second. */
const TYPES = [...planOf("Event").cases.keys()].filter((type) => type !== "log") as EventType[];
/** What is told: the present state of everything, and what happens from now on; no history. */
const FEED = {
  patterns: PATTERNS,
  filter: { types: TYPES },
  start: "present",
  replay: (): void => undefined,
  async *list(): AsyncGenerator<string> {},
} as const;
/** Longest wait between two attempts to come back: somebody looks on. */
const MAX_RECONNECT_DELAY_MS = 5_000;
/** One view waits for shares of time, which need two samples; at most so long, where the server samples seldom. */
const ONCE_TIMEOUT_MS = 25_000;
/** The client's own close, and the terminal. */
const CLOSE_TIMEOUT_MS = 5_000;

const NOTES = `
Processors, memory, disks, network and GPUs of the server's host, or of the container it runs in; the server's own process;
the sessions that stream readings; training runs, evaluations, tasks, workflows and containers that are under way.
A dash or a line that is missing is something the host does not tell: it is not zero.
The server samples its host once a second while somebody watches, and not at all otherwise.
Elsewhere than on a terminal it prints one view and ends, as with --once.

Examples:
  $ tidewire top                                        q ends it
  $ tidewire top --url http://gpu-1:8000                another machine's server
  $ tidewire top --once                                 one view, for a report
  $ tidewire top --json | jq .system.gpus               an object a sample: system, sessions, runs
  $ tidewire top --once --json | jq .system.memory.ram_percent`;

/** The command line's options. */
interface TopOptions extends TargetOptions {
  readonly json?: true;
  readonly once?: true;
}

export function configure(command: Command, context: CommandContext): void {
  addTarget(command)
    .option("--json", "one JSON object a sample, a line each")
    .option("--once", "print one view and end")
    .addHelpText("after", NOTES)
    .action(async () => top(command.opts<TopOptions>(), context));
}

/** Shows what there is until somebody ends it. @throws CommandError when no server answers */
async function top(options: TopOptions, context: CommandContext): Promise<void> {
  const target = toTarget(options, context);
  const stop = new AbortController();
  const notes = createNotes("error", (line) => context.stderr.write(line));
  const showing = show(options, context, target, stop);
  const close = async (): Promise<void> => {
    stop.abort();
    await showing.catch(() => undefined); // whoever called `top` is told
  };
  context.onShutdown({ log: notes.log, timeoutMs: CLOSE_TIMEOUT_MS, close });
  context.stdout.on("error", () => stop.abort()); // whoever read the lines has gone
  try {
    await showing;
  } catch (error) {
    if (!stop.signal.aborted) throw explained(error, target.url);
  } finally {
    notes.end();
  }
}

async function show(
  options: TopOptions,
  context: CommandContext,
  target: Target,
  stop: AbortController,
): Promise<void> {
  // Apart from `stop`, which says that somebody has ended it: an error must not be taken for that.
  const over = new AbortController();
  const signal = AbortSignal.any([stop.signal, over.signal]);
  const { url, token } = target;
  const rest = new TidewireClient({ baseURL: url, token });
  await rest.health({ signal });
  await using client = new ProgressClient({
    ...target,
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
    maxReconnectDelay: MAX_RECONNECT_DELAY_MS,
    // Only a WebSocket hands over whole frames.
    ...(options.json ? { fallbackAfter: 0 } : {}),
  });
  const form = formOf(options, context);
  using view = createView(form, context, url);
  using _keys = form === "screen" ? onQuit(() => stop.abort()) : undefined;
  const quit = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const hasSessions = new Promise<void>((resolve) => {
    const tell = (sessions: Sessions): void => {
      view.sessions(sessions);
      resolve();
    };
    // A token may not tell them: then the view is whole without.
    void followSessions(target, tell, signal).then(resolve);
  });
  const feed = new Feed(client, { ...FEED, history: eventHistory(rest, signal) }, view);
  await Promise.race([feed.open(), quit]);
  const ends: Promise<unknown>[] = [quit, feed.done];
  if (form === "once" || form === "once-json")
    ends.push(Promise.all([view.whole, hasSessions]), sleep(ONCE_TIMEOUT_MS, undefined, { signal, ref: false }));
  try {
    await Promise.race(ends);
  } finally {
    over.abort(); // whoever still asks for sessions
  }
}

type Form = "screen" | "json" | "once" | "once-json";

function formOf({ json, once }: TopOptions, { stdout, env }: CommandContext): Form {
  if (json) return once ? "once-json" : "json";
  return once || !canDraw(stdout, env) ? "once" : "screen";
}

function createView(form: Form, context: CommandContext, url: string): TopView {
  if (form === "screen") return new TopScreen(context, url);
  return form === "once" ? new TopOnce(context, url) : new TopJson(context, url, form === "once-json");
}
