// What was predicted against what was true: on the diagonal where both are the same.
import { useCallback } from "react";
import { formatCount } from "../format/numbers.js";
import { colourOf, faint } from "../theme/palette.js";
import { drawAxes, line } from "./axes.js";
import { Canvas, type Draw } from "./canvas.js";
import { extent, padded } from "./scale.js";

/** Points drawn; of more, every nth. A hundred thousand rectangles are still drawn within a few frames. */
const MAX_POINTS = 50_000;
/** So many points may lie on each other before they are drawn thinner. */
const DENSE = 2_000;

interface ScatterProps {
  readonly name: string;
  readonly truth: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  readonly height: number;
}

export function Scatter({ name, truth, predicted, height }: ScatterProps) {
  const draw = useCallback<Draw>(
    (context, size) => {
      const range = padded(extent(truth, predicted) ?? [0, 1]);
      const axes = drawAxes(context, size, { x: range, y: range, xTitle: `true ${name}`, yTitle: `predicted ${name}` });
      const step = Math.ceil(truth.length / MAX_POINTS);
      const side = truth.length > DENSE ? 2 : 3;
      context.fillStyle = faint(colourOf("--series-1"), truth.length > DENSE ? 0.3 : 0.6);
      for (let i = 0; i < truth.length; i += step) {
        const [x, y] = [axes.x.toPixel(truth[i] as number), axes.y.toPixel(predicted[i] as number)];
        context.fillRect(x - side / 2, y - side / 2, side, side);
      }
      context.strokeStyle = colourOf("--series-2");
      context.lineWidth = 1.5;
      const { x, y } = axes;
      line(context, x.toPixel(range[0]), y.toPixel(range[0]), x.toPixel(range[1]), y.toPixel(range[1]));
    },
    [name, truth, predicted],
  );
  const label = `Predicted against true values of ${name}, ${formatCount(truth.length)} points`;
  return <Canvas label={label} height={height} draw={draw} />;
}
