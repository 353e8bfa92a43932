// How far something is that takes its time: one line on a terminal, and nothing elsewhere.
import type { CommandContext } from "./context.js";
import { canDraw, createPalette, fit, type Palette } from "./terminal.js";

const BAR_COLUMNS = 30;
/** Between two drawings: more is not seen. */
const INTERVAL_MS = 100;
const LINE_START = "\r\u001b[K";

/** A bar of bytes that are done. */
export class ProgressLine implements Disposable {
  readonly #output: NodeJS.WriteStream;
  readonly #palette: Palette;
  readonly #draws: boolean;
  readonly #title: string;
  #drawnMs = Number.NEGATIVE_INFINITY;

  constructor(title: string, { stderr, env }: CommandContext) {
    const output = stderr as CommandContext["stdout"];
    this.#title = title;
    this.#output = stderr;
    this.#palette = createPalette(output, env);
    this.#draws = canDraw(output, env);
  }

  readonly show = (doneBytes: number, allBytes: number): void => {
    const nowMs = performance.now();
    if (!this.#draws || nowMs < this.#drawnMs + INTERVAL_MS) return;
    this.#drawnMs = nowMs;
    const share = allBytes === 0 ? 1 : doneBytes / allBytes;
    const full = Math.round(share * BAR_COLUMNS);
    const bar = `${this.#palette.good("━".repeat(full))}${this.#palette.dim("─".repeat(BAR_COLUMNS - full))}`;
    const text = `${this.#title} ${bar} ${Math.floor(share * 100)} %  ${bytesText(doneBytes)} of ${bytesText(allBytes)}`;
    this.#output.write(LINE_START + fit(text, this.#output.columns || 80));
  };

  [Symbol.dispose](): void {
    if (this.#draws) this.#output.write(LINE_START);
  }
}

/** 3 407 872 → "3.3 MiB". */
export function bytesText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
