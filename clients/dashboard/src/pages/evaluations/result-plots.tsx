// The predictions beside the true values, read from the result.
import { useCallback, useEffect, useMemo, useState } from "react";
import { align, type Window } from "../../chart/aligned.js";
import { Chart } from "../../chart/chart.js";
import { type NumberTable, readTable } from "../../csv/csv.js";
import { formatCount, formatValue } from "../../format/numbers.js";
import { Bars } from "../../plot/bars.js";
import { binsOf } from "../../plot/bins.js";
import { Scatter } from "../../plot/scatter.js";
import { useView } from "../../router/history.js";
import { choice, span, text } from "../../router/url-state.js";
import { client } from "../../server/server.js";
import { Card } from "../../ui/card.js";
import { Notice } from "../../ui/notice.js";
import { Segmented, Select } from "../../ui/toolbar.js";

/** Rows that are read for the plots: 100,000 of twelve columns are 10 MB. */
const MAX_ROWS = 100_000;
const PREFIX = "predicted_";
/** Signals that are all seen at once; of more, one is chosen from a list. */
const MAX_SEEN = 8;
const BINS = 60;
const HEIGHT = 340;
const PLOTS = ["scatter", "residuals", "rows"] as const;
const VIEW = { signal: text(), plot: choice(PLOTS, "scatter"), rows: span() };
const LINES = [
  { label: "predicted", token: "--series-1" },
  { label: "true", token: "--series-2" },
] as const;
const TITLES = { scatter: "Predicted and true", residuals: "Residuals", rows: "By row" } as const;

interface ResultPlotsProps {
  readonly id: string;
  /** Those that have a true column. */
  readonly signals: readonly string[];
}

export function ResultPlots({ id, signals }: ResultPlotsProps) {
  const [view, setView] = useView(VIEW);
  const { table, error } = useResult(id, signals);
  const signal = signals.includes(view.signal) ? view.signal : (signals[0] ?? "");
  return (
    <Card
      title="Predictions"
      className="evaluations-predictions"
      aside={
        <>
          <SignalChoice signals={signals} signal={signal} onChange={(name) => setView({ signal: name })} />
          <Segmented
            label="Plot"
            options={PLOTS.map((value) => ({ value, title: TITLES[value] }))}
            value={view.plot}
            onChange={(plot) => setView({ plot })}
          />
        </>
      }
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      {!table && !error && <p className="page-loading">Reading the predictions…</p>}
      {table && <Plot table={table} signal={signal} plot={view.plot} />}
      {table?.isShortened && <p className="evaluations-note">The first {formatCount(table.rows)} rows are shown.</p>}
    </Card>
  );
}

interface SignalChoiceProps {
  readonly signals: readonly string[];
  readonly signal: string;
  readonly onChange: (signal: string) => void;
}

function SignalChoice({ signals, signal, onChange }: SignalChoiceProps) {
  const options = signals.map((name) => ({ value: name, title: name }));
  if (signals.length > MAX_SEEN) return <Select label="Signal" options={options} value={signal} onChange={onChange} />;
  return <Segmented label="Signal" options={options} value={signal} onChange={onChange} />;
}

interface PlotProps {
  readonly table: NumberTable;
  readonly signal: string;
  readonly plot: (typeof PLOTS)[number];
}

function Plot({ table, signal, plot }: PlotProps) {
  const pair = useMemo(() => pairOf(table, signal), [table, signal]);
  const bins = useMemo(() => binsOf(pair.residuals, BINS), [pair]);
  if (plot === "scatter")
    return <Scatter name={signal} truth={pair.truth} predicted={pair.predicted} height={HEIGHT} />;
  if (plot === "rows") return <ByRow signal={signal} pair={pair} />;
  const label = `Residuals of ${signal}: predicted minus true, ${formatCount(table.rows)} rows`;
  return (
    <Bars {...bins} label={label} xTitle={`predicted − true ${signal}`} showX={formatValue} mark={0} height={HEIGHT} />
  );
}

/** Both over the rows of the file; a stretch of them is chosen by dragging, and stands in the address. */
function ByRow({ signal, pair }: { readonly signal: string; readonly pair: ReturnType<typeof pairOf> }) {
  const [{ rows }, setView] = useView(VIEW);
  const draw = useCallback(
    (pixels: number) => align(pair.rows, [pair.predicted, pair.truth], pixels, rows),
    [pair, rows],
  );
  const choose = (window: Window | undefined) => setView({ rows: window }, { push: true });
  return (
    <>
      <p className="evaluations-legend">
        <span data-series="1">predicted</span> <span data-series="2">true</span>
        <span className="evaluations-hint">drag to look closer, double click for all</span>
      </p>
      <Chart
        label={`${signal}, predicted and true, by row`}
        lines={LINES}
        draw={draw}
        format={formatValue}
        formatX={formatCount}
        height={HEIGHT}
        onWindow={choose}
      />
    </>
  );
}

function pairOf(table: NumberTable, signal: string) {
  const truth = table.column(signal) ?? new Float64Array();
  const predicted = table.column(PREFIX + signal) ?? new Float64Array();
  const rows = Float64Array.from(truth, (_, i) => i + 1);
  return { rows, truth, predicted, residuals: predicted.map((value, i) => value - (truth[i] ?? Number.NaN)) };
}

function useResult(id: string, signals: readonly string[]): { readonly table?: NumberTable; readonly error?: Error } {
  const [state, setState] = useState<{ readonly table?: NumberTable; readonly error?: Error }>({});
  const wanted = signals.join("\n");
  useEffect(() => {
    const abort = new AbortController();
    const names = wanted.split("\n");
    const wants = (column: string) => names.some((name) => column === name || column === PREFIX + name);
    const read = async () => {
      const { signal } = abort;
      try {
        const result = await client.evaluations.result(id, { signal });
        const table = await readTable(result, { maxRows: MAX_ROWS, wants, signal });
        if (!signal.aborted) setState({ table });
      } catch (cause) {
        if (!signal.aborted) setState({ error: cause instanceof Error ? cause : new Error(String(cause)) });
      }
    };
    void read();
    return () => abort.abort();
  }, [id, wanted]);
  return state;
}
