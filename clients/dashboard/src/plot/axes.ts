// Axes: lines at round values, and their names.
import { formatValue } from "../format/numbers.js";
import { inks, type Size } from "./canvas.js";
import { linear, type Scale, ticks } from "./scale.js";

const LEFT = 52;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 38;
/** Least room for a value on each axis. */
const X_ROOM = 90;
const Y_ROOM = 44;

/** The two scales of a plot. */
export interface Axes {
  readonly x: Scale;
  readonly y: Scale;
}

/** What the axes are of. */
export interface AxesOptions {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly xTitle: string;
  readonly yTitle: string;
  /** How a value is written. Default: with four digits. */
  readonly showX?: (value: number) => string;
  readonly showY?: (value: number) => string;
  /** Values named on the horizontal axis. Default: round ones. */
  readonly xTicks?: readonly number[];
}

/** Draws the axes. @returns their scales */
export function drawAxes(context: CanvasRenderingContext2D, { width, height }: Size, options: AxesOptions): Axes {
  const { showX = formatValue, showY = formatValue } = options;
  const x = linear(...options.x, LEFT, width - RIGHT);
  const y = linear(...options.y, height - BOTTOM, TOP);
  const ink = inks();
  context.clearRect(0, 0, width, height);
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.lineWidth = 1;
  context.strokeStyle = ink.grid;
  context.fillStyle = ink.text;
  context.textBaseline = "top";
  context.textAlign = "center";
  for (const value of options.xTicks ?? ticks(x.min, x.max, width / X_ROOM)) {
    const at = Math.round(x.toPixel(value)) + 0.5;
    line(context, at, TOP, at, height - BOTTOM);
    context.fillText(showX(value), at, height - BOTTOM + 6);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of ticks(y.min, y.max, height / Y_ROOM)) {
    const at = Math.round(y.toPixel(value)) + 0.5;
    line(context, LEFT, at, width - RIGHT, at);
    context.fillText(showY(value), LEFT - 6, at);
  }
  context.textAlign = "center";
  context.fillText(options.xTitle, (LEFT + width - RIGHT) / 2, height - 8);
  context.save();
  context.translate(7, (TOP + height - BOTTOM) / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(options.yTitle, 0, 0);
  context.restore();
  return { x, y };
}

export function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
