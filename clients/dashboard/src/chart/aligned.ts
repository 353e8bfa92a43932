// Series as uPlot takes them: one column of x for all.
import { decimate, merge, type Numbers, stretchOf } from "./decimate.js";

/** What one drawing shows. */
export interface Drawing {
  readonly x: readonly number[];
  /** A column for each series, as long as x: null is a gap, undefined a point that this series does not need. */
  readonly y: readonly (readonly (number | null | undefined)[])[];
  /** The least and the greatest x that are in view. */
  readonly from: number;
  readonly to: number;
}

/** The part of x that is wanted; without it, all. */
export type Window = readonly [from: number, to: number];

/**
 * The points of some series over the same x that are worth drawing, of each series its own.
 *
 * @param x        rising, may repeat
 * @param columns  of pixels; a list where series need not all be drawn as finely
 * @param isLog    whether y has a logarithmic scale: what is not above 0 cannot be drawn on it
 */
export function align(
  x: Numbers,
  series: readonly Numbers[],
  columns: number | readonly number[],
  window?: Window,
  isLog = false,
): Drawing {
  const [from, to] = window ?? [x[0] ?? 0, x[x.length - 1] ?? 1];
  const stretch = stretchOf(x, from, to);
  const chosen = series.map((y, i) => {
    const wanted = typeof columns === "number" ? columns : (columns[i] ?? 1);
    return decimate(x, y, stretch, Math.max(1, Math.floor(wanted)));
  });
  const indexes = chosen.reduce(merge, new Uint32Array(0));
  const y = series.map((values, i) => pick(values, indexes, chosen[i] as Uint32Array, isLog));
  return { x: Array.from(indexes, (index) => x[index] as number), y, from, to };
}

/** @param own those of the indexes that the series needs */
function pick(values: Numbers, indexes: Uint32Array, own: Uint32Array, isLog: boolean): (number | null | undefined)[] {
  const picked: (number | null | undefined)[] = new Array(indexes.length);
  let at = 0;
  for (let i = 0; i < indexes.length; i++) {
    if (indexes[i] !== own[at]) continue;
    const value = values[own[at++] as number] as number;
    picked[i] = Number.isFinite(value) && !(isLog && value <= 0) ? value : null;
  }
  return picked;
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
