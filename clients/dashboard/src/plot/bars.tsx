// Counts by range of values.
import { useCallback } from "react";
import { formatShortCount } from "../format/numbers.js";
import { colourOf } from "../theme/palette.js";
import { drawAxes, line } from "./axes.js";
import { Canvas, type Draw } from "./canvas.js";

/** Counts of ranges that follow each other. */
export interface Bins {
  /** Bounds in rising order, one more than there are counts; on the axis they stand at even distances. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

interface BarsProps extends Bins {
  readonly label: string;
  readonly xTitle: string;
  readonly showX: (value: number) => string;
  /** A value marked by a line. */
  readonly mark?: number | undefined;
  readonly height: number;
}

/** Bounds named on the axis, at most. */
const NAMED = 8;

export function Bars({ label, bounds, counts, xTitle, showX, mark, height }: BarsProps) {
  const draw = useCallback<Draw>(
    (context, size) => {
      const named = Math.ceil(bounds.length / NAMED);
      // A mark that stands on a bound is named.
      const first = mark === undefined ? 0 : Math.max(0, bounds.indexOf(mark)) % named;
      const axes = drawAxes(context, size, {
        x: [0, counts.length],
        y: [0, Math.max(1, ...counts) * 1.06],
        xTitle,
        yTitle: "count",
        showX: (index) => showX(bounds[index] ?? 0),
        showY: (count) => (Number.isInteger(count) ? formatShortCount(count) : ""),
        xTicks: bounds.map((_, index) => index).filter((index) => index % named === first),
      });
      context.fillStyle = colourOf("--series-1");
      for (const [index, count] of counts.entries()) {
        if (count === 0) continue;
        const [left, right, top] = [axes.x.toPixel(index), axes.x.toPixel(index + 1), axes.y.toPixel(count)];
        context.fillRect(left + 0.5, top, Math.max(1, right - left - 1), axes.y.toPixel(0) - top);
      }
      if (mark === undefined) return;
      context.strokeStyle = colourOf("--series-2");
      context.lineWidth = 1.5;
      const at = axes.x.toPixel(placeOf(mark, bounds));
      line(context, at, axes.y.toPixel(axes.y.max), at, axes.y.toPixel(0));
    },
    [bounds, counts, xTitle, showX, mark],
  );
  return <Canvas label={label} height={height} draw={draw} />;
}

/** Where a value stands among bounds at even distances. */
function placeOf(value: number, bounds: readonly number[]): number {
  const above = bounds.findIndex((bound) => bound > value);
  if (above <= 0) return above === 0 ? 0 : bounds.length - 1;
  const [low, high] = [bounds[above - 1] as number, bounds[above] as number];
  return above - 1 + (value - low) / (high - low);
}
