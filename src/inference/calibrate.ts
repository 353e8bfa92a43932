// Measures what a run costs, at load: where a model runs is decided by this and by nothing else.
import type { GraphSpecs, RowBatch, TensorRequest } from "./executor.js";
import type { Graphs } from "./graphs.js";
import type { RunCost } from "./inline-executor.js";
import { zeroTensor } from "./tensors.js";

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
  let started = performance.now();
  if (graphs.takesRows) {
    const batch = zeroRows(graphs, rows);
    await graphs.runRows(() => {
      started = performance.now();
      return batch;
    });
  } else {
    await graphs.runTensors(zeroTensors(graphs.specs, rows));
  }
  return (performance.now() - started) * 1000;
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
  if (one > OBVIOUS_US) return { fixedUs: 0, rowUs: one };
  const many = await medianUs(graphs, MANY_ROWS);
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

/** Zeros for every input; sizes that may be any are `size`. */
function zeroTensors(specs: GraphSpecs, size: number): TensorRequest {
  const inputs = specs.inputs.map((spec) =>
    zeroTensor(
      spec,
      spec.shape.map((length) => (length === -1 ? size : length)),
    ),
  );
  return { inputs, outputs: specs.outputs.map((spec) => spec.name) };
}
