// Three ways to watch a demo: a screen, a line each second, JSON lines.
import type { CommandContext } from "../context.js";
import { canDraw, createPalette, Screen } from "../terminal.js";
import { screenLines } from "./screen.js";
import type { DemoSetup, DemoState } from "./state.js";
import { plainHeader, plainLine, summary, toJson, yearLine } from "./text.js";

/** Numbers that change more often cannot be read. */
const SCREEN_INTERVAL_MS = 200;
const LINE_INTERVAL_MS = 1000;
/** At full speed a year takes less than a second: its end is not said more often. */
const YEAR_INTERVAL_MS = 1000;

/** Shows a demo. */
export interface View extends Disposable {
  /** Time between two updates. */
  readonly intervalMs: number;
  start(setup: DemoSetup): void;
  update(state: DemoState): void;
  /** The year's last row has been answered. */
  year(state: DemoState): void;
  /** All is done; the screen is given back first. */
  end(state: DemoState): void;
}

/** The view for the place that the output goes to. */
export function createView(context: CommandContext, asJson: boolean): View {
  if (asJson) return new JsonView(context);
  return canDraw(context.stdout, context.env) ? new ScreenView(context) : new LineView(context);
}

class ScreenView implements View {
  readonly intervalMs = SCREEN_INTERVAL_MS;
  readonly #context: CommandContext;
  #screen: Screen | undefined;
  #year: string | undefined;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  start(): void {
    this.#screen = new Screen(this.#context.stdout);
  }

  update(state: DemoState): void {
    const screen = this.#screen;
    if (!screen) return;
    const paint = createPalette(this.#context.stdout, this.#context.env);
    const note = state.note ?? this.#year;
    screen.draw(screenLines({ ...state, note }, screen.columns, screen.rows, paint));
  }

  year(state: DemoState): void {
    this.#year = yearLine(state);
  }

  end(state: DemoState): void {
    this[Symbol.dispose]();
    this.#context.stdout.write(`${summary(state)}\n`);
  }

  [Symbol.dispose](): void {
    this.#screen?.[Symbol.dispose]();
  }
}

class LineView implements View {
  readonly intervalMs = LINE_INTERVAL_MS;
  readonly #context: CommandContext;
  #note: string | undefined;
  #yearMs = Number.NEGATIVE_INFINITY;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  start(setup: DemoSetup): void {
    this.#write(plainHeader(setup));
  }

  update(state: DemoState): void {
    if (state.note !== this.#note) this.#context.stderr.write(`tidewire: ${state.note}\n`);
    this.#note = state.note;
    this.#write(plainLine(state));
  }

  year(state: DemoState): void {
    if (state.elapsedMs - this.#yearMs < YEAR_INTERVAL_MS) return;
    this.#yearMs = state.elapsedMs;
    this.#write(yearLine(state));
  }

  end(state: DemoState): void {
    this.#write(`\n${summary(state)}`);
  }

  #write(text: string): void {
    this.#context.stdout.write(`${text}\n`);
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }
}

class JsonView implements View {
  readonly intervalMs = LINE_INTERVAL_MS;
  readonly #context: CommandContext;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  start(): void {
    // The first object comes with the first second.
  }

  update(state: DemoState): void {
    this.#context.stdout.write(`${toJson(state, "progress")}\n`);
  }

  year(): void {
    // Each object holds the count of years.
  }

  end(state: DemoState): void {
    this.#context.stdout.write(`${toJson(state, "summary")}\n`);
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }
}
