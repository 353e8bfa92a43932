// Progress on stderr: a bar that moves at a terminal, a line now and then elsewhere.
const BAR_WIDTH = 24;
/** Between two lines about the same part where nobody sees a bar. */
const LINE_MS = 15_000;

/** Where progress is shown. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Lines, and below them at most one bar. */
export class Screen {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #hasBar = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#now = now;
  }

  /** A line that stays. */
  say(line: string): void {
    this.#wipe();
    this.#terminal.write(`${line}\n`);
  }

  /** How far a part is. @param share 0 to 1 */
  progress(name: string, share: number, note: string): void {
    const percent = `${Math.floor(Math.min(1, Math.max(0, share)) * 100)} %`;
    if (this.#terminal.isTTY) {
      this.#wipe();
      this.#terminal.write(`  ${name} ${barOf(share)} ${percent.padStart(5)}  ${note}`);
      this.#hasBar = true;
    } else if (this.#now() - this.#toldAt >= LINE_MS) {
      this.#toldAt = this.#now();
      this.#terminal.write(`  ${name} ${percent}  ${note}\n`);
    }
  }

  #wipe(): void {
    if (this.#hasBar) this.#terminal.write("\r\x1b[2K");
    this.#hasBar = false;
  }
}

function barOf(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return "━".repeat(full) + "─".repeat(BAR_WIDTH - full);
}
