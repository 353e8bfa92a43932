// From values to pixels, and the values that an axis names.

/** Steps between named values, times a power of ten. */
const STEPS = [1, 2, 2.5, 5, 10] as const;

/** Values of a range on pixels of a range; the pixels may fall, as those of a vertical axis do. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  toPixel(value: number): number;
}

export function linear(min: number, max: number, from: number, to: number): Scale {
  const span = max - min || 1;
  return { min, max, toPixel: (value) => from + ((value - min) / span) * (to - from) };
}

/** Round values between the bounds (to the rounding of doubles), in rising order: about as many as asked for. */
export function ticks(min: number, max: number, count: number): readonly number[] {
  const rough = (max - min) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const step = stepFor(rough);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** The next round number that is not below. */
export function stepFor(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return (STEPS.find((each) => each * power >= rough) ?? 10) * power;
}

/** The least and the greatest finite value; undefined where there is none. */
export function extent(...lists: readonly ArrayLike<number>[]): readonly [number, number] | undefined {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const list of lists) {
    for (let i = 0; i < list.length; i += 1) {
      const value = list[i] as number;
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min <= max ? [min, max] : undefined;
}

/** The range with a margin on both sides; a single value gets some room of its own. */
export function padded([min, max]: readonly [number, number], share = 0.04): readonly [number, number] {
  const room = (max - min || Math.abs(max) || 1) * share;
  return [min - room, max + room];
}
