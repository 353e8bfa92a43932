// An examination as a person reads it: a line a finding, and under it what to do.
import { VERSION } from "../config/index.js";
import type { Finding, FindingState } from "../doctor/finding.js";
import type { CommandContext } from "./context.js";
import { canDraw, createPalette, type Palette } from "./terminal.js";

const SUBJECT_COLUMNS = 18;
const LINE_START = "\r\u001b[K";

/** Writes findings as they come. */
export class DoctorReport {
  readonly #stdout: CommandContext["stdout"];
  readonly #palette: Palette;
  readonly #draws: boolean;

  constructor({ stdout, env }: CommandContext) {
    this.#stdout = stdout;
    this.#palette = createPalette(stdout, env);
    this.#draws = canDraw(stdout, env);
  }

  title(): void {
    this.#stdout.write(`${this.#palette.bold("tidewire doctor")}  ${VERSION}\n\n`);
  }

  /** Tells on a terminal what is being looked at; the next line takes its place. */
  begun(subject: string): void {
    if (this.#draws) this.#stdout.write(`${LINE_START}${this.#palette.dim(`  …      ${subject}`)}`);
  }

  found({ subject, state, text, remedy }: Finding): void {
    const start = this.#draws ? LINE_START : "";
    this.#stdout.write(`${start}  ${this.#mark(state)}  ${subject.padEnd(SUBJECT_COLUMNS)} ${text}\n`);
    if (remedy !== undefined) this.#stdout.write(`${" ".repeat(9)}→ ${this.#palette.bold(remedy)}\n`);
  }

  end(count: number, faults: number, warnings: number): void {
    const parts = [`${count} things looked at`, plural(faults, "fault"), plural(warnings, "warning")];
    this.#stdout.write(`${this.#draws ? LINE_START : ""}\n${parts.join(", ")}\n`);
  }

  #mark(state: FindingState): string {
    const { good, dim, warn, bad } = this.#palette;
    const marks = { ok: good("ok   "), note: dim("note "), warning: warn("warn "), fault: bad("fault") };
    return marks[state];
  }
}

function plural(count: number, word: string): string {
  return `${count === 0 ? "no" : count} ${word}${count === 1 ? "" : "s"}`;
}
