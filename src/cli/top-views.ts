// Three ways to show a board: a screen, one view and the end, a JSON object a sample.
import type { ServerFrame, TidewireEvent, TopicGap, TopicSnapshot } from "@tidewire/client";
import { frameToJson, type JsonObject } from "../wire/json.js";
import { createPalette, Screen } from "./terminal.js";
import { TopBoard } from "./top-board.js";
import { topLines } from "./top-screen.js";
import type { Sessions } from "./top-sessions.js";
import type { FeedListener, Link } from "./watch-feed.js";
import type { TopicRow } from "./watch-row.js";
import type { Outputs } from "./watch-views.js";

/** Enough for bars that move once a second, and soon enough for a terminal of another size. */
const DRAW_INTERVAL_MS = 200;
/** Where the output is no terminal. */
const DEFAULT_COLUMNS = 80;

/** Shows a board. */
export interface TopView extends FeedListener, Disposable {
  /** Resolves when a sample with shares of time has been told: the first one has none. */
  readonly whole: Promise<void>;
  /** The sessions as they are now. */
  sessions(sessions: Sessions): void;
}

/** What all views keep. */
abstract class BoardView implements TopView {
  readonly whole: Promise<void>;
  protected readonly board: TopBoard;
  #isWhole: () => void = () => undefined;

  constructor(url: string) {
    this.board = new TopBoard(url);
    this.whole = new Promise((resolve) => {
      this.#isWhole = resolve;
    });
  }

  event(event: TidewireEvent): void {
    this.board.event(event, Date.now());
    if (event.type === "system_stats" && event.cpu?.cpuUtil !== undefined) this.#isWhole();
  }

  snapshot(snapshot: TopicSnapshot): void {
    this.board.snapshot(snapshot, Date.now());
  }

  gap(gap: TopicGap): void {
    this.board.gap(gap, Date.now());
  }

  linked(link: Link): void {
    this.board.linked(link, Date.now());
  }

  frame(_frame: ServerFrame): void {
    // What it led to has been told.
  }

  sessions(sessions: Sessions): void {
    this.board.sessions = sessions;
  }

  abstract [Symbol.dispose](): void;
}

/** Redraws in place until it is disposed of. */
export class TopScreen extends BoardView {
  readonly #screen: Screen;
  readonly #timer: NodeJS.Timeout;

  constructor({ stdout, env }: Outputs, url: string) {
    super(url);
    const screen = new Screen(stdout);
    const paint = createPalette(stdout, env);
    this.#screen = screen;
    this.#timer = setInterval(() => {
      const { columns, rows } = screen;
      screen.draw(topLines(this.board, { columns, rows, nowMs: Date.now() }, paint));
    }, DRAW_INTERVAL_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#screen[Symbol.dispose]();
  }
}

/** Shows one view when it is disposed of. */
export class TopOnce extends BoardView {
  readonly #outputs: Outputs;

  constructor(outputs: Outputs, url: string) {
    super(url);
    this.#outputs = outputs;
  }

  [Symbol.dispose](): void {
    const { stdout, env } = this.#outputs;
    const surface = { columns: stdout.columns || DEFAULT_COLUMNS, rows: Number.POSITIVE_INFINITY, nowMs: Date.now() };
    stdout.write(`${topLines(this.board, surface, createPalette(stdout, env)).join("\n")}\n`);
  }
}

/** One JSON object a sample, a line each; in `once` only the last one. */
export class TopJson extends BoardView {
  readonly #outputs: Outputs;
  readonly #isOnce: boolean;
  #last = "";

  constructor(outputs: Outputs, url: string, isOnce: boolean) {
    super(url);
    this.#outputs = outputs;
    this.#isOnce = isOnce;
  }

  override frame(frame: ServerFrame): void {
    if (frame.body?.$case !== "event" || frame.body.value.kind?.$case !== "systemStats") return;
    const { topic, timestamp, data }: JsonObject = frameToJson("ServerFrame", frame);
    const runs = this.board.active.map(runToJson);
    this.#last = JSON.stringify({ topic, timestamp, system: data, sessions: this.board.sessions ?? null, runs });
    if (!this.#isOnce) this.#outputs.stdout.write(`${this.#last}\n`);
  }

  override linked(link: Link): void {
    super.linked(link);
    if (link.is === "reconnecting") this.#outputs.stderr.write(`tidewire: reconnecting: ${link.reason}\n`);
  }

  [Symbol.dispose](): void {
    if (this.#isOnce && this.#last !== "") this.#outputs.stdout.write(`${this.#last}\n`);
  }
}

/** A run with the names that the wire has. */
function runToJson({
  topic,
  status,
  percent,
  epoch,
  totalEpochs,
  step,
  totalSteps,
  stage,
  message,
  metrics,
}: TopicRow) {
  return {
    topic,
    status,
    progress: percent,
    epoch,
    total_epochs: totalEpochs,
    step,
    total_steps: totalSteps,
    stage,
    message,
    metrics,
  };
}
