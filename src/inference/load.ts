// From a model directory to a warm model: read, checked, measured, and put where it runs best.
import { measureCost, runZeros } from "./calibrate.js";
import { Ensemble } from "./ensemble.js";
import type { Executor } from "./executor.js";
import { type Graphs, rowFormProblem } from "./graphs.js";
import { InlineExecutor, type RunCost } from "./inline-executor.js";
import { type Manifest, readManifest } from "./manifest.js";
import { loadOnProvider } from "./providers.js";
import type { SchedulerLimits } from "./scheduler.js";
import { WorkerExecutor } from "./worker-executor.js";

/** Threads within an operator of a graph on the event loop: it is done before a second one has woken. */
const INLINE_THREADS = 1;

/**
 * Longest run. Nothing can cut a run short, and whoever comes behind it waits for it: a model so
 * dear that `maxBatchRows` would take longer has smaller batches.
 */
const MAX_RUN_US = 1_000_000;

/** What one model may have of its own. */
export interface ModelSettings {
  readonly executionProvider?: string | undefined;
  readonly executor?: "auto" | "inline" | "worker" | undefined;
  readonly intraOpThreads?: number | undefined;
  readonly maxBatchRows?: number | undefined;
  readonly maxQueueDelayUs?: number | undefined;
}

/** Settings of all models, and of single ones over them; names and units as in the configuration. */
export interface InferenceSettings extends SchedulerLimits {
  readonly executionProvider: string;
  readonly intraOpThreads: number;
  readonly inlineLimitUs: number;
  readonly maxInferBytes: number;
  readonly modelSettings: Readonly<Record<string, ModelSettings>>;
}

/** What loading needs from outside. */
export interface LoadContext {
  readonly config: InferenceSettings;
  /** Called once after the answers of a run have been given out. */
  readonly afterDelivery: () => void;
  /** A model's worker has died. */
  readonly workerDied: (model: string, reason: string, restartInMs: number) => void;
}

/** Loads one model directory. @throws Error whose message is the reason; ProviderError */
export async function loadEnsemble(directory: string, name: string, context: LoadContext): Promise<Ensemble> {
  const { config } = context;
  const manifest = await readManifest(directory, name);
  const settings = Object.hasOwn(config.modelSettings, name) ? (config.modelSettings[name] as ModelSettings) : {};
  const executionProvider = settings.executionProvider ?? config.executionProvider;
  const { basePath, boostPath, sha256 } = manifest;
  const options = { basePath, boostPath, sha256, executionProvider };
  const graphs = await loadOnProvider(name, { ...options, intraOpThreads: INLINE_THREADS });
  const cost = await releasedOnFailure(graphs, async () => {
    checkWidths(manifest, graphs);
    return measureCost(graphs);
  });
  const intraOpThreads = settings.intraOpThreads ?? config.intraOpThreads;
  const startWorker = (): Executor =>
    new WorkerExecutor(
      { ...options, intraOpThreads },
      { died: (reason, restartInMs) => context.workerDied(name, reason, restartInMs) },
    );
  return new Ensemble({
    manifest,
    specs: graphs.specs,
    executor: await chooseExecutor(graphs, cost, { settings, inlineLimitUs: config.inlineLimitUs, startWorker }),
    executionProvider,
    costUs: cost.fixedUs + cost.rowUs,
    limits: {
      maxBatchRows: Math.min(settings.maxBatchRows ?? config.maxBatchRows, rowsWithin(MAX_RUN_US, cost)),
      maxQueuedRows: config.maxQueuedRows,
      maxQueueDelayUs: settings.maxQueueDelayUs ?? config.maxQueueDelayUs,
    },
    maxInferBytes: config.maxInferBytes,
    afterDelivery: context.afterDelivery,
  });
}

/** Rows whose run takes no longer than that, at least one. */
function rowsWithin(timeUs: number, { fixedUs, rowUs }: RunCost): number {
  return rowUs === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor((timeUs - fixedUs) / rowUs));
}

interface Choice {
  readonly settings: ModelSettings;
  readonly inlineLimitUs: number;
  readonly startWorker: () => Executor;
}

/** Inline where one row costs less than a change of thread is worth, unless the settings say otherwise. */
async function chooseExecutor(graphs: Graphs, cost: RunCost, choice: Choice): Promise<Executor> {
  const wanted = choice.settings.executor ?? "auto";
  const isCheap = cost.fixedUs + cost.rowUs < choice.inlineLimitUs;
  if (wanted === "inline" || (wanted === "auto" && isCheap)) {
    return new InlineExecutor(graphs, cost, choice.startWorker);
  }
  await graphs[Symbol.asyncDispose]();
  const worker = choice.startWorker();
  await releasedOnFailure(worker, () => runZeros(worker, graphs));
  return worker;
}

/** What `work` gives; when it fails, the resource is released. */
async function releasedOnFailure<T>(resource: AsyncDisposable, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await resource[Symbol.asyncDispose]();
    throw error;
  }
}

/** The graphs of an ensemble must be as wide as its lists of signals. */
function checkWidths(manifest: Manifest, graphs: Graphs): void {
  const { boundarySignals, signals } = manifest;
  if (!boundarySignals || !signals) return;
  const problem = rowFormProblem(graphs.specs);
  if (problem) throw new Error(`base: ${problem}`);
  const [inputs, outputs] = [graphs.specs.inputs[0]?.shape[1], graphs.specs.outputs[0]?.shape[1]];
  if (inputs !== boundarySignals.length)
    throw new Error(`base takes ${inputs} values, boundary_signals names ${boundarySignals.length}`);
  if (outputs !== signals.length) throw new Error(`base gives ${outputs} values, signals names ${signals.length}`);
  checkBoost(graphs, boundarySignals.length, signals.length);
}

function checkBoost(graphs: Graphs, boundary: number, signals: number): void {
  const { boost } = graphs.specs;
  if (!boost) return;
  const problem = rowFormProblem(boost);
  if (problem) throw new Error(`boost: ${problem}`);
  const [width, outputs] = [boost.inputs[0]?.shape[1], boost.outputs[0]?.shape[1]];
  if (width !== boundary && width !== boundary + signals) {
    throw new Error(
      `boost takes ${width} values, neither ${boundary} (boundary) nor ${boundary + signals} (boundary and base)`,
    );
  }
  if (outputs !== signals) throw new Error(`boost gives ${outputs} values, signals names ${signals}`);
}
