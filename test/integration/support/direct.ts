// Graphs run by onnxruntime itself: what every form of prediction is compared with.
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import type { Test } from "tap";
import { modelDirectory, TURBINE } from "./models.js";

/** Count of the turbine's boundary signals; the columns behind them are its signals. */
export const BOUNDARY = 5;
export const SIGNALS = ["TIT", "TAT", "TEY", "CDP", "CO", "NOX"] as const;
export const BOUNDARY_SIGNALS = ["AT", "AP", "AH", "AFDP", "GTEP"] as const;

/** A graph without anything of ours around it, released when the test ends. */
export class DirectGraph {
  private constructor(private readonly session: ort.InferenceSession) {}

  static async open(t: Test, path: string): Promise<DirectGraph> {
    const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 4 });
    t.teardown(() => session.release());
    return new DirectGraph(session);
  }

  /** Rows through a graph of one input and one output; float32 [rows, outputs]. */
  async rows(input: Float32Array, rows: number): Promise<Float32Array> {
    const [name, output] = [this.session.inputNames[0] as string, this.session.outputNames[0] as string];
    const results = await this.session.run({ [name]: new ort.Tensor("float32", input, [rows, input.length / rows]) });
    return (results[output] as ort.Tensor).data as Float32Array;
  }
}

/** The demo ensemble, put together here a second time. */
export class DirectTurbine {
  private constructor(
    private readonly base: DirectGraph,
    private readonly boost: DirectGraph,
  ) {}

  static async open(t: Test): Promise<DirectTurbine> {
    const directory = modelDirectory("gas_turbine");
    const graphs = ["base.onnx", "boost.onnx"].map((file) => DirectGraph.open(t, `${directory}/${file}`));
    const [base, boost] = (await Promise.all(graphs)) as [DirectGraph, DirectGraph];
    return new DirectTurbine(base, boost);
  }

  /** float32 [rows, 6], the residual added to the signals whose boost is on. */
  async predict(readings: Float32Array, boosts: readonly boolean[]): Promise<Float32Array> {
    const [base, residual] = await this.parts(readings);
    return base.map((value, i) => (boosts[i % boosts.length] ? Math.fround(value + (residual[i] as number)) : value));
  }

  /** Base and residual. */
  async parts(readings: Float32Array): Promise<[Float32Array, Float32Array]> {
    const rows = readings.length / BOUNDARY;
    const base = await this.base.rows(readings, rows);
    const width = BOUNDARY + SIGNALS.length;
    const input = new Float32Array(rows * width);
    for (let row = 0; row < rows; row += 1) {
      input.set(readings.subarray(row * BOUNDARY, (row + 1) * BOUNDARY), row * width);
      input.set(base.subarray(row * SIGNALS.length, (row + 1) * SIGNALS.length), row * width + BOUNDARY);
    }
    return [base, await this.boost.rows(input, rows)];
  }
}

/** Real rows of a year. */
export interface SensorRows {
  readonly rows: number;
  /** float32 [rows, 5]. */
  readonly readings: Float32Array;
  /** [rows, 6], as the file has them. */
  readonly truth: Float64Array;
}

/** The first `rows` rows of a year's file, or all of them. */
export function readSensorRows(year: 2014 | 2015, rows = Number.POSITIVE_INFINITY): SensorRows {
  const [, ...lines] = readFileSync(`${TURBINE}/gt_${year}.csv`, "utf8").trimEnd().split("\n");
  const table = lines.slice(0, rows).map((line) => line.split(",").map(Number));
  return {
    rows: table.length,
    readings: Float32Array.from(table.flatMap((row) => row.slice(0, BOUNDARY))),
    truth: Float64Array.from(table.flatMap((row) => row.slice(BOUNDARY))),
  };
}

/**
 * Largest difference, each relative to the expected value (to 1 where that is smaller). A graph may round the last
 * digit differently for another count of rows.
 */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const [came, wanted] = [actual[i] as number, expected[i] as number];
    const difference = Math.abs(came - wanted) / Math.max(1, Math.abs(wanted));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** The last digits of a float32. */
export const ROUNDING = 2e-6;
