// How a run is started: late feeds, which depend on the runtime's inside, and the plain way that must give the same.
import { type Test, test } from "tap";
import { Graphs } from "../../../src/inference/graphs.js";
import { InlineExecutor } from "../../../src/inference/inline-executor.js";
import { WorkerExecutor } from "../../../src/inference/worker-executor.js";
import { batchOf, graphOptions, RUNTIME, wave } from "../../contract/executors.js";
import { DirectTurbine, largestDifference, ROUNDING, readSensorRows } from "../../integration/support/direct.js";
import { floatsOf } from "../../integration/support/frames.js";

const turbine = graphOptions("gas_turbine", "boost.onnx");

async function load(t: Test, options = turbine): Promise<Graphs> {
  const graphs = await Graphs.load(options);
  t.teardown(() => graphs[Symbol.asyncDispose]());
  return graphs;
}

/** Turns of the event loop until `work` settles, as an immediate that sets itself again counts them. */
async function turnsOf<T>(work: () => Promise<T>): Promise<{ turns: number; result: T }> {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    if (isDone) return;
    turns += 1;
    setImmediate(count);
  };
  const run = work();
  setImmediate(count); // behind the run's own immediates of this turn
  const result = await run.finally(() => {
    isDone = true;
  });
  return { turns, result };
}

test(`late feeds work with this onnxruntime (${RUNTIME})`, async (t) => {
  for (const options of [turbine, graphOptions("small"), graphOptions("ensemble_narrow", "boost.onnx")]) {
    const graphs = await load(t, options);
    t.equal(graphs.runner, "plain", "never assumed");
    await graphs.chooseRunner();
    t.equal(
      graphs.runner,
      "late-feeds",
      `this onnxruntime (${RUNTIME}) reads its feeds before the turn ends: a round trip now costs two turns more`,
    );
  }
});

test("late feeds run the rows that were sealed, base and boost in the turn of the call", async (t) => {
  const graphs = await load(t);
  const direct = await DirectTurbine.open(t);
  await graphs.chooseRunner();
  for (const rows of [1, 2, 7, 100]) {
    const { readings } = readSensorRows(2015, rows);
    const [base, residual] = await direct.parts(readings);
    const { turns, result } = await turnsOf(() => graphs.runRows(() => batchOf(readings, rows, true)));
    t.equal(turns, 0, "no turn began before it was done");
    t.ok(largestDifference(result.base, base) <= ROUNDING, `base of ${rows} rows`);
    t.ok(largestDifference(result.residual ?? [], residual) <= ROUNDING, `residual of ${rows} rows`);
  }
});

test("the plain way takes turns of its own and gives the same", async (t) => {
  const [plain, late] = [await load(t), await load(t)];
  await late.chooseRunner();
  const { readings } = readSensorRows(2015, 33);
  for (const wantsResidual of [true, false]) {
    const { turns, result } = await turnsOf(() => plain.runRows(() => batchOf(readings, 33, wantsResidual)));
    t.ok(turns > 0, `${turns} turns`);
    t.same(result, await late.runRows(() => batchOf(readings, 33, wantsResidual)), "the same numbers, bit by bit");
  }
});

test("rows added after the call and before the seal are run, in both ways", async (t) => {
  for (const isLate of [true, false]) {
    const graphs = await load(t, graphOptions("ensemble_narrow", "boost.onnx"));
    if (isLate) await graphs.chooseRunner();
    const rows: number[] = [];
    const run = graphs.runRows(() => batchOf(Float32Array.from(rows), rows.length / 2, true));
    for (let i = 0; i < 50; i += 1) rows.push(i, 2 * i);
    const { base, residual } = await run;
    t.same([...base], Array.from({ length: 50 }, (_, i) => [i, 2 * i, 3 * i]).flat());
    t.same([...(residual ?? [])], Array.from({ length: 50 }, (_, i) => [1 + i, 100, -2 * i]).flat());
  }
});

test("a large batch of an inline model goes to a worker, and the loop goes on meanwhile", async (t) => {
  const ROWS = 4096;
  const graphs = await load(t);
  const direct = await DirectTurbine.open(t);
  let workers = 0;
  const startWorker = (): WorkerExecutor => {
    workers += 1;
    return new WorkerExecutor(turbine, { died: (reason) => t.fail(reason) });
  };
  const executor = new InlineExecutor(graphs, { fixedUs: 10, rowUs: 5 }, startWorker);
  t.teardown(() => executor[Symbol.asyncDispose]());
  const { readings } = readSensorRows(2015, ROWS);

  await executor.runRows(() => batchOf(readings.subarray(0, 500), 100, true));
  t.equal(workers, 0, "a small batch starts none");
  const batch = batchOf(readings, ROWS, true);
  await executor.runRows(() => batch); // the worker starts
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 1);
  t.teardown(() => clearInterval(timer));
  const outputs = [];
  for (let run = 0; run < 5; run += 1) {
    const before = ticks;
    outputs.push(await executor.runRows(() => batch));
    t.ok(ticks > before, `a 1 ms timer fired ${ticks - before} times during a run`);
  }
  t.equal(workers, 1, "one worker for all large batches");
  const [base, residual] = await direct.parts(readings);
  for (const output of outputs) {
    t.ok(largestDifference(output.base, base) <= ROUNDING);
    t.ok(largestDifference(output.residual ?? [], residual) <= ROUNDING);
  }
  const tensor = {
    name: "boundary_signals",
    type: "float32",
    dims: [ROWS, 5],
    data: new Uint8Array(readings.buffer),
  } as const;
  const inputs = [{ ...tensor, name: graphs.specs.inputs[0]?.name as string }];
  const [output] = await executor.runTensors({ inputs, outputs: [graphs.specs.outputs[0]?.name as string] });
  t.ok(largestDifference(floatsOf(output?.data as Uint8Array), base) <= ROUNDING);
});

test("rows of a model without a boost have no residual, even where it is wanted", async (t) => {
  for (const isLate of [true, false]) {
    const graphs = await load(t, graphOptions("small"));
    if (isLate) await graphs.chooseRunner();
    const { base, residual } = await graphs.runRows(() => batchOf(wave(3, 20), 3, true));
    t.equal(base.length, 60);
    t.equal(residual, undefined);
  }
});

test("a graph that is none says why, without the machine's path", async (t) => {
  const options = graphOptions("broken");
  await t.rejects(Graphs.load(options), /model\.onnx/);
  const reason = await Graphs.load(options).catch((error: Error) => error.message);
  t.notMatch(reason, options.basePath.replace("/model.onnx", ""));
});
