// What was trained beside what is served: the errors of both on the same rows.
import type { Evaluation } from "@tidewire/client";
import type { Quality } from "../learning/trainer.js";
import { meaningOf } from "../turbine.js";

/** One signal's root mean square errors, in its unit; null where the server has none. */
export interface SignalComparison {
  readonly trained_rmse: number;
  readonly served_rmse: number | null;
}

/** All signals. */
export interface Comparison {
  readonly signals: Readonly<Record<string, SignalComparison>>;
  /** The verdict. */
  readonly message: string;
  /** Signal by signal. */
  readonly lines: readonly string[];
}

/** Compares by signal. @param names of the signals, in the order of `trained` */
export function compare(names: readonly string[], trained: Quality, served: Evaluation): Comparison {
  const signals = names.map((name, i) => {
    const comparison = { trained_rmse: trained.rmse[i] as number, served_rmse: served.quality[name]?.rmse ?? null };
    return [name, comparison] as const;
  });
  const isBetter = ({ trained_rmse, served_rmse }: SignalComparison) =>
    served_rmse !== null && trained_rmse < served_rmse;
  const better = signals.filter(([, comparison]) => isBetter(comparison)).length;
  return {
    signals: Object.fromEntries(signals),
    message: `the trained network is better than ${served.ensembleName} on ${better} of ${names.length} signals`,
    lines: signals.map(([name, { trained_rmse, served_rmse }]) => {
      const theirs = served_rmse === null ? "has none" : `has ${rmseText(name, served_rmse)} on the same rows`;
      return `${name}: RMSE ${rmseText(name, trained_rmse)}; ${served.ensembleName} ${theirs}`;
    }),
  };
}

/** "gas_turbine over 1477 rows: RMSE TIT 9.28 °C, …". */
export function evaluationText({ ensembleName, rows, quality }: Evaluation): string {
  const errors = Object.entries(quality).flatMap(([name, { rmse }]) =>
    rmse === undefined ? [] : [`${name} ${rmseText(name, rmse)}`],
  );
  return `${ensembleName} over ${rows} rows: RMSE ${errors.join(", ")}`;
}

/** An error with a digit more than its signal is shown with. */
export function rmseText(signal: string, rmse: number): string {
  const { unit, digits } = meaningOf(signal);
  return `${rmse.toFixed(digits + 1)} ${unit}`.trimEnd();
}
