"use client";
// A series as a small line.
import { useSource } from "../hooks/use-source.js";
import type { MetricStore } from "../series/metric-store.js";

/** Points of the line: a pair, the least and the greatest value, for each pixel or two. */
const BUCKETS = 60;
/** Newest values that it shows: what is older has a chart. */
const VALUES = 1200;
const [WIDTH, HEIGHT] = [120, 28];

interface SparklineProps {
  readonly store: MetricStore;
  readonly name: string;
  /** The scale, where it is not the values' own. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Decoration beside a figure in words: hidden from those who do not see it. */
export function Sparkline({ store, name, min, max }: SparklineProps) {
  useSource(store);
  const values = store.get(name)?.value.subarray(-VALUES);
  const path = values && values.length > 1 ? pathOf(values, min, max) : "";
  return (
    <svg
      className="tidewire-sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      {path && <path d={path} vectorEffect="non-scaling-stroke" />}
    </svg>
  );
}

/** The least and the greatest value of each stretch: no spike is lost. Values that are no numbers leave a hole. */
function pathOf(values: Float64Array, min?: number, max?: number): string {
  const [least, greatest] = [min ?? extreme(values, Math.min), max ?? extreme(values, Math.max)];
  const span = greatest - least || 1;
  const buckets = Math.min(BUCKETS, values.length);
  const commands: string[] = [];
  let draws = false;
  for (let i = 0; i < buckets; i++) {
    const stretch = values.subarray(
      Math.floor((i * values.length) / buckets),
      Math.floor(((i + 1) * values.length) / buckets),
    );
    const ends = [extreme(stretch, Math.min), extreme(stretch, Math.max)];
    const isHole = !ends.every(Number.isFinite);
    for (const value of isHole ? [] : new Set(ends)) {
      const x = ((i / Math.max(1, buckets - 1)) * WIDTH).toFixed(1);
      const y = (HEIGHT - 2 - ((value - least) / span) * (HEIGHT - 4)).toFixed(1);
      commands.push(`${draws ? "L" : "M"}${x} ${y}`);
      draws = true;
    }
    draws &&= !isHole;
  }
  return commands.join("");
}

function extreme(values: Float64Array, better: (a: number, b: number) => number): number {
  let found = Number.NaN;
  for (const value of values) if (Number.isFinite(value)) found = Number.isNaN(found) ? value : better(found, value);
  return found;
}
