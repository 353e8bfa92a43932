// What every Executor promises (src/inference/executor.ts), as a suite to run on each of them.
import * as ort from "onnxruntime-node";
import { type Test, test } from "tap";
import type { Executor, GraphOptions, RowBatch } from "../../src/inference/executor.js";
import type { PlainTensor } from "../../src/inference/tensors.js";
import {
  DirectGraph,
  DirectTurbine,
  largestDifference,
  ROUNDING,
  readSensorRows,
  SIGNALS,
} from "../integration/support/direct.js";
import { TEST_MODELS, TURBINE } from "../integration/support/models.js";

/** Makes an executor whose worker, if it has one, may still be starting. */
export type ExecutorFactory = (options: GraphOptions) => Promise<Executor>;

/** Options of a test model of one graph. */
export function graphOptions(model: string, boost?: string): GraphOptions {
  const file = (name: string): string =>
    model === "gas_turbine" ? `${TURBINE}/${name}` : `${TEST_MODELS}/${model}/${name}`;
  return {
    basePath: file(boost ? "base.onnx" : "model.onnx"),
    boostPath: boost && file(boost),
    executionProvider: "cpu",
    intraOpThreads: 1,
  };
}

/** Rows of numbers that differ everywhere. */
export function wave(rows: number, width: number, from = 0): Float32Array {
  return Float32Array.from({ length: rows * width }, (_, i) => Math.sin(from + i * 0.37) * 2);
}

export function batchOf(input: Float32Array, rows: number, wantsResidual = false): RowBatch {
  return { input, rows, wantsResidual };
}

function tensor(name: string, type: PlainTensor["type"], dims: number[], data: PlainTensor["data"]): PlainTensor {
  return { name, type, dims, data };
}

const bytes = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** The suite. */
export function describeExecutor(name: string, create: ExecutorFactory): void {
  const open = async (t: Test, model: string, boost?: string): Promise<Executor> => {
    const executor = await create(graphOptions(model, boost));
    t.teardown(() => executor[Symbol.asyncDispose]());
    return executor;
  };

  test(`${name}: rows are what onnxruntime computes`, async (t) => {
    const cases = [
      { model: "small", width: 20, counts: [1, 2, 3, 64, 257] },
      { model: "heavy", width: 256, counts: [1, 5, 64] },
    ];
    for (const { model, width, counts } of cases) {
      const executor = await open(t, model);
      const direct = await DirectGraph.open(t, graphOptions(model).basePath);
      for (const rows of counts) {
        const input = wave(rows, width, rows);
        const { base, residual } = await executor.runRows(() => batchOf(input, rows));
        const difference = largestDifference(base, await direct.rows(input, rows));
        t.ok(difference <= ROUNDING * 10, `${model}, ${rows} rows: differs by ${difference}`);
        t.equal(residual, undefined);
      }
    }
  });

  test(`${name}: base and residual of an ensemble, and the residual only where it is wanted`, async (t) => {
    const executor = await open(t, "gas_turbine", "boost.onnx");
    const direct = await DirectTurbine.open(t);
    for (const rows of [1, 2, 100]) {
      const { readings } = readSensorRows(2015, rows);
      const [base, residual] = await direct.parts(readings);
      const both = await executor.runRows(() => batchOf(readings, rows, true));
      t.ok(largestDifference(both.base, base) <= ROUNDING, `base of ${rows} rows`);
      t.ok(largestDifference(both.residual ?? [], residual) <= ROUNDING, `residual of ${rows} rows`);
      const alone = await executor.runRows(() => batchOf(readings, rows));
      t.equal(alone.residual, undefined);
      t.ok(largestDifference(alone.base, base) <= ROUNDING);
    }
  });

  test(`${name}: a boost of the boundary values alone`, async (t) => {
    const executor = await open(t, "ensemble_narrow", "boost.onnx");
    const output = await executor.runRows(() => batchOf(Float32Array.of(2, 3, -1, 10), 2, true));
    t.same([...output.base], [2, 3, 5, -1, 10, 9]);
    t.same([...(output.residual ?? [])], [3, 100, -3, 0, 100, -10]);
  });

  test(`${name}: the batch grows until it is sealed, which happens once and not in the turn of the call`, async (t) => {
    const executor = await open(t, "ensemble_narrow", "boost.onnx");
    const rows: number[] = [];
    let seals = 0;
    const run = executor.runRows(() => {
      seals += 1;
      return batchOf(Float32Array.from(rows), rows.length / 2, true);
    });
    t.equal(seals, 0);
    rows.push(1, 2);
    await Promise.resolve();
    process.nextTick(() => rows.push(3, 4));
    queueMicrotask(() => rows.push(5, 6));
    const { base } = await run;
    t.equal(seals, 1);
    t.same([...base], [1, 2, 3, 5, 6, 11, 3, 4, 7]);
  });

  test(`${name}: the output is the receiver's: later runs leave it alone`, async (t) => {
    const executor = await open(t, "ensemble_narrow", "boost.onnx");
    const input = Float32Array.of(2, 3);
    const first = await executor.runRows(() => batchOf(input, 1, true));
    t.same([...input], [2, 3], "the input is only borrowed");
    first.base.fill(7);
    input.set([20, 30]);
    const second = await executor.runRows(() => batchOf(input, 1, true));
    t.same([...first.base], [7, 7, 7]);
    t.same([...second.base], [20, 30, 50]);
  });

  test(`${name}: a batch of which nothing is left runs to nothing`, async (t) => {
    const executor = await open(t, "faulty");
    const nothing = batchOf(new Float32Array(0), 0);
    await executor.runRows(() => nothing);
    const { base } = await executor.runRows(() => batchOf(Float32Array.of(3, 1, 2), 1));
    t.same([...base], [4, 32]);
  });

  test(`${name}: a graph that throws rejects with the runtime's reason, and the next run is fine`, async (t) => {
    const executor = await open(t, "faulty");
    const bad = Float32Array.of(1, 1, 1, 99, 1, 1);
    await t.rejects(
      executor.runRows(() => batchOf(bad, 2)),
      /Gather|indices|bounds/,
    );
    const one = tensor("readings", "float32", [1, 3], bytes(Float32Array.of(-1, 0, 0)));
    await t.rejects(executor.runTensors({ inputs: [one], outputs: ["predictions"] }), /Gather|indices|bounds/);
    const { base } = await executor.runRows(() => batchOf(Float32Array.of(9, 1, 2, 0, 5, 6), 2));
    t.same([...base], [10, 92, 5, 6]);
  });

  test(`${name}: a seal that throws rejects the run, and the next run is fine`, async (t) => {
    const executor = await open(t, "ensemble_narrow", "boost.onnx");
    await t.rejects(
      executor.runRows(() => {
        throw new Error("nothing to seal");
      }),
      /nothing to seal/,
    );
    const { base } = await executor.runRows(() => batchOf(Float32Array.of(2, 3), 1, true));
    t.same([...base], [2, 3, 5]);
  });

  test(`${name}: tensors of every type come back as they went, wherever their bytes lie`, async (t) => {
    const executor = await open(t, "types");
    const inputs = everyType();
    for (const shift of [0, 1, 3]) {
      const shifted = inputs.map((each) => ({ ...each, data: moved(each.data, shift) }));
      const outputs = await executor.runTensors({ inputs: shifted, outputs: inputs.map(({ name }) => outputOf(name)) });
      for (const [i, output] of outputs.entries()) {
        const { name, type, dims, data } = inputs[i] as PlainTensor;
        t.same([output.name, output.type, output.dims], [outputOf(name), type, dims]);
        const came = output.data instanceof Uint8Array ? [...output.data] : output.data;
        t.same(came, data instanceof Uint8Array ? [...data] : data, `${type}, moved by ${shift} bytes`);
      }
    }
    const [only] = await executor.runTensors({ inputs, outputs: ["out_int64"] });
    t.equal(only?.name, "out_int64");
  });

  test(`${name}: several inputs and outputs of rank 3`, async (t) => {
    const executor = await open(t, "window");
    const window = wave(2 * 16, 4);
    const outputs = await executor.runTensors({
      inputs: [
        tensor("scale", "float32", [1], bytes(Float32Array.of(2))),
        tensor("window", "float32", [2, 16, 4], bytes(window)),
      ],
      outputs: ["peak", "mean"],
    });
    t.same(
      outputs.map((output) => [output.name, output.dims]),
      [
        ["peak", [2, 4]],
        ["mean", [2, 4]],
      ],
    );
    const [peak, mean] = outputs.map(({ data }) => new Float32Array(Uint8Array.from(data as Uint8Array).buffer));
    const column = (n: number, k: number): number[] =>
      Array.from({ length: 16 }, (_, i) => window[(n * 16 + i) * 4 + k] as number);
    const columns = [0, 1].flatMap((n) => [0, 1, 2, 3].map((k) => column(n, k)));
    t.ok(
      largestDifference(
        peak ?? [],
        columns.map((values) => 2 * Math.max(...values)),
      ) <= ROUNDING,
    );
    t.ok(
      largestDifference(
        mean ?? [],
        columns.map((values) => values.reduce((a, b) => a + b) / 8),
      ) <= ROUNDING,
    );
  });

  test(`${name}: tensor runs may start at any time and take their turn`, async (t) => {
    const executor = await open(t, "ensemble_narrow", "boost.onnx");
    const tensors = Array.from({ length: 20 }, async (_, i) => {
      const input = tensor("boundary_signals", "float32", [1, 2], bytes(Float32Array.of(i, 1)));
      const [output] = await executor.runTensors({ inputs: [input], outputs: ["signals"] });
      return [...new Float32Array(Uint8Array.from(output?.data as Uint8Array).buffer)];
    });
    const rows = await executor.runRows(() => batchOf(Float32Array.of(2, 3), 1, true));
    t.same([...rows.base], [2, 3, 5]);
    t.same(
      await Promise.all(tensors),
      Array.from({ length: 20 }, (_, i) => [i, 1, i + 1]),
    );
  });

  test(`${name}: dispose is idempotent, and runs after it are refused`, async (t) => {
    for (const [model, boost] of [
      ["small", undefined],
      ["gas_turbine", "boost.onnx"],
    ] as const) {
      const executor = await create(graphOptions(model, boost));
      const width = model === "small" ? 20 : SIGNALS.length - 1;
      await executor.runRows(() => batchOf(wave(1, width), 1));
      await Promise.all([executor[Symbol.asyncDispose](), executor[Symbol.asyncDispose]()]);
      await executor[Symbol.asyncDispose]();
      await t.rejects(executor.runRows(() => batchOf(wave(1, width), 1)));
    }
  });
}

const outputOf = (input: string): string => input.replace("in_", "out_");

/** The same bytes, `shift` bytes into some memory of their own, as a message's tensors lie in it. */
function moved(data: PlainTensor["data"], shift: number): PlainTensor["data"] {
  if (!(data instanceof Uint8Array)) return data;
  const memory = Buffer.alloc(data.byteLength + shift);
  memory.set(data, shift);
  return memory.subarray(shift);
}

/** Three elements of every type, at their edges. */
export function everyType(): PlainTensor[] {
  const dims = [3];
  const of = (type: Exclude<PlainTensor["type"], "string">, array: ArrayBufferView): PlainTensor =>
    tensor(`in_${ORT_NAMES[type] ?? type}`, type, dims, bytes(array));
  return [
    of("float32", Float32Array.of(Number.NaN, -0, Number.POSITIVE_INFINITY)),
    of("float64", Float64Array.of(Number.MIN_VALUE, -0, Number.NaN)),
    of("float16", Uint16Array.of(0x3c00, 0x8000, 0x7e01)),
    of("int8", Int8Array.of(-128, 127, 0)),
    of("int16", Int16Array.of(-32_768, 32_767, -1)),
    of("int32", Int32Array.of(-(2 ** 31), 2 ** 31 - 1, -1)),
    of("int64", BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n)),
    of("uint8", Uint8Array.of(0, 255, 1)),
    of("uint16", Uint16Array.of(0, 65_535, 1)),
    of("uint32", Uint32Array.of(0, 2 ** 32 - 1, 1)),
    of("uint64", BigUint64Array.of(0n, 2n ** 64n - 1n, 2n ** 53n + 1n)),
    of("bool", Uint8Array.of(1, 0, 1)),
    tensor("in_string", "string", dims, ["", "µ → 𝛑 e\u0301", "plain"]),
  ];
}

/** The types model names two types as ONNX does. */
const ORT_NAMES: Readonly<Record<string, string>> = { float32: "float", float64: "double" };

/** Version of the runtime, for messages. */
export const RUNTIME = ort.env.versions.node ?? "unknown";
