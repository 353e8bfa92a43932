// The end of a run: a table for people, and the same as JSON.
import { writeFileSync } from "node:fs";
import { replayCommand } from "./arguments.js";
import type { Findings } from "./part.js";

/** What became of one part. */
export interface Outcome extends Findings {
  readonly name: string;
  readonly seconds: number;
}

/** A whole run. */
export interface Run {
  readonly seed: number;
  readonly isLong: boolean;
  readonly minutes: number | undefined;
  readonly outcomes: readonly Outcome[];
}

/** Whether every promise was kept. */
export function isSound({ outcomes }: Run): boolean {
  return outcomes.every(({ findings }) => findings.length === 0);
}

/** One line a part, its figures below it, then what was found and how to have it again. */
export function toText(run: Run): string {
  const width = Math.max(4, ...run.outcomes.map(({ name }) => name.length));
  const lines = run.outcomes.flatMap((outcome) => [summaryOf(outcome, width), ...figuresOf(outcome, width)]);
  return [...lines, ...run.outcomes.flatMap((outcome) => faultsOf(outcome, run))].join("\n");
}

function summaryOf({ name, seconds, findings }: Outcome, width: number): string {
  const verdict = findings.length === 0 ? "ok" : `${findings.length} FOUND`;
  return `${name.padEnd(width)}  ${verdict.padEnd(9)} ${seconds.toFixed(1).padStart(7)} s`;
}

function figuresOf({ figures }: Outcome, width: number): string[] {
  return Object.entries(figures).map(([name, value]) => `${" ".repeat(width)}  ${name}: ${shown(value)}`);
}

function shown(value: number | string): string {
  return typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: 3 }) : value;
}

function faultsOf({ name, findings }: Outcome, { seed, minutes, isLong }: Run): string[] {
  if (findings.length === 0) return [];
  const told = findings.map(({ invariant, what }) => `  ${invariant}: ${what}`);
  return ["", `${name}: again by ${replayCommand(seed, name, minutes, isLong)}`, ...told];
}

/** Writes the report where it was asked for. */
export function writeReport(file: string | undefined, run: Run, host: Record<string, unknown>): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify({ ...run, host }, undefined, 2)}\n`);
}
