// What there is to learn from, and what to check with: rows split by time, each column scaled alike.
import type { TrueRows } from "../rows.js";

/** The share of the rows that is learnt from: the older ones. Neighbouring hours are alike, so a random split would cheat. */
const TRAINING_SHARE = 0.8;

/** Rows as a network takes them. */
export interface Table {
  readonly rows: number;
  /** [rows, boundary signals], row-major. */
  readonly x: Float64Array;
  /** [rows, signals], row-major. */
  readonly y: Float64Array;
}

/** What a network learns from, and is checked with. */
export interface LearningSet {
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
  readonly training: Table;
  readonly validation: Table;
  /** By signal, what one is worth in the signal's unit. */
  readonly deviations: readonly number[];
}

/** How many of the rows are learnt from. */
export function trainingRows({ readings }: TrueRows): number {
  return Math.floor(readings.length * TRAINING_SHARE);
}

/** Splits and scales: every column of the training rows gets mean 0 and deviation 1, the validation rows the same scale. */
export function toLearningSet(rows: TrueRows): LearningSet {
  const { boundarySignals, signals, readings, truths } = rows;
  const border = trainingRows(rows);
  const x = scalesOf(readings.slice(0, border), boundarySignals.length);
  const y = scalesOf(truths.slice(0, border), signals.length);
  const table = (from: number, to: number): Table => ({
    rows: to - from,
    x: scaled(readings.slice(from, to), x),
    y: scaled(truths.slice(from, to), y),
  });
  return {
    boundarySignals,
    signals,
    training: table(0, border),
    validation: table(border, readings.length),
    deviations: y.map(({ deviation }) => deviation),
  };
}

interface Scale {
  readonly mean: number;
  readonly deviation: number;
}

function scalesOf(rows: readonly (readonly number[])[], columns: number): Scale[] {
  return Array.from({ length: columns }, (_, column) => {
    const mean = rows.reduce((sum, row) => sum + (row[column] as number), 0) / rows.length;
    const variance = rows.reduce((sum, row) => sum + ((row[column] as number) - mean) ** 2, 0) / rows.length;
    // A column that never changes tells nothing, and must not divide by zero.
    return { mean, deviation: Math.sqrt(variance) || 1 };
  });
}

function scaled(rows: readonly (readonly number[])[], scales: readonly Scale[]): Float64Array {
  const values = new Float64Array(rows.length * scales.length);
  rows.forEach((row, r) => {
    scales.forEach(({ mean, deviation }, column) => {
      values[r * scales.length + column] = ((row[column] as number) - mean) / deviation;
    });
  });
  return values;
}
