// Numbers with no more digits than they mean.

const wholes = new Intl.NumberFormat("en-US");

/** 7384 → "7,384". */
export const count = (value: number): string => wholes.format(Math.round(value));

/** 369.2 s → "6 min 9 s". */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Digits after which every float32 reads back as itself. */
const FLOAT32_DIGITS = 9;

/** The shortest decimal that reads back to the same float32. */
export function shortest(value: number): number {
  for (let digits = 6; digits < FLOAT32_DIGITS; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return Number(value.toPrecision(FLOAT32_DIGITS));
}

/** A measured figure: six digits. */
export function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(6));
}
