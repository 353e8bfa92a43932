// The newest prediction, beside the truth where that is known.
import type { EnsembleDescription, InferenceConfiguration } from "@tidewire/client";
import { useState, useSyncExternalStore } from "react";
import { formatCount, formatValue } from "../../format/numbers.js";
import { Notice } from "../../ui/notice.js";
import { type Column, Table } from "../../ui/table.js";
import type { Trace } from "./trace.js";

/** Errors beyond so many RMSEs are drawn as large as this. */
const WIDEST = 3;

interface ResultsProps {
  readonly ensemble: EnsembleDescription;
  readonly trace: Trace;
  readonly configure: (changes: InferenceConfiguration) => Promise<unknown>;
}

interface Row {
  readonly signal: string;
  readonly predicted: number | undefined;
  readonly truth: number | undefined;
  /** Over all rows of the trace. */
  readonly rmse: number | undefined;
  /** As measured when the ensemble was made. */
  readonly expectedRmse: number | undefined;
}

export function Results({ ensemble, trace, configure }: ResultsProps) {
  useSyncExternalStore(trace.subscribe, trace.getVersion);
  const boosts = useBoosts(ensemble, configure);
  const { latest } = trace;
  const rows = ensemble.signals.map((signal): Row => {
    const { rmseBase, rmseBoost } = ensemble.quality[signal] ?? {};
    return {
      signal,
      predicted: latest?.predictions[signal],
      truth: latest?.truth[signal],
      rmse: trace.errors(signal)?.rmse,
      expectedRmse: boosts.isOn(signal) ? rmseBoost : rmseBase,
    };
  });
  const columns: readonly Column<Row>[] = [
    { name: "signal", title: "Signal", show: ({ signal }) => <b>{signal}</b> },
    {
      name: "predicted",
      title: "Predicted",
      isNumber: true,
      show: ({ predicted }) => <Value of={predicted} isStrong />,
    },
    { name: "truth", title: "True", isNumber: true, show: ({ truth }) => <Value of={truth} /> },
    {
      name: "error",
      title: "Error",
      isNumber: true,
      show: ({ predicted, truth }) => <Value of={difference(predicted, truth)} />,
    },
    { name: "size", title: "in RMSEs", from: 480, show: (row) => <ErrorBar row={row} /> },
    { name: "rmse", title: "RMSE so far", isNumber: true, from: 480, show: ({ rmse }) => <Value of={rmse} /> },
    {
      name: "expected",
      title: "RMSE expected",
      isNumber: true,
      from: 900,
      show: ({ expectedRmse }) => <Value of={expectedRmse} />,
    },
    ...(boosts.exist ? [{ name: "boost", title: "Boost", show: ({ signal }: Row) => boosts.show(signal) }] : []),
  ];
  return (
    <>
      {boosts.error && <Notice tone="bad">{boosts.error.message}</Notice>}
      <Table caption="The newest prediction" columns={columns} rows={rows} keyOf={({ signal }) => signal} />
      <p className="inference-note" role="status">
        {trace.count === 0 ? "No prediction yet." : `${formatCount(trace.count)} predicted.`}
      </p>
    </>
  );
}

/** Which signals are boosted: the ensemble's own choice, until the reader makes another. */
function useBoosts({ boostSignals }: EnsembleDescription, configure: ResultsProps["configure"]) {
  const [chosen, setChosen] = useState<Readonly<Record<string, boolean>>>({});
  const [error, setError] = useState<Error>();
  const isOn = (signal: string) => chosen[signal] ?? boostSignals[signal] ?? false;
  const choose = async (signal: string, isBoosted: boolean) => {
    const manualBoostSignals = { ...chosen, [signal]: isBoosted };
    setChosen(manualBoostSignals);
    try {
      await configure({ manualBoostSignals });
      setError(undefined);
    } catch (cause) {
      // A change that is refused changes nothing.
      setChosen(chosen);
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  const show = (signal: string) => (
    <label className="check">
      <input type="checkbox" checked={isOn(signal)} onChange={(event) => void choose(signal, event.target.checked)} />
      <span className="visually-hidden">Boost of {signal}</span>
    </label>
  );
  return { exist: Object.keys(boostSignals).length > 0, isOn, show, error };
}

function difference(predicted: number | undefined, truth: number | undefined): number | undefined {
  return predicted === undefined || truth === undefined ? undefined : predicted - truth;
}

function Value({ of: value, isStrong = false }: { readonly of: number | undefined; readonly isStrong?: boolean }) {
  if (value === undefined) return <span className="quiet">–</span>;
  return isStrong ? <b>{formatValue(value)}</b> : formatValue(value);
}

/** The error as a bar to the left or right of the truth. */
function ErrorBar({ row: { predicted, truth, expectedRmse } }: { readonly row: Row }) {
  const error = difference(predicted, truth);
  if (error === undefined || !expectedRmse) return <span className="quiet">–</span>;
  const size = Math.max(-WIDEST, Math.min(WIDEST, error / expectedRmse));
  const width = (50 * Math.abs(size)) / WIDEST;
  return (
    <span className="inference-error" title={`${(error / expectedRmse).toFixed(2)} RMSEs`}>
      <span style={{ width: `${width}%`, left: size < 0 ? `${50 - width}%` : "50%" }} />
    </span>
  );
}
