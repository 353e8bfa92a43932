const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** 1,610,612,736 → "1.5 GiB". */
export function sizeText(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && unit < UNITS.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${Number(size.toFixed(1))} ${UNITS[unit]}`;
}
