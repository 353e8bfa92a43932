// `tidewire watch`: what happens on topics, live.
import {
  type EventType,
  type LogLevel,
  type Position,
  ProgressClient,
  TidewireClient,
  type TopicEnd,
} from "@tidewire/client";
import { type Command, Option } from "commander";
import { type CommandContext, CommandError } from "./context.js";
import { createNotes } from "./notes.js";
import { addTarget, type Target, type TargetOptions, toTarget } from "./target.js";
import { canDraw } from "./terminal.js";
import { explained } from "./watch-errors.js";
import { Feed, isTopic, type Start } from "./watch-feed.js";
import { eventHistory, frameHistory } from "./watch-history.js";
import { onQuit } from "./watch-keys.js";
import { clean } from "./watch-text.js";
import { JsonView, LineView, ScreenView, type WatchView } from "./watch-views.js";
import { levels, parseLevel, parsePattern, parsePosition, parseTypes } from "./watch-words.js";

/** Longest wait between two attempts to come back: somebody looks on. */
const MAX_RECONNECT_DELAY_MS = 5000;
/** The client's own close, and the terminal. */
const CLOSE_TIMEOUT_MS = 5000;
/** Topics of one request for a list: the most that the server gives. */
const LIST_PAGE = 1000;

const NOTES = `
A topic is a family and names: training.run_7, task.shop.t1, evaluation.e1, workflow.w.x1, container.shop.c1, system.pc.
In a pattern * is any one name and a final > the rest; quote it, or the shell takes it for files.
On a terminal: a screen of bars and lines; q ends it. Elsewhere, with NO_COLOR and on dumb terminals: a line an event.
A topic that is watched by its own name is done when it has ended; when all are, lines end. A pattern goes on.

Examples:
  $ tidewire watch 'training.*'                      all training runs
  $ tidewire watch training.run_7 --from-start       one of them, with its history first
  $ tidewire watch training.run_7 --since 3-120      what came after that position
  $ tidewire watch '>' --types log --level WARNING   warnings and worse, of everything
  $ tidewire watch 'task.shop.*' --json | jq .data   the server's frames, one a line
  $ tidewire watch task.shop.t1 --exit && echo done  wait for its end: 0 completed, 1 failed or stopped`;

/** The command line's options. */
export interface WatchOptions extends TargetOptions {
  readonly json?: true;
  readonly since?: Position;
  readonly fromStart?: true;
  readonly level?: LogLevel;
  readonly types?: readonly EventType[];
  readonly exit?: true;
}

export function configure(command: Command, context: CommandContext): void {
  addTarget(command.argument("<pattern...>", "topics or patterns", parsePattern))
    .option("--json", "the server's frames, one JSON line each")
    .addOption(
      new Option("--since <position>", "replay what came after <generation>-<offset> of one topic").argParser(
        parsePosition,
      ),
    )
    .addOption(new Option("--from-start", "replay all that is kept first").conflicts("since"))
    .addOption(new Option("--level <level>", "least level of log lines").choices(levels()).argParser(parseLevel))
    .addOption(new Option("--types <types>", "event types wanted, with commas between").argParser(parseTypes))
    .option("--exit", "end when the one topic has: 0 completed, 1 failed or stopped")
    .addHelpText("after", NOTES)
    .action(async (patterns: readonly string[]) => watch(patterns, command.opts<WatchOptions>(), context));
}

/** Shows a watcher: the view for the place that the output goes to. */
export type CreateView = (context: CommandContext, patterns: readonly string[], url: string) => WatchView;

/** Watches until somebody ends it, or what was named has ended. @throws CommandError when it cannot go on, or the topic has failed */
export async function watch(
  patterns: readonly string[],
  options: WatchOptions,
  context: CommandContext,
  createScreen: CreateView = (...where) => new ScreenView(...where),
): Promise<void> {
  const target = toTarget(options, context);
  checkOptions(patterns, options);
  const stop = new AbortController();
  const notes = createNotes("error", (line) => context.stderr.write(line));
  const watching = new Watching({
    patterns: [...new Set(patterns)],
    options,
    context,
    createScreen,
    target,
    stop,
  }).run();
  const close = async (): Promise<void> => {
    stop.abort();
    await watching.catch(() => undefined); // whoever called `watch` is told
  };
  context.onShutdown({ log: notes.log, timeoutMs: CLOSE_TIMEOUT_MS, close });
  context.stdout.on("error", () => stop.abort()); // whoever read the lines has gone
  try {
    await watching;
  } catch (error) {
    if (!stop.signal.aborted) throw explained(error, target.url);
  } finally {
    notes.end();
  }
}

interface Setting {
  readonly patterns: readonly string[];
  readonly options: WatchOptions;
  readonly context: CommandContext;
  readonly createScreen: CreateView;
  readonly target: Target;
  readonly stop: AbortController;
}

/** From the first request to the last line. */
class Watching {
  readonly #setting: Setting;
  readonly #rest: TidewireClient;
  readonly #isScreen: boolean;

  constructor(setting: Setting) {
    const { context, options, target } = setting;
    this.#setting = setting;
    this.#rest = new TidewireClient({ baseURL: target.url, token: target.token });
    this.#isScreen = !options.json && canDraw(context.stdout, context.env) && !context.env.NO_COLOR;
  }

  async run(): Promise<void> {
    const { options, context, stop } = this.#setting;
    await this.#rest.health({ signal: stop.signal });
    const ends = await this.#show();
    if (options.exit) report(ends, this.#isScreen, context);
  }

  /** @returns how what was named has ended; nothing when somebody ended it before */
  async #show(): Promise<readonly TopicEnd[]> {
    const { options, target, stop } = this.#setting;
    await using client = new ProgressClient({
      ...target,
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
      maxReconnectDelay: MAX_RECONNECT_DELAY_MS,
      // Only a WebSocket hands over whole frames.
      ...(options.json ? { fallbackAfter: 0 } : {}),
    });
    using view = this.#createView();
    using _keys = this.#isScreen ? onQuit(() => stop.abort()) : undefined;
    const feed = this.#createFeed(client, view);
    const quit = new Promise<readonly TopicEnd[]>((resolve) => {
      stop.signal.addEventListener("abort", () => resolve([]), { once: true });
    });
    await Promise.race([feed.open(), quit]);
    // A screen stays until somebody has read it.
    const ended = this.#isScreen && !options.exit ? feed.done.then(() => quit) : feed.done;
    return await Promise.race([ended, quit]);
  }

  #createView(): WatchView {
    const { patterns, options, context, createScreen, target } = this.#setting;
    if (this.#isScreen) return createScreen(context, patterns, target.url);
    return options.json ? new JsonView(context) : new LineView(context);
  }

  #createFeed(client: ProgressClient, view: WatchView): FeedOf {
    const { patterns, options, target, stop } = this.#setting;
    const { types, level: minLevel, since, fromStart } = options;
    const start: Start = since ?? (fromStart ? "beginning" : "present");
    const common = { patterns, start, filter: { types, minLevel }, list: (pattern: string) => this.#list(pattern) };
    if (options.json) {
      const history = frameHistory(target, stop.signal);
      return new Feed(client, { ...common, history, replay: (entry) => view.entry(entry) }, view);
    }
    const history = eventHistory(this.#rest, stop.signal);
    return new Feed(client, { ...common, history, replay: (event) => view.event(event) }, view);
  }

  async *#list(pattern: string): AsyncGenerator<string> {
    let after: string | undefined;
    do {
      const page = await this.#rest.topics.list({ pattern, after, limit: LIST_PAGE });
      for (const { topic } of page.topics) yield topic;
      after = page.next;
    } while (after !== undefined);
  }
}

/** A feed, whatever form its history has. */
type FeedOf = Pick<Feed<never>, "open" | "done">;

function checkOptions(patterns: readonly string[], { since, exit }: WatchOptions): void {
  const isOne = patterns.length === 1 && isTopic(patterns[0] as string);
  if (!isOne && exit) throw new CommandError("--exit waits for one topic, and takes no pattern");
  if (!isOne && since) throw new CommandError("--since goes with one topic: a position is a place in its log alone");
}

/** How it has ended: what is good is a line where none tells it yet, what is not is an error. */
function report(ends: readonly TopicEnd[], isScreen: boolean, { stdout }: CommandContext): void {
  for (const { topic, family, status, exitCode, error, reason, message } of ends) {
    const isGood = status === "completed" || (status === "stopped" && family === "container" && !exitCode);
    const why = error ?? reason ?? message;
    const text = `${topic} ${status}${exitCode ? ` with exit code ${exitCode}` : ""}${why ? `: ${clean(why)}` : ""}`;
    if (!isGood) throw new CommandError(text);
    if (isScreen) stdout.write(`${text}\n`);
  }
}
