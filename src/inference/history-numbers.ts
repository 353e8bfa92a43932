// Numbers of a history as text.

const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/**
 * The shortest decimal that is read back as the same float32: 23.1 is "23.1", not "23.100000381469727".
 * NaN and the infinities are written as JavaScript names them.
 */
export function float32Text(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const before = Math.max(0, Math.floor(Math.log10(magnitude)) + 1);
    // Nine digits always suffice; below 1 the zeros after the point are no digits.
    const last = magnitude < 0.1 ? 11 - Math.ceil(Math.log10(magnitude)) - 1 : 9 - before;
    for (let decimals = Math.max(0, 6 - before); decimals <= last; decimals++) {
      const power = POWERS[decimals] as number;
      const near = Math.round(value * power) / power;
      if (Math.fround(near) === value) return String(near);
    }
  }
  return preciseText(value);
}

function preciseText(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const near = Number(value.toPrecision(digits));
    if (Math.fround(near) === value) return String(near);
  }
  return String(Number(value.toPrecision(9)));
}

/** An instant as RFC 3339 in UTC: milliseconds, and microseconds where it has them. */
export function instantText(timestampMs: number): string {
  const micros = Math.round(timestampMs * 1000);
  const wholeMs = Math.floor(micros / 1000);
  const text = new Date(wholeMs).toISOString();
  const rest = micros - wholeMs * 1000;
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}
