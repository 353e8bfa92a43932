// Figures out of counters: growth, shares, bounds. What cannot be true is left out, never NaN and never a guess.

/** Largest whole number that a counter may have: beyond it a double is no longer exact. */
const MAX_COUNTER = Number.MAX_SAFE_INTEGER;

/** A counter as text has it; undefined for what is no whole number of 0 and above. */
export function parseCounter(text: string | undefined): number | undefined {
  return text === undefined || !/^\d{1,16}$/.test(text) ? undefined : counterOf(text);
}

/** A counter of digits; undefined for one that is too large, and without any. */
export function counterOf(digits: string | undefined): number | undefined {
  const value = Number(digits ?? Number.NaN);
  return value <= MAX_COUNTER ? value : undefined;
}

/** How much a counter has grown; undefined without both, and when it has gone back. */
export function growth(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined || now < before ? undefined : now - before;
}

/** Growth a second; undefined where there is none, and over no time. */
export function perSecond(grown: number | undefined, seconds: number): number | undefined {
  return grown === undefined || !(seconds > 0) ? undefined : rounded(grown / seconds);
}

/** To two digits after the point: a sample is read by people, and sent every second. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A share in percent, 0 to 100; undefined of nothing. */
export function percentOf(part: number | undefined, whole: number | undefined): number | undefined {
  if (part === undefined || whole === undefined || !(whole > 0) || !Number.isFinite(part)) return undefined;
  return rounded(Math.min(100, Math.max(0, (100 * part) / whole)));
}

/** The figure, if it lies within the bounds, both inclusive. */
export function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

/** The sum of what is there; undefined of nothing. */
export function sumOf(values: Iterable<number | undefined>): number | undefined {
  let sum: number | undefined;
  for (const value of values) if (value !== undefined) sum = (sum ?? 0) + value;
  return sum;
}

/** The mean; undefined of nothing. */
export function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : rounded(values.reduce((sum, value) => sum + value, 0) / values.length);
}
