// The figures for people.
import type { Figure } from "./figure.js";

/** One line a figure. */
export function toTable(figures: Readonly<Record<string, Figure>>): string {
  const rows = Object.entries(figures).map(([name, figure]) => rowOf(name, figure));
  return columns([["", "measured", "peer", "ratio", "must", "aim", "", "unit"], ...rows]);
}

function rowOf(name: string, figure: Figure): string[] {
  const { measured, peer, ratio, must, aim, pass, unit } = figure;
  const verdict = pass === null ? "" : pass ? "ok" : "MISSED";
  return [
    name,
    number(measured),
    peer === null ? "–" : number(peer),
    ratio === null ? "–" : `${ratio}×`,
    bound(figure, must),
    bound(figure, aim),
    verdict,
    unit,
  ];
}

function bound({ better, judged }: Figure, value: number | null): string {
  if (value === null) return "–";
  return `${better === "higher" ? "≥" : "≤"} ${value}${judged === "ratio" ? "×" : ""}`;
}

function number(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en") : String(value);
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          i === 0 || i === row.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
