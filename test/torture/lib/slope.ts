// How fast something grows, told so that a noisy machine does not look like a leak and a leak does not look like noise.

/** A value at a time. */
export interface Sample {
  readonly minutes: number;
  readonly value: number;
}

/** Growth a minute, in the samples' unit. */
export interface Slope {
  readonly perMinute: number;
  /** The true slope is between these with 99 % confidence. */
  readonly low: number;
  readonly high: number;
}

/**
 * Windows that the samples are cut into. Of each the lowest value counts: a heap swings up from what it holds with the
 * collector's rhythm, so its floor is what is held. Neighbouring samples tell much the same; minima of windows do not, and
 * only values that are independent of each other give an honest interval.
 */
const WINDOWS = 20;
/** Two-sided 99 % of the normal distribution. */
const Z = 2.576;

/**
 * Theil and Sen's slope with Sen's interval (P. K. Sen 1968, JASA 63): the median of the slopes between all pairs. A third of
 * the values may be anything, a step or a burst, and it still tells the trend.
 */
export function slopeOf(samples: readonly Sample[]): Slope {
  const floors = floorsOf(samples);
  const slopes = floors.flatMap((a, i) =>
    floors.slice(i + 1).map((b) => (b.value - a.value) / (b.minutes - a.minutes)),
  );
  slopes.sort((a, b) => a - b);
  const n = floors.length;
  const reach = Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  return {
    perMinute: at(slopes, slopes.length / 2),
    low: at(slopes, (slopes.length - reach) / 2),
    high: at(slopes, (slopes.length + reach) / 2),
  };
}

/** Whether it surely grows faster than is tolerated. */
export function grows({ low }: Slope, toleratedPerMinute: number): boolean {
  return low > toleratedPerMinute;
}

/** The lowest sample of each window. */
function floorsOf(samples: readonly Sample[]): Sample[] {
  const size = Math.max(1, samples.length / WINDOWS);
  const count = Math.min(WINDOWS, samples.length);
  return Array.from({ length: count }, (_, i) => {
    const window = samples.slice(Math.floor(i * size), Math.floor((i + 1) * size));
    return window.reduce((lowest, sample) => (sample.value < lowest.value ? sample : lowest));
  });
}

/** Infinite where there are too few values to tell. */
function at(sorted: readonly number[], index: number): number {
  if (index < 0) return Number.NEGATIVE_INFINITY;
  return sorted[Math.floor(index)] ?? Number.POSITIVE_INFINITY;
}
