// Figures of a host in words: short, of equal width where they stand below each other.
import { type Palette, widthOf } from "./terminal.js";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const STEP = 1024;
/** Eighths of a cell, for a processor each. */
const BLOCKS = "▁▂▃▄▅▆▇█";
/** What is at hand is little; what is nearly used up is worth a colour. */
const [MUCH, TOO_MUCH] = [80, 95];

/** "1.66 GiB", three digits. */
export function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(STEP)));
  const value = bytes / STEP ** power;
  const digits = power === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[power]}`;
}

/** "1.66 of 23.5 GiB"; what is not known is left out. */
export function sizeOf(used: number | undefined, total: number | undefined): string | undefined {
  if (total === undefined) return used === undefined ? undefined : size(used);
  if (used === undefined) return size(total);
  const [value, unit] = size(used).split(" ");
  const whole = size(total);
  return whole.endsWith(` ${unit}`) ? `${value} of ${whole}` : `${size(used)} of ${whole}`;
}

/** The facts behind a name, on as many lines of `width` cells as they take, below each other. */
export function wrapped(name: string, facts: readonly (string | undefined)[], width: number): string[] {
  const indent = " ".repeat(widthOf(name));
  const lines: string[] = [];
  let line = name;
  for (const fact of facts) {
    if (fact === undefined || fact === "") continue;
    const longer = line === name || line === indent ? `${line} ${fact}` : `${line}  ${fact}`;
    if (widthOf(longer) <= width || line === name || line === indent) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = `${indent} ${fact}`;
  }
  return [...lines, line];
}

/** A time in ms: "0.21 ms". */
export function ms(value: number): string {
  return `${Number(value.toPrecision(3))} ms`;
}

/** " 55.0%", always six cells; a dash for what is not told. */
export function share(percent: number | undefined): string {
  return (percent === undefined ? "–" : `${percent.toFixed(1)}%`).padStart("100.0%".length);
}

/** A bar of so many cells, in the colour of how full it is; nothing where there is no room. */
export function bar(percent: number | undefined, cells: number, paint: Palette): string {
  if (cells <= 0) return "";
  const full = Math.round((Math.min(100, Math.max(0, percent ?? 0)) / 100) * cells);
  return colourOf(percent, paint)("━".repeat(full)) + paint.dim("─".repeat(cells - full));
}

/** A processor each, as a block of its height. */
export function blocks(percents: readonly number[], paint: Palette): string {
  const blockOf = (percent: number) => BLOCKS[Math.min(BLOCKS.length - 1, Math.floor((percent / 100) * BLOCKS.length))];
  return percents.map((percent) => colourOf(percent, paint)(blockOf(percent) ?? "")).join("");
}

function colourOf(percent = 0, paint: Palette): (text: string) => string {
  return percent >= TOO_MUCH ? paint.bad : percent >= MUCH ? paint.warn : paint.good;
}
