// Series as uPlot takes them: one column of x for all, null where there is nothing to draw.
import { decimate, merge, type Numbers, stretchOf } from "./decimate.js";

/** What one drawing shows. */
export interface Drawing {
  readonly x: readonly number[];
  /** A column for each series, as long as x. */
  readonly y: readonly (readonly (number | null)[])[];
  /** The least and the greatest x that are in view. */
  readonly from: number;
  readonly to: number;
}

/** The part of x that is wanted; without it, all. */
export type Window = readonly [from: number, to: number];

/**
 * The points of some series over the same x that are worth drawing.
 *
 * @param x        rising, may repeat
 * @param columns  of pixels
 * @param isLog    whether y has a logarithmic scale: what is not above 0 cannot be drawn on it
 */
export function align(
  x: Numbers,
  series: readonly Numbers[],
  columns: number,
  window?: Window,
  isLog = false,
): Drawing {
  const first = x[0] ?? 0;
  const last = x[x.length - 1] ?? 1;
  const [from, to] = window ?? [first, last];
  const stretch = stretchOf(x, from, to);
  const indexes = series
    .map((y) => decimate(x, y, stretch, Math.max(1, Math.floor(columns))))
    .reduce(merge, new Uint32Array(0));
  const pick = (values: Numbers) => {
    return Array.from(indexes, (index) => {
      const value = values[index] as number;
      return Number.isFinite(value) && !(isLog && value <= 0) ? value : null;
    });
  };
  return { x: Array.from(indexes, (index) => x[index] as number), y: series.map(pick), from, to };
}

/** Whether each value is at least as large as the one before. */
export function isRising(x: Numbers): boolean {
  for (let i = 1; i < x.length; i++) if (!((x[i] as number) >= (x[i - 1] as number))) return false;
  return true;
}

/** The indexes that put x in rising order; equal values keep theirs. What comes as rising runs costs one merge of them. */
export function risingOrder(x: Numbers): Uint32Array {
  const order = Array.from({ length: x.length }, (_, i) => i);
  order.sort((a, b) => (x[a] as number) - (x[b] as number));
  return Uint32Array.from(order);
}

/** The values in an order. */
export function inOrder(values: Numbers, order: Uint32Array): Float64Array {
  return Float64Array.from(order, (index) => values[index] as number);
}
