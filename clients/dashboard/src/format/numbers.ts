// Figures as text: short, aligned, and never more exact than they are.

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
/** Below this, and from {@link LARGE}, a measured value is written with an exponent. */
const SMALL = 1e-4;
const LARGE = 1e7;

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A count: 12,345. */
export function formatCount(count: number): string {
  return grouped.format(count);
}

/** A count where there is little room: 12.3K. */
export function formatShortCount(count: number): string {
  return short.format(count);
}

/** A share, 0 to 100: one digit behind the point below 10 %, so that small ones are told apart. */
export function formatPercent(percent: number): string {
  const digits = percent !== 0 && Math.abs(percent) < 9.95 ? 1 : 0;
  return `${percent.toFixed(digits)} %`;
}

/** A measured value of unknown size, with four significant digits; NaN and the infinities are values too. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < SMALL || size >= LARGE) return withMinus(value.toExponential(2));
  if (Number.isInteger(value)) return withMinus(grouped.format(value));
  return withMinus(String(Number(value.toPrecision(4))));
}

/** Bytes in units of 1024: 1.5 GiB. */
export function formatBytes(bytes: number): string {
  const size = Math.abs(bytes);
  // 1023.95 KiB would be written as 1024.0 KiB.
  const unit = Math.min(BYTES.length - 1, size < 1 ? 0 : Math.floor(Math.log2(size * 1.00005) / 10));
  const value = bytes / 1024 ** unit;
  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTES[unit]}`;
}

/** What axes of bytes count in: powers of two, so that ticks are whole in their units. */
export const BYTE_STEPS: readonly number[] = Array.from({ length: 50 }, (_, i) => 2 ** i);

/** Bytes a second. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** The minus of mathematics is as wide as a digit. */
function withMinus(text: string): string {
  return text.replaceAll("-", "−");
}
