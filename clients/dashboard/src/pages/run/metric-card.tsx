// One metric: its curve, its last, least and greatest value, and the same as a table.
import type { MetricStore } from "@tidewire/react";
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { align, type Window } from "../../chart/aligned.js";
import { Chart } from "../../chart/chart.js";
import { type Extremes, endsOf, extremesOf, PointsCache } from "../../chart/points.js";
import { formatValue } from "../../format/numbers.js";
import { IconButton } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { MetricTable } from "./metric-table.js";
import type { RunView } from "./view.js";

interface MetricCardProps {
  readonly metrics: MetricStore;
  readonly name: string;
  /** The name without its group's. */
  readonly title: string;
  readonly view: Pick<RunView, "x" | "smooth" | "log" | "w">;
  readonly onWindow: (window: Window | undefined) => void;
}

const RAW = { label: "raw", token: "--series-1" } as const;
const SMOOTHED = [
  { ...RAW, isFaint: true },
  { label: "smoothed", token: "--series-1" },
] as const;

export function MetricCard({ metrics, name, title, view, onWindow }: MetricCardProps) {
  const [isTable, setTable] = useState(false);
  const { x: axis, smooth, log, w } = view;
  const facts = useRef<HTMLDListElement>(null);
  const cache = useMemo(() => new PointsCache(), []);
  useFacts(metrics, name, facts);
  const draw = useCallback(
    (columns: number) => {
      const series = metrics.get(name);
      if (!series) return align([], smooth > 0 ? [[], []] : [[]], columns, w, log);
      const { points, smoothed, extremes } = cache.of(series, axis, smooth);
      writeFacts(facts.current, extremes);
      const window = w ?? commonWindow(metrics, axis, points.x);
      if (!smoothed) return align(points.x, [points.y], columns, window, log);
      // What is smooth has no spikes to keep: a third of the columns draws the same line.
      return align(points.x, [points.y, smoothed], [columns, columns / 3], window, log);
    },
    [metrics, name, cache, axis, smooth, log, w],
  );
  return (
    <Card
      className="metric"
      label={name}
      title={<span title={name}>{title}</span>}
      aside={
        <IconButton
          icon={isTable ? "chart" : "table"}
          label={isTable ? `Show ${name} as a chart` : `Show ${name} as a table`}
          onClick={() => setTable(!isTable)}
        />
      }
    >
      <dl ref={facts} className="metric-facts">
        {FACTS.map(([word]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>–</dd>
          </div>
        ))}
      </dl>
      {isTable ? (
        <MetricTable metrics={metrics} name={name} />
      ) : (
        <Chart
          label={`${name} over ${axis}`}
          lines={smooth > 0 ? SMOOTHED : [RAW]}
          draw={draw}
          subscribe={metrics.subscribe}
          isTime={axis === "time"}
          isLog={log}
          group="run"
          onWindow={onWindow}
        />
      )}
    </Card>
  );
}

/** How often figures are told of a chart that is not in view, and so not drawn, in milliseconds. */
const UNSEEN_MS = 1_000;

/** Whoever does not see the chart, or has not come to it yet, finds its figures all the same. */
function useFacts(metrics: MetricStore, name: string, facts: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = () => {
      timer = undefined;
      const series = metrics.get(name);
      if (series) writeFacts(facts.current, extremesOf(series.value));
    };
    write();
    const unsubscribe = metrics.subscribe(() => {
      timer ??= setTimeout(write, UNSEEN_MS);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [metrics, name, facts]);
}

/** From the least to the greatest x of all metrics: a place is above itself in all charts. */
function commonWindow(metrics: MetricStore, axis: RunView["x"], own: ArrayLike<number>): Window | undefined {
  if (own.length === 0) return undefined;
  let [from, to] = [own[0] as number, own[own.length - 1] as number];
  for (const name of metrics.names) {
    const series = metrics.get(name);
    const ends = series && endsOf(series, axis);
    if (ends) [from, to] = [Math.min(from, ends[0]), Math.max(to, ends[1])];
  }
  return [from, to];
}

const FACTS = [
  ["last", "last"],
  ["min", "min"],
  ["max", "max"],
] as const;

/** Written with the drawing, so that no component is rendered for a point. */
function writeFacts(facts: HTMLElement | null, extremes: Extremes): void {
  if (!facts) return;
  for (const [i, [, name]] of FACTS.entries()) {
    const shown = facts.children[i]?.lastElementChild;
    const value = extremes[name];
    if (shown) shown.textContent = value === undefined ? "–" : formatValue(value);
  }
  facts.dataset.notFinite = extremes.notFinite > 0 ? `${extremes.notFinite} not finite` : "";
}
