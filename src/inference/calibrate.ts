// Measures what a run costs, at load: where a model runs is decided by this and by nothing else.
import type { Executor, GraphSpecs, RowBatch, TensorRequest } from "./executor.js";
import type { Graphs } from "./graphs.js";
import type { RunCost } from "./inline-executor.js";
import { zeroTensor } from "./tensors.js";
import { WorkerDiedError } from "./worker-executor.js";

/** Runs before measuring: the first ones allocate arenas and fault pages. */
const WARM_UP_RUNS = 3;
/** Runs of each size; the median counts. */
const MEASURED_RUNS = 15;
/** Rows of the second size; small enough to be cheap, large enough to show the cost of a row. */
const MANY_ROWS = 64;
/** A model that takes longer than this for one row is measured no further: it will not run inline. */
const OBVIOUS_US = 2_000;

/** Runs zeros through the graphs once: as rows, or as tensors where they take no rows; µs it took. */
async function runUs(graphs: Graphs, rows: number): Promise<number> {
  if (!graphs.takesRows) return tensorsUs(graphs, rows);
  const batch = zeroRows(graphs, rows);
  let started = 0;
  await graphs.runRows(() => {
    started = performance.now();
    return batch;
  });
  return (performance.now() - started) * 1000;
}

/** Infinity where zeros do not run: what sizes such a graph wants can only be guessed, and it may be right all the same. */
async function tensorsUs(graphs: Graphs, size: number): Promise<number> {
  const started = performance.now();
  const ran = await graphs.runTensors(zeroTensors(graphs.specs, size)).then(
    () => true,
    () => false,
  );
  return ran ? (performance.now() - started) * 1000 : Number.POSITIVE_INFINITY;
}

/** Runs zeros on an executor; resolves once it is there and warm. @throws Error when it does not start, or its rows fail */
export async function runZeros(executor: Executor, graphs: Graphs): Promise<void> {
  if (graphs.takesRows) await executor.runRows(() => zeroRows(graphs, 1));
  else await executor.runTensors(zeroTensors(graphs.specs, 1)).catch(unlessDied);
}

function unlessDied(error: unknown): void {
  if (error instanceof WorkerDiedError) throw error;
}

/** Runs the graphs a few times, so that the first request pays nothing. */
export async function warmUp(graphs: Graphs): Promise<void> {
  // The first run of a cheap model is dear, too: only a second one tells that a model is.
  if ((await runUs(graphs, 1)) > OBVIOUS_US && (await runUs(graphs, 1)) > OBVIOUS_US) return;
  if (graphs.takesRows) await graphs.chooseRunner();
  for (let run = 0; run < WARM_UP_RUNS; run += 1) await runUs(graphs, 1);
}

/** The cost of a run of base and boost on the present thread. */
export async function measureCost(graphs: Graphs): Promise<RunCost> {
  await warmUp(graphs);
  const one = await medianUs(graphs, 1);
  const many = one > OBVIOUS_US ? Number.POSITIVE_INFINITY : await medianUs(graphs, MANY_ROWS);
  if (many === Number.POSITIVE_INFINITY) return { fixedUs: 0, rowUs: one };
  const rowUs = Math.max(0, (many - one) / (MANY_ROWS - 1));
  return { fixedUs: Math.max(0, one - rowUs), rowUs };
}

async function medianUs(graphs: Graphs, rows: number): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < MEASURED_RUNS; run += 1) {
    const time = await runUs(graphs, rows);
    times.push(time);
    if (time > OBVIOUS_US) break;
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1] as number;
}

function zeroRows(graphs: Graphs, rows: number): RowBatch {
  const width = graphs.specs.inputs[0]?.shape.at(-1) ?? 0;
  return { input: new Float32Array(rows * width), rows, wantsResidual: true };
}

/** Zeros for every input; the first size is `size` where it may be any, the others are 1. */
function zeroTensors(specs: GraphSpecs, size: number): TensorRequest {
  const dimsOf = (shape: readonly number[]): number[] =>
    shape.map((length, i) => (length !== -1 ? length : i === 0 ? size : 1));
  const inputs = specs.inputs.map((spec) => zeroTensor(spec, dimsOf(spec.shape)));
  return { inputs, outputs: specs.outputs.map((spec) => spec.name) };
}
