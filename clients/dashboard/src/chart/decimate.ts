// Which of many points a chart must draw: of each column of pixels the first, the least, the greatest and the last.
// A line through these covers the same pixels as a line through all (Jugel et al., "M4", VLDB 2014).

/** Columns of numbers, by index. */
export type Numbers = Float64Array | readonly number[];

/** A stretch of indexes, the end exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Index of the first value that is not below the wanted one; the length where there is none. */
export function lowerBound(x: Numbers, wanted: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The points of a window, and a neighbour on each side, so that lines reach the edges. */
export function stretchOf(x: Numbers, from: number, to: number): Stretch {
  const start = Math.max(0, lowerBound(x, from) - 1);
  let end = lowerBound(x, to);
  while (end < x.length && x[end] === to) end++;
  return { start, end: Math.min(x.length, end + 1) };
}

/**
 * Chooses the points to draw. Of a column without any finite value one is chosen: it is drawn as a gap.
 *
 * @param x        rising, may repeat
 * @param y        as long as x; NaN and the infinities are values that cannot be drawn
 * @param stretch  of the points to choose from
 * @param columns  of pixels over the x of the stretch, at least 1
 * @returns        rising indexes: at most 4 a column, all of the stretch where that is no more
 */
export function decimate(x: Numbers, y: Numbers, { start, end }: Stretch, columns: number): Uint32Array {
  const count = Math.max(0, end - start);
  if (count <= 4 * columns) return Uint32Array.from({ length: count }, (_, i) => start + i);
  const chosen = new Uint32Array(4 * columns);
  const left = x[start] as number;
  const perUnit = columns / ((x[end - 1] as number) - left || 1);
  let length = 0;
  for (let at = start; at < end; ) {
    // The last column has its right edge too.
    const column = Math.min(columns - 1, Math.floor(((x[at] as number) - left) * perUnit));
    const beyond = column === columns - 1 ? Number.POSITIVE_INFINITY : column + 1;
    let next = at;
    let [least, greatest] = [-1, -1];
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (; next < end && ((x[next] as number) - left) * perUnit < beyond; next++) {
      const value = y[next] as number;
      if (!Number.isFinite(value)) continue;
      if (value < low) [low, least] = [value, next];
      if (value > high) [high, greatest] = [value, next];
    }
    length = put(chosen, length, at, least, greatest, next - 1);
    at = next;
  }
  return chosen.subarray(0, length);
}

/** Puts a column's points in rising order, each once. @returns the new length */
function put(
  chosen: Uint32Array,
  length: number,
  first: number,
  least: number,
  greatest: number,
  last: number,
): number {
  let end = length;
  const low = Math.min(least, greatest);
  const high = Math.max(least, greatest);
  for (const index of [first, low, high, last]) {
    if (index < 0 || (end > length && index <= (chosen[end - 1] as number))) continue;
    chosen[end++] = index;
  }
  return end;
}

/** Both lists of rising indexes as one, each index once. */
export function merge(a: Uint32Array, b: Uint32Array): Uint32Array {
  const merged = new Uint32Array(a.length + b.length);
  let [length, i, j] = [0, 0, 0];
  while (i < a.length || j < b.length) {
    const left = a[i] ?? Number.POSITIVE_INFINITY;
    const right = b[j] ?? Number.POSITIVE_INFINITY;
    merged[length++] = Math.min(left, right);
    if (left <= right) i++;
    if (right <= left) j++;
  }
  return merged.subarray(0, length);
}
