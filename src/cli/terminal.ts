// A terminal as a calm place to draw on: colours that may be off, and a screen that changes in place.
import type { CommandContext } from "./context.js";

type Output = CommandContext["stdout"];
type Environment = CommandContext["env"];

const ESC = "\u001b[";
/** Other screen, no cursor, no wrapping at the edge; and back. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l`;
const LEAVE = `${ESC}?7h${ESC}?25h${ESC}?1049l`;
/** Terminals that know it show what is between as one; others ignore it. */
const [BEGIN_UPDATE, END_UPDATE] = [`${ESC}?2026h`, `${ESC}?2026l`];
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
const STYLE = /(\u001b\[[0-9;]*m)/g;

/** Assumed where the terminal does not tell. */
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** Sets text off; each gives the text unchanged where colours are off. */
export interface Palette {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
}

/** Colours where a person looks on and has not said no (https://no-color.org). */
export function createPalette(output: Output, env: Environment): Palette {
  const isOn = canDraw(output, env) && !env.NO_COLOR;
  const style = (on: number, off: number) => (text: string) => (isOn ? `${ESC}${on}m${text}${ESC}${off}m` : text);
  return { bold: style(1, 22), dim: style(2, 22), good: style(32, 39), warn: style(33, 39), bad: style(31, 39) };
}

/** Whether a screen can be drawn: a terminal that moves its cursor. */
export function canDraw(output: Output, env: Environment): boolean {
  return output.isTTY === true && env.TERM !== "dumb";
}

/** Cells that a text takes: what it holds beyond its styles. The texts here hold no wide characters. */
export function widthOf(text: string): number {
  return [...text.replace(STYLE, "")].length;
}

/** The text cut to `columns` cells, the last an ellipsis where something is lost; styles stay whole. */
export function fit(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let room = columns - 1;
  const cut = text.split(STYLE).map((part) => {
    if (part.startsWith(ESC)) return part;
    const cells = [...part].slice(0, room);
    room -= cells.length;
    return cells.join("");
  });
  return `${cut.join("")}…`;
}

/** A screen of lines that is redrawn in place. What was on the terminal before comes back at the end. */
export class Screen implements Disposable {
  readonly #output: Output;
  readonly #resized = () => this.#forget();
  #shown: string[] = [];
  #isOpen = true;

  constructor(output: Output) {
    this.#output = output;
    output.write(ENTER);
    output.on("resize", this.#resized);
  }

  get columns(): number {
    return this.#output.columns || DEFAULT_COLUMNS;
  }

  get rows(): number {
    return this.#output.rows || DEFAULT_ROWS;
  }

  /** Shows the lines, cut to the terminal's size. Only lines that differ are written, all in one write. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const next = lines.slice(0, this.rows).map((line) => fit(line, this.columns));
    let text = "";
    for (let row = 0; row < Math.max(next.length, this.#shown.length); row += 1) {
      const line = next[row] ?? "";
      if (line === this.#shown[row]) continue;
      // Behind a full line the cursor stands on its last cell, and erasing would take that cell.
      const erase = widthOf(line) < this.columns ? `${ESC}K` : "";
      text += `${ESC}${row + 1};1H${line}${ESC}0m${erase}`;
    }
    this.#shown = next;
    if (text !== "") this.#output.write(BEGIN_UPDATE + text + END_UPDATE);
  }

  /** A terminal of another size holds anything: the next drawing starts from nothing. */
  #forget(): void {
    this.#shown = [];
    if (this.#isOpen) this.#output.write(`${ESC}2J`);
  }

  /** Gives the terminal back as it was. Idempotent. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#output.off("resize", this.#resized);
    this.#output.write(LEAVE);
  }
}
