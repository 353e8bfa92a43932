// Figures as people read them, the same on a server as in a page: in English, and in no time zone's hours.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** "42 %"; a hundredth of a percent is told where it is all that there is. */
export function formatPercent(value: number): string {
  return `${value > 0 && value < 1 ? trim(value, 2) : Math.round(value)} %`;
}

/** Four significant digits: "0.03125" is "0.03125", "1234.5678" is "1235", "1e-7" is "1e-7". */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(2).replace("e+", "e");
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(4)));
}

/** "1.5 GiB" */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let size = bytes;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${trim(size, size < 10 ? 1 : 0)} ${UNITS[unit]}`;
}

/** "45 s", "3 min 20 s", "2 h 5 min", "3 d 4 h" */
export function formatDuration(seconds: number): string {
  const all = Math.max(0, Math.round(seconds));
  if (all < 60) return `${all} s`;
  if (all < 3600) return pair(Math.floor(all / 60), "min", all % 60, "s");
  if (all < 86_400) return pair(Math.floor(all / 3600), "h", Math.floor((all % 3600) / 60), "min");
  return pair(Math.floor(all / 86_400), "d", Math.floor((all % 86_400) / 3600), "h");
}

/** "0.21 ms", "12 ms" */
export function formatMs(ms: number): string {
  return ms >= 1000 ? `${trim(ms / 1000, 1)} s` : `${trim(ms, ms < 10 ? 2 : 0)} ms`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
