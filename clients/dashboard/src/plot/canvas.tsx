// A canvas as large as its place, drawn anew when its size, its colours or its picture change.
import { useEffect, useRef, useState } from "react";
import { colourOf, forgetColours } from "../theme/palette.js";
import { useColourVersion } from "../theme/theme.js";
import "./plot.css";

/** Size in pixels of the page. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Draw = (context: CanvasRenderingContext2D, size: Size) => void;

interface CanvasProps {
  /** What a reader who does not see it is told. */
  readonly label: string;
  readonly height: number;
  /** The picture; another function is another picture. */
  readonly draw: Draw;
}

export function Canvas({ label, height, draw }: CanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const colours = useColourVersion();
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other colours are another picture
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || width === 0) return;
    const ratio = devicePixelRatio || 1;
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    forgetColours();
    draw(context, { width, height });
  }, [draw, width, height, colours]);
  return (
    <div ref={frame} className="plot" style={{ height }}>
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}

/** The colours of axes and of what stands beside them. */
export function inks() {
  return { grid: colourOf("--grid"), line: colourOf("--line-strong"), text: colourOf("--text-3") };
}
