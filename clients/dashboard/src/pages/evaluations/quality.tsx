// How well each signal was predicted; base and boost beside each other.
import type { Evaluation } from "@tidewire/client";
import { formatCount, formatValue } from "../../format/numbers.js";
import { type Column, Table } from "../../ui/table.js";

type Row = readonly [signal: string, quality: Evaluation["quality"][string]];

/** Digits of R²: the third one is where models differ. */
const R2_DIGITS = 3;

const COLUMNS: readonly Column<Row>[] = [
  { name: "signal", title: "Signal", show: ([signal]) => <b>{signal}</b> },
  { name: "rmse", title: "RMSE", isNumber: true, show: ([, { rmse }]) => formatValue(rmse) },
  { name: "mae", title: "MAE", isNumber: true, show: ([, { mae }]) => formatValue(mae) },
  { name: "r2", title: "R²", isNumber: true, show: ([, { r2 }]) => <R2 value={r2} /> },
  { name: "boost", title: "Boost", from: 640, show: ([, { boosted }]) => (boosted ? "on" : "off") },
  {
    name: "base",
    title: "R² base",
    isNumber: true,
    from: 900,
    show: ([, { comparison }]) => <R2 value={comparison?.r2Base} />,
  },
  {
    name: "boosted",
    title: "R² boosted",
    isNumber: true,
    from: 900,
    show: ([, { comparison }]) => <R2 value={comparison?.r2Boost} />,
  },
  { name: "rows", title: "Rows", isNumber: true, from: 640, show: ([, { rows }]) => formatCount(rows) },
];

export function Quality({ quality }: Pick<Evaluation, "quality">) {
  return (
    <Table caption="Quality by signal" columns={COLUMNS} rows={Object.entries(quality)} keyOf={([signal]) => signal} />
  );
}

function R2({ value }: { readonly value: number | undefined }) {
  if (value === undefined) return <span className="quiet">–</span>;
  return (
    <span className="evaluations-r2">
      <span className="evaluations-r2-track">
        <span className="evaluations-r2-bar" style={{ width: `${100 * Math.max(0, value)}%` }} />
      </span>
      <span className="evaluations-r2-value">{value.toFixed(R2_DIGITS).replace("-", "−")}</span>
    </span>
  );
}
