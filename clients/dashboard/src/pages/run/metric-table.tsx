// The values of a metric as a table, for those who read figures, or cannot see curves.
import { type MetricStore, useSource } from "@tidewire/react";
import { formatCount, formatValue } from "../../format/numbers.js";
import { formatClock } from "../../format/time.js";

/** Newest values that are shown: a table of more is read by no one. All of them are at `/metrics`. */
const SHOWN = 200;

export function MetricTable({ metrics, name }: { readonly metrics: MetricStore; readonly name: string }) {
  useSource(metrics);
  const series = metrics.get(name);
  if (!series) return null;
  const { length, step, epoch, time, value } = series;
  const first = Math.max(0, length - SHOWN);
  const rows = Array.from({ length: length - first }, (_, i) => length - 1 - i);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section className="metric-table" aria-label={`Values of ${name}`} tabIndex={0}>
      <table className="table">
        <caption className={first > 0 ? "metric-caption" : "visually-hidden"}>
          {first > 0 ? `The newest ${SHOWN} of ${formatCount(length)} values` : `Values of ${name}`}
        </caption>
        <thead>
          <tr>
            {["Step", "Epoch", "Time", "Value"].map((title) => (
              <th key={title} scope="col" className="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((i) => (
            <tr key={i}>
              <td className="number">{said(step[i])}</td>
              <td className="number">{said(epoch[i])}</td>
              <td className="number">{formatClock(new Date(time[i] as number))}</td>
              <td className="number">{formatValue(value[i] as number)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function said(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "–" : formatCount(value);
}
