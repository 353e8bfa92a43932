// A chart of live points. It is drawn only while it is seen, with all others in one frame, and never for more pixels than
// it has; uPlot is loaded with the first one.
import "./chart.css";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { formatValue } from "../format/numbers.js";
import { formatClock } from "../format/time.js";
import { forgetColours } from "../theme/palette.js";
import { useColourVersion } from "../theme/theme.js";
import type { Drawing, Window } from "./aligned.js";
import { drawSoon } from "./frames.js";
import type { Line, Plot } from "./plot.js";
import { useSeen } from "./seen.js";

export interface ChartProps {
  /** What it shows, in words: its name, last, least and greatest value. */
  readonly label: string;
  /** How its series look; a chart whose lines are others is another chart. */
  readonly lines: readonly Line[];
  /** What to draw, asked for in the frame in which it is drawn. A new function is a new drawing. */
  readonly draw: (columns: number) => Drawing;
  /** Tells when there is something new to draw. Should stay the same. */
  readonly subscribe?: ((listener: () => void) => () => void) | undefined;
  /** Whether x is milliseconds since 1970. */
  readonly isTime?: boolean;
  readonly isLog?: boolean;
  /** Bounds of y, each undefined where the points decide. */
  readonly range?: readonly [number | undefined, number | undefined];
  /** What y may be counted in: `BYTE_STEPS` for bytes. Should stay the same. */
  readonly steps?: readonly number[] | undefined;
  readonly formatX?: (x: number) => string;
  readonly format?: (y: number) => string;
  readonly height?: number;
  /** Charts of one group share the cursor. */
  readonly group?: string;
  /** Asked for a stretch of x: by dragging, or by the keys + − ← → 0. Without it, all of x is shown for good. */
  readonly onWindow?: (window: Window | undefined) => void;
}

export function Chart(props: ChartProps) {
  const { label, lines, isTime = false, isLog = false, height = 180, onWindow } = props;
  const frame = useRef<HTMLElement>(null);
  const isSeen = useSeen(frame);
  const shown = useRef<Window>([0, 1]);
  const identity = JSON.stringify([lines, isTime, isLog, props.range, props.group]);
  return (
    <figure
      ref={frame}
      className="chart"
      style={{ height }}
      tabIndex={onWindow ? 0 : undefined}
      aria-label={label}
      aria-keyshortcuts={onWindow ? "+ - ArrowLeft ArrowRight 0" : undefined}
      onKeyDown={(event) => onWindow && moveByKey(event, shown.current, onWindow)}
    >
      {isSeen && <Canvas key={identity} {...props} shown={shown} />}
    </figure>
  );
}

interface CanvasProps extends ChartProps {
  /** Where the window that is drawn is kept. */
  readonly shown: { current: Window };
}

function Canvas(props: CanvasProps) {
  const { lines, draw, subscribe, isTime = false, isLog = false, range, steps, group, height = 180, shown } = props;
  const element = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLElement>(null);
  const [plot, setPlot] = useState<Plot>();
  const [failure, setFailure] = useState<unknown>();
  const latest = useLatest(props);

  // Anything that makes it another chart makes it another Canvas, by its key.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    let made: Plot | undefined;
    let isGone = false;
    const make = async () => {
      const { Plot } = await import("./plot.js");
      if (isGone || !element.current || !readout.current) return;
      const { clientWidth } = element.current;
      made = new Plot(element.current, readout.current, clientWidth, height, {
        lines,
        isTime,
        isLog,
        range,
        steps,
        group,
        format: (y) => (latest.current.format ?? formatValue)(y),
        formatX: (x) => (latest.current.formatX ?? (isTime ? (at) => formatClock(new Date(at)) : formatValue))(x),
        onWindow: latest.current.onWindow ? (window) => latest.current.onWindow?.(window) : undefined,
      });
      setPlot(made);
    };
    make().catch(setFailure);
    return () => {
      isGone = true;
      made?.destroy();
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new function is a new drawing
  useEffect(() => {
    if (!plot) return;
    let cancel: (() => void) | undefined;
    const now = () => {
      // The width as it was told: to ask the element for it would lay the page out, once for each chart.
      const drawing = latest.current.draw(plot.width);
      shown.current = [drawing.from, drawing.to];
      plot.draw(drawing);
    };
    const soon = () => {
      cancel = drawSoon(now);
    };
    const unsubscribe = subscribe?.(soon);
    // `now` stays the same while the effect lasts, so it stands in the frame once.
    const observer = new ResizeObserver(([entry]) => {
      if (entry) plot.resize(entry.contentRect.width, height);
      soon();
    });
    if (element.current) observer.observe(element.current);
    soon();
    return () => {
      cancel?.();
      unsubscribe?.();
      observer.disconnect();
    };
  }, [plot, draw, subscribe, height]);

  const colours = useColourVersion();
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn again when the colours are others
  useEffect(() => {
    forgetColours();
    plot?.recolour();
  }, [plot, colours]);

  // The code could not be loaded: whoever holds the page says so, and offers to load it again.
  if (failure !== undefined) throw failure;
  return (
    <>
      <div ref={element} className="chart-canvas" />
      <figcaption ref={readout} className="chart-readout" aria-hidden="true" />
    </>
  );
}

function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value);
  useLayoutEffect(() => {
    latest.current = value;
  });
  return latest;
}

/** Share of the window by which the keys move and zoom it. */
const STEP = 0.25;

function moveByKey(event: KeyboardEvent, [from, to]: Window, onWindow: (window: Window | undefined) => void): void {
  const by = STEP * (to - from);
  const moves: Readonly<Record<string, Window>> = {
    "+": [from + by, to - by],
    "-": [from - by * 2, to + by * 2],
    ArrowLeft: [from - by, to - by],
    ArrowRight: [from + by, to + by],
  };
  const window = moves[event.key];
  if (event.key !== "0" && !window) return;
  event.preventDefault();
  onWindow(window);
}
