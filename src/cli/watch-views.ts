// Three ways to watch: a screen, a line an event, the server's frames as JSON lines.
import type { ServerFrame, TidewireEvent, TopicGap, TopicSnapshot } from "@tidewire/client";
import { frameToJson, type JsonObject } from "../wire/json.js";
import { type CommandContext, CommandError } from "./context.js";
import { createPalette, type Palette, Screen } from "./terminal.js";
import { Board } from "./watch-board.js";
import type { FeedListener, Link } from "./watch-feed.js";
import { type Surface, screenLines } from "./watch-screen.js";
import { eventLine, gapLine, snapshotLine } from "./watch-text.js";

/** Bars that move more often cannot be followed. */
const DRAW_INTERVAL_MS = 100;
/** Times on the screen count on although nothing comes. */
const IDLE_INTERVAL_MS = 1000;
/** Unwritten output beyond which the reader counts as stuck: terminals, files and pipes of POSIX take it at once. */
const MAX_UNWRITTEN_BYTES = 64 * 1024 * 1024;

/** Shows what a feed tells. */
export interface WatchView extends FeedListener, Disposable {
  /** An event of a history that was read as JSON. */
  entry(entry: JsonObject): void;
}

/** The context as views need it. */
export type Outputs = Pick<CommandContext, "stdout" | "stderr" | "env">;

/** Draws a board; `lines` makes a screen of it. */
export class ScreenView implements WatchView {
  readonly #board: Board;
  readonly #screen: Screen;
  readonly #paint: Palette;
  readonly #timer: NodeJS.Timeout;
  readonly #lines: (board: Board, surface: Surface, paint: Palette) => string[];
  #isDirty = true;
  #drawnMs = 0;

  constructor({ stdout, env }: Outputs, patterns: readonly string[], url: string, lines = screenLines) {
    this.#board = new Board(patterns, url);
    this.#screen = new Screen(stdout);
    this.#paint = createPalette(stdout, env);
    this.#lines = lines;
    this.#timer = setInterval(() => this.#draw(), DRAW_INTERVAL_MS);
  }

  event(event: TidewireEvent): void {
    this.#change((nowMs) => this.#board.event(event, nowMs));
  }

  snapshot(snapshot: TopicSnapshot): void {
    this.#change((nowMs) => this.#board.snapshot(snapshot, nowMs));
  }

  gap(gap: TopicGap): void {
    this.#change((nowMs) => this.#board.gap(gap, nowMs));
  }

  linked(link: Link): void {
    this.#change((nowMs) => this.#board.linked(link, nowMs));
  }

  frame(): void {
    // What it led to has been told.
  }

  entry(): void {
    throw new TypeError("a screen reads histories as events");
  }

  #change(change: (nowMs: number) => void): void {
    change(Date.now());
    this.#isDirty = true;
  }

  #draw(): void {
    const nowMs = Date.now();
    if (!this.#isDirty && nowMs - this.#drawnMs < IDLE_INTERVAL_MS) return;
    this.#isDirty = false;
    this.#drawnMs = nowMs;
    const { columns, rows } = this.#screen;
    this.#screen.draw(this.#lines(this.#board, { columns, rows, nowMs }, this.#paint));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#screen[Symbol.dispose]();
  }
}

/** What the views without a screen share: what is said of the connection goes to the standard error output. */
abstract class TextView implements WatchView {
  readonly #outputs: Outputs;
  #said = "";

  constructor(outputs: Outputs) {
    this.#outputs = outputs;
  }

  abstract event(event: TidewireEvent): void;
  abstract snapshot(snapshot: TopicSnapshot): void;
  abstract gap(gap: TopicGap): void;
  abstract frame(frame: ServerFrame): void;
  abstract entry(entry: JsonObject): void;

  linked(link: Link): void {
    const text = linkLine(link);
    if (text === this.#said) return;
    // That it is connected is worth a line only after it was not.
    if (text !== "" && (link.is !== "connected" || this.#said !== ""))
      this.#outputs.stderr.write(`tidewire: ${text}\n`);
    this.#said = text;
  }

  protected write(line: string): void {
    const { stdout } = this.#outputs;
    stdout.write(`${line}\n`);
    if (stdout.writableLength > MAX_UNWRITTEN_BYTES)
      throw new CommandError(`nobody reads the output: ${stdout.writableLength} bytes of it wait`);
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }
}

/** One readable line an event. */
export class LineView extends TextView {
  event(event: TidewireEvent): void {
    this.write(eventLine(event));
  }

  snapshot(snapshot: TopicSnapshot): void {
    this.write(snapshotLine(snapshot));
  }

  gap(gap: TopicGap): void {
    this.write(gapLine(gap));
  }

  frame(): void {
    // What it led to has been told.
  }

  entry(): void {
    throw new TypeError("lines read histories as events");
  }
}

/** The frames as the server sends them, one a line: those that told something. */
export class JsonView extends TextView {
  #hasTold = false;

  event(): void {
    this.#hasTold = true;
  }

  snapshot(): void {
    this.#hasTold = true;
  }

  gap(): void {
    this.#hasTold = true;
  }

  frame(frame: ServerFrame): void {
    if (this.#hasTold) this.entry(frameToJson("ServerFrame", frame));
    this.#hasTold = false;
  }

  entry(entry: JsonObject): void {
    this.write(JSON.stringify(entry));
  }
}

function linkLine(link: Link): string {
  if (link.is === "reconnecting") return `reconnecting: ${link.reason}`;
  if (link.is === "resumed") return "connected again: nothing was missed";
  if (link.is !== "connected") return "";
  return link.overHttp ? "connected over HTTP" : "connected again";
}
