// A line without axes, for a figure's recent past.

interface SparkProps {
  /** The oldest first; what is not finite is a gap. */
  readonly values: readonly number[] | Float64Array;
  /** Upper end of the scale; the lower one is 0. Without it, the greatest value. */
  readonly max?: number;
  /** Places on the x axis: fewer values stand at its right end. */
  readonly places?: number;
  readonly token?: string;
  readonly height?: number;
}

const WIDTH = 100;

/** Says nothing by itself: the figure beside it does. */
export function Spark({ values, max, places = values.length, token = "--accent", height = 32 }: SparkProps) {
  const top = max ?? Math.max(...Array.from(values, (each) => (Number.isFinite(each) ? each : 0)), Number.MIN_VALUE);
  const step = WIDTH / Math.max(1, places - 1);
  const first = places - values.length;
  const runs: string[][] = [[]];
  for (const [i, each] of values.entries()) {
    if (Number.isFinite(each)) {
      const y = height - 1 - (height - 2) * Math.min(1, Math.max(0, each / top));
      runs.at(-1)?.push(`${((first + i) * step).toFixed(2)} ${y.toFixed(2)}`);
    } else runs.push([]);
  }
  const lines = runs.filter((run) => run.length > 1);
  const line = lines.map((run) => `M${run.join("L")}`).join("");
  const ground = lines
    .map((run) => `M${run[0]?.split(" ")[0]} ${height}L${run.join("L")}L${run.at(-1)?.split(" ")[0]} ${height}Z`)
    .join("");
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${WIDTH} ${height}`}
      height={height}
      preserveAspectRatio="none"
      aria-hidden="true"
      style={{ color: `var(${token})` }}
    >
      <path d={ground} fill="currentColor" opacity="0.13" />
      <path d={line} fill="none" stroke="currentColor" strokeWidth="1.3" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
