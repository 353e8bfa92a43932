// Series of one host over the same moments: samples are taken together, but not each has every figure.
import type { MetricStore } from "@tidewire/react";
import { lowerBound, type Numbers } from "../../chart/decimate.js";

/** Columns of equal length. */
export interface Joined {
  /** Milliseconds since 1970, rising. */
  readonly times: Numbers;
  /** A column for each path, in their order; NaN where the sample did not have it. */
  readonly columns: readonly Numbers[];
}

/** The samples from a moment on that have any of the figures. */
export function joined(store: MetricStore, paths: readonly string[], fromMs: number): Joined {
  const parts = paths.map((path) => {
    const series = store.get(path);
    const start = series ? lowerBound(series.time, fromMs) : 0;
    return { time: series?.time.subarray(start) ?? NONE, value: series?.value.subarray(start) ?? NONE };
  });
  const times = Float64Array.from(new Set(parts.flatMap(({ time }) => [...time]))).sort();
  return { times, columns: parts.map(({ time, value }) => atTimes(times, time, value)) };
}

const NONE = new Float64Array();

function atTimes(times: Float64Array, time: Float64Array, value: Float64Array): Float64Array {
  if (time.length === times.length) return value;
  const column = new Float64Array(times.length).fill(Number.NaN);
  let at = 0;
  for (const [i, moment] of times.entries()) {
    if (time[at] !== moment) continue;
    column[i] = value[at] as number;
    at += 1;
  }
  return column;
}
