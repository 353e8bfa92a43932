// 32-bit floats in JSON: the shortest decimal that reads back to the same float, 1081.4 and not 1081.4000244140625.

const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
/** Smallest and largest magnitude that the fast way serves. */
const LEAST = 1e-6;
const MOST = 1e7;
/** A float has at least 6 exact digits, and 9 always tell it from its neighbours. */
const MIN_DIGITS = 6;
const MAX_DIGITS = 9;

/** The double with the fewest decimal digits that rounds to the float; floats that are not finite as they are. */
export function shortestDouble(value: number): number {
  const size = value < 0 ? -value : value;
  if (!(size >= LEAST && size < MOST)) return size < Number.POSITIVE_INFINITY ? byPrecision(value) : value;
  const float = Math.fround(value);
  // One digit more never fails where one digit less did not, so the first hit from either side is the shortest.
  let decimals = decimalsOf(size);
  let found = rounded(float, decimals);
  if (Math.fround(found) !== float) {
    do found = rounded(float, ++decimals);
    while (Math.fround(found) !== float && decimals < POWERS.length - 1);
    return found;
  }
  while (decimals > 0) {
    const shorter = rounded(float, --decimals);
    if (Math.fround(shorter) !== float) return found;
    found = shorter;
  }
  return found;
}

/** A whole number below 2^53 over a power of ten is one correctly rounded division: the double nearest to that decimal. */
function rounded(value: number, decimals: number): number {
  const power = POWERS[decimals] as number;
  return Math.round(value * power) / power;
}

/** Decimals that show 7 or 8 digits of the number. */
function decimalsOf(size: number): number {
  if (size >= 1) return size >= 1000 ? (size >= 100000 ? 1 : 3) : size >= 10 ? 5 : 6;
  return size >= 0.01 ? 8 : size >= 0.0001 ? 10 : 12;
}

function byPrecision(value: number): number {
  if (value === 0) return 0;
  for (let digits = MIN_DIGITS; digits < MAX_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return fewest(value, digits, short);
  }
  return Number(value.toPrecision(MAX_DIGITS));
}

function fewest(value: number, digits: number, found: number): number {
  let best = found;
  for (let fewer = digits - 1; fewer > 0; fewer--) {
    const short = Number(value.toPrecision(fewer));
    if (Math.fround(short) !== Math.fround(value)) break;
    best = short;
  }
  return best;
}
