// Numbers with no more digits than they mean.

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
