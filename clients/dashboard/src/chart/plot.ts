// One chart on the screen, drawn by uPlot. The instance stays; what changes are its points, its size and its colours.
import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import { formatTick } from "../format/time.js";
import { colourOf, faint } from "../theme/palette.js";
import type { Drawing, Window } from "./aligned.js";
import { type CursorGroup, groupOf } from "./cursor.js";

/** How one series looks. */
export interface Line {
  readonly label: string;
  /** Its colour: "--series-1". */
  readonly token: string;
  /** Default: a line. */
  readonly kind?: "line" | "bars" | "points";
  /** Whether it stands behind another one and says less. */
  readonly isFaint?: boolean;
  /** Whether the ground below it is coloured. */
  readonly isFilled?: boolean;
  readonly isDashed?: boolean;
}

/** What a chart is like, for as long as it lives. */
export interface PlotOptions {
  readonly lines: readonly Line[];
  /** Whether x is milliseconds since 1970. */
  readonly isTime: boolean;
  readonly isLog: boolean;
  /** Of y; without it, what the points need. */
  readonly range?: readonly [number | undefined, number | undefined] | undefined;
  /** Charts of one group show the same place. */
  readonly group?: string | undefined;
  /** What y may be counted in, rising; without it, steps that are round in tens. */
  readonly steps?: readonly number[] | undefined;
  readonly formatX: (x: number) => string;
  readonly format: (y: number) => string;
  /** A stretch of x was chosen; undefined is all of it again. */
  readonly onWindow?: ((window: Window | undefined) => void) | undefined;
}

const FONT = '11px system-ui, -apple-system, "Segoe UI", sans-serif';
const AXIS_HEIGHT = 22;
/** Width of a line of few points, in pixels. */
const WIDE = 1.6;
/** Width of a line of many. Without a GPU, a dense line that is wider takes ten times as long to draw: measured 0.2 and 2.5 ms. */
const THIN = 1;
/** By how much a logarithmic scale goes beyond its greatest value. */
const LOG_AIR = 1.2;
/** Points in a column of pixels from which there are many. */
const DENSE = 1.5;
/** A narrower stretch was no choice but a press. */
const LEAST_DRAG_PX = 5;

/** Draws into an element, and writes into another what is at the cursor. */
export class Plot {
  readonly #plot: uPlot;
  readonly #options: PlotOptions;
  readonly #readout: HTMLElement;
  readonly #group: CursorGroup | undefined;
  #window: Window = [0, 1];
  /** Whether the cursor is moved by another chart. */
  #isTold = false;

  constructor(element: HTMLElement, readout: HTMLElement, width: number, height: number, options: PlotOptions) {
    this.#options = options;
    this.#readout = readout;
    this.#plot = new uPlot(this.#toOptions(width, height), [[], ...options.lines.map(() => [])], element);
    this.#group = options.group === undefined ? undefined : groupOf(options.group);
    this.#group?.add(this);
    this.#plot.over.addEventListener("dblclick", () => options.onWindow?.(undefined));
  }

  /** In pixels of the page. */
  get width(): number {
    return this.#plot.width;
  }

  draw({ x, y, from, to }: Drawing): void {
    // A window without a width has no place for its one point.
    const margin = from === to ? (this.#options.isTime ? 1000 : 0.5) : 0;
    this.#window = [from - margin, to + margin];
    for (const [i, column] of y.entries()) this.#setWidth(i, column);
    this.#plot.setData([x, ...y] as uPlot.AlignedData);
  }

  #setWidth(index: number, column: readonly (number | null | undefined)[]): void {
    const series = this.#plot.series[index + 1];
    if (!series || this.#options.lines[index]?.isFaint) return;
    let count = 0;
    for (const value of column) if (value !== undefined) count++;
    series.width = count > DENSE * this.#plot.width ? THIN : WIDE;
  }

  /** Draws the same again, in the present colours. */
  recolour(): void {
    this.#plot.redraw(false, true);
  }

  resize(width: number, height: number): void {
    this.#plot.setSize({ width, height });
  }

  destroy(): void {
    this.#group?.delete(this);
    this.#plot.destroy();
    this.#readout.textContent = "";
  }

  /** Shows the place where another chart's cursor is; undefined where it is nowhere. */
  showAt(x: number | undefined): void {
    const { min = 0, max = 0 } = this.#plot.scales.x ?? {};
    const isInside = x !== undefined && x >= (min ?? 0) && x <= (max ?? 0);
    this.#isTold = true;
    this.#plot.setCursor({ left: isInside ? this.#plot.valToPos(x, "x") : -10, top: -10 });
    this.#isTold = false;
  }

  #cursorMoved(): void {
    const { idx, left = -1 } = this.#plot.cursor;
    const x = left >= 0 && typeof idx === "number" ? this.#plot.data[0][idx] : undefined;
    this.#write(x);
    if (!this.#isTold) this.#group?.move(this, left >= 0 ? this.#plot.posToVal(left, "x") : undefined);
  }

  #write(x: number | undefined): void {
    const { formatX, format, lines } = this.#options;
    this.#readout.replaceChildren();
    if (x === undefined) return;
    this.#readout.append(formatX(x));
    const isColoured = lines.length > 1 && !lines.some(({ isFaint }) => isFaint);
    for (const [i, line] of lines.entries()) {
      // Each series has points of its own: uPlot tells of each the one that is nearest.
      const value = this.#plot.data[i + 1]?.[this.#plot.cursor.idxs?.[i + 1] ?? -1];
      const shown = document.createElement(line.isFaint ? "span" : "b");
      shown.textContent = value === null || value === undefined ? "–" : format(value);
      if (isColoured) shown.style.color = colourOf(line.token);
      this.#readout.append(shown);
    }
  }

  #selected(): void {
    const { left, width } = this.#plot.select;
    if (width < LEAST_DRAG_PX) return;
    const at = (px: number) => this.#plot.posToVal(px, "x");
    this.#options.onWindow?.([at(left), at(left + width)]);
    this.#plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  #toOptions(width: number, height: number): uPlot.Options {
    const { lines, isTime, isLog, range, steps, format, formatX, onWindow } = this.#options;
    return {
      width,
      height,
      ms: 1,
      padding: [8, 10, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: onWindow !== undefined, y: false, setScale: false },
        // A double press is ours: uPlot's own would show all points of the drawing, which are not all there are.
        bind: { dblclick: () => () => null },
        points: { size: 7, width: 1.5, fill: () => colourOf("--surface") },
      },
      hooks: { setCursor: [() => this.#cursorMoved()], setSelect: [() => this.#selected()] },
      scales: {
        x: { time: isTime, range: () => [...this.#window] },
        y: isLog
          ? { distr: 3, range: (_, min, max) => logRangeOf(min, max) }
          : { range: (_, min, max) => rangeOf(min, max, range) },
      },
      axes: [
        {
          ...axis(),
          size: AXIS_HEIGHT,
          space: 64,
          values: (_, at, _axis, _space, stepMs) => at.map(isTime ? (ms) => formatTick(ms, stepMs) : formatX),
        },
        {
          ...axis(),
          space: 28,
          ...(steps && !isLog ? { incrs: [...steps] } : {}),
          size: (_, values) => 14 + 6.5 * Math.max(2, ...(values ?? []).map((each) => each?.length ?? 0)),
          values: (_, at) => at.map((each) => (each === null ? "" : format(each))),
        },
      ],
      series: [{}, ...lines.map(toSeries)],
    };
  }
}

function axis(): uPlot.Axis {
  return {
    stroke: () => colourOf("--text-2"),
    font: FONT,
    gap: 4,
    grid: { stroke: () => colourOf("--grid"), width: 1 },
    ticks: { show: false },
  };
}

function toSeries({ label, token, kind = "line", isFaint, isFilled, isDashed }: Line): uPlot.Series {
  const colour = () => (isFaint ? faint(colourOf(token), 0.28) : colourOf(token));
  const series: uPlot.Series = { label, stroke: colour, width: isFaint ? THIN : WIDE, spanGaps: false };
  if (isDashed) series.dash = [5, 4];
  series.points = isFaint || isDashed ? { show: false } : { fill: () => colourOf("--surface") };
  if (isFilled) series.fill = () => faint(colourOf(token), 0.13);
  if (kind === "points")
    return { ...series, paths: () => null, points: { show: true, size: 4, fill: colour, width: 0 } };
  if (kind === "bars" && uPlot.paths.bars) {
    const fill = () => faint(colourOf(token), 0.55);
    return { ...series, fill, width: 1, points: { show: false }, paths: uPlot.paths.bars({ size: [0.9, 60] }) };
  }
  return series;
}

/** Some air above and below the points, and not a whole decade of it, as uPlot would have. */
function logRangeOf(min: number | null, max: number | null): [number, number] {
  const [low, high] = [min ?? 0, max ?? 0];
  if (!(low > 0 && high > 0)) return [1, 10];
  // uPlot's marks begin at the lower end: it is a round number.
  const unit = 10 ** Math.floor(Math.log10(low));
  return [Math.floor(low / unit) * unit, high * LOG_AIR];
}

/** Some air above and below the points; bounds that are given hold. */
function rangeOf(
  min: number | null,
  max: number | null,
  [low, high]: PlotOptions["range"] = [undefined, undefined],
): [number, number] {
  if (min === null || max === null) return [low ?? 0, high ?? 1];
  const [first, last] = uPlot.rangeNum(min, max, 0.08, true) as [number, number];
  return [low ?? first, high ?? last];
}
