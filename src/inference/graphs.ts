// The graphs of one ensemble in onnxruntime: the base, and the boost that adds residuals to it.
import * as ort from "onnxruntime-node";
import { DataType } from "../../generated/ts/tidewire/v1/inference.js";
import type { GraphOptions, GraphSpecs, RowBatch, RowOutput, TensorRequest } from "./executor.js";
import { loadUnchanged } from "./model-files.js";
import { fromOrtTensor, type PlainTensor, toOrtTensor, toTensorSpecs } from "./tensors.js";

// Said before the first session: the environment's own printing is set up once a process.
ort.env.logLevel = "fatal";

/** Severity "fatal": what goes wrong in a run is told by its error, not by the runtime's own printing. */
const RUNTIME_LOG_SEVERITY = 4;

/** Rows of the run that shows whether late feeds work; not 1, which is the placeholder's count. */
const PROBE_ROWS = 2;

/** How a run is started: see {@link Graphs.runRows}. */
export type RunnerKind = "late-feeds" | "plain";

/** Base and boost, loaded. Not re-entrant: one row run at a time. */
export class Graphs implements AsyncDisposable {
  readonly specs: GraphSpecs;
  readonly #base: ort.InferenceSession;
  readonly #boost: ort.InferenceSession | undefined;
  #runner: RunnerKind = "plain";
  #released: Promise<void> | undefined;

  private constructor(base: ort.InferenceSession, boost: ort.InferenceSession | undefined) {
    this.#base = base;
    this.#boost = boost;
    this.specs = { ...specsOf(base), boost: boost && specsOf(boost) };
  }

  /** Loads the graphs. @throws ModelChangedError; Error with the runtime's reason, paths removed */
  static load(options: GraphOptions): Promise<Graphs> {
    const { basePath, boostPath, sha256 } = options;
    const load = () => Graphs.#load(options);
    return sha256 === undefined ? load() : loadUnchanged(boostPath ? [basePath, boostPath] : [basePath], sha256, load);
  }

  static async #load(options: GraphOptions): Promise<Graphs> {
    const base = await loadGraph(options.basePath, options);
    const boost = options.boostPath === undefined ? undefined : await loadGraph(options.boostPath, options);
    return new Graphs(base, boost);
  }

  /** How runs are started; `plain` until {@link chooseRunner} has seen late feeds work. */
  get runner(): RunnerKind {
    return this.#runner;
  }

  /**
   * Sees whether the runtime reads its feeds as late as late feeds need, and uses them if so.
   * Late feeds depend on the runtime's inside, so they are tried on every load and never assumed.
   */
  async chooseRunner(): Promise<void> {
    const rows = PROBE_ROWS;
    const batch = { input: new Float32Array(rows * rowWidth(this.specs.inputs)), rows, wantsResidual: true };
    await this.#runPlain(batch); // throws what the graphs themselves have against it
    const ranBoth = await this.#runLate(() => batch).then(
      () => true,
      () => false, // it came out with the placeholder's one row
    );
    this.#runner = ranBoth ? "late-feeds" : "plain";
  }

  /**
   * Runs the rows that `seal` gives.
   *
   * onnxruntime-node defers the native call by a `setImmediate` of its own and reads the feeds only
   * then. So the runs are started at once with placeholders, behind an immediate that seals the
   * batch and puts its tensor into the same feeds: all happens in one turn of the loop, where
   * sealing first and running then takes two, and three with a boost.
   */
  async runRows(seal: () => RowBatch): Promise<RowOutput> {
    if (this.#runner === "late-feeds") return this.#runLate(seal);
    return this.#runPlain(await atEndOfTurn(seal));
  }

  async #runLate(seal: () => RowBatch): Promise<RowOutput> {
    const feeds = this.#placeholder(this.#base);
    const boostFeeds = this.#boost && this.#placeholder(this.#boost);
    let batch = NOTHING;
    const sealed = atEndOfTurn(() => {
      batch = seal();
      if (batch.rows > 0) setRows(feeds, batch.input, batch.rows);
    });
    const baseRun = this.#base.run(feeds).then((results) => {
      const base = this.#rowsOf(results, this.#base, batch.rows);
      if (boostFeeds && needsBoost(batch)) setRows(boostFeeds, this.#boostInput(batch, base), batch.rows);
      return base;
    });
    const boostRun = boostFeeds && this.#boost?.run(boostFeeds);
    const [base, boosted] = await Promise.all([baseRun, boostRun, sealed]);
    return {
      base,
      residual:
        this.#boost && boosted && needsBoost(batch) ? this.#rowsOf(boosted, this.#boost, batch.rows) : undefined,
    };
  }

  async #runPlain(batch: RowBatch): Promise<RowOutput> {
    if (batch.rows === 0) return { base: new Float32Array(0), residual: undefined };
    const feeds = this.#placeholder(this.#base);
    setRows(feeds, batch.input, batch.rows);
    const base = this.#rowsOf(await this.#base.run(feeds), this.#base, batch.rows);
    if (!this.#boost || !needsBoost(batch)) return { base, residual: undefined };
    const boostFeeds = this.#placeholder(this.#boost);
    setRows(boostFeeds, this.#boostInput(batch, base), batch.rows);
    return { base, residual: this.#rowsOf(await this.#boost.run(boostFeeds), this.#boost, batch.rows) };
  }

  /** The boost sees the boundary values, and the base's predictions after them where it is wide enough. */
  #boostInput(batch: RowBatch, base: Float32Array): Float32Array {
    const width = this.#boostWidth;
    const boundary = rowWidth(this.specs.inputs);
    if (width === boundary) return batch.input;
    const signals = width - boundary;
    const input = new Float32Array(batch.rows * width);
    for (let row = 0; row < batch.rows; row += 1) {
      input.set(batch.input.subarray(row * boundary, (row + 1) * boundary), row * width);
      input.set(base.subarray(row * signals, (row + 1) * signals), row * width + boundary);
    }
    return input;
  }

  /**
   * The only output, of as many rows as went in. A graph may declare [N, k] and still filter or pool
   * its rows; then nobody knows whose they are.
   */
  #rowsOf(results: OrtResults, session: ort.InferenceSession, rows: number): Float32Array {
    const { dims, data } = results[session.outputNames[0] as string] as ort.Tensor;
    const expected = Math.max(1, rows); // nothing to run is one row of placeholder
    const width = rowWidth(this.specs.outputs);
    if (dims[0] === expected && data.length === expected * width) return data as Float32Array;
    throw new Error(`expected an output of [${expected}, ${width}], came [${dims.join(", ")}]`);
  }

  get #boostWidth(): number {
    return rowWidth(this.specs.boost?.inputs ?? []);
  }

  /** Whether the graphs take rows at all. */
  get takesRows(): boolean {
    return rowFormProblem(this.specs) === undefined;
  }

  /** Runs the base graph on named tensors. */
  async runTensors(request: TensorRequest): Promise<PlainTensor[]> {
    const feeds = Object.fromEntries(request.inputs.map((tensor) => [tensor.name, toOrtTensor(tensor)]));
    const results = await this.#base.run(feeds, [...request.outputs]);
    return request.outputs.map((name) => fromOrtTensor(name, results[name] as ort.Tensor));
  }

  /** Feeds of one row of zeros. */
  #placeholder(session: ort.InferenceSession): Feeds {
    const width = session === this.#boost ? this.#boostWidth : rowWidth(this.specs.inputs);
    return { [session.inputNames[0] as string]: rowTensor(new Float32Array(width), 1) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    await this.#base.release();
    await this.#boost?.release();
  }
}

type OrtResults = ort.InferenceSession.OnnxValueMapType;
type Feeds = Record<string, ort.Tensor>;

const NOTHING: RowBatch = { input: new Float32Array(0), rows: 0, wantsResidual: false };

const needsBoost = (batch: RowBatch): boolean => batch.wantsResidual && batch.rows > 0;

/** Resolves to what `work` gives, called once all messages of this turn of the loop have been read. */
function atEndOfTurn<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** A tensor over `values`, without a copy. */
function rowTensor(values: Float32Array, rows: number): ort.Tensor {
  return new ort.Tensor("float32", values, [rows, values.length / rows]);
}

/** Puts rows into the only input of feeds that a run may already hold. */
function setRows(feeds: Feeds, values: Float32Array, rows: number): void {
  for (const name of Object.keys(feeds)) feeds[name] = rowTensor(values, rows);
}

function specsOf(session: ort.InferenceSession): Pick<GraphSpecs, "inputs" | "outputs"> {
  return { inputs: toTensorSpecs(session.inputMetadata), outputs: toTensorSpecs(session.outputMetadata) };
}

/** Width of a rows form: the last size of the only input. */
function rowWidth(specs: GraphSpecs["inputs"]): number {
  return specs[0]?.shape.at(-1) ?? 0;
}

/** Why a graph cannot take rows, or undefined when it can: one float32 [any, k] in, one float32 [any, m] out. */
export function rowFormProblem(specs: Pick<GraphSpecs, "inputs" | "outputs">): string | undefined {
  const problem = (what: string, list: GraphSpecs["inputs"]): string | undefined => {
    const [spec] = list;
    if (!spec || list.length > 1) return `it has ${list.length} ${what}s`;
    const isRows = spec.shape.length === 2 && spec.shape[0] === -1 && (spec.shape[1] as number) > 0;
    if (spec.datatype === DataType.DATA_TYPE_FP32 && isRows) return undefined;
    return `its ${what} "${spec.name}" is no float32 [N, k]`;
  };
  return problem("input", specs.inputs) ?? problem("output", specs.outputs);
}

async function loadGraph(path: string, options: GraphOptions): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(path, {
      executionProviders: [options.executionProvider],
      intraOpNumThreads: options.intraOpThreads,
      interOpNumThreads: 1,
      logSeverityLevel: RUNTIME_LOG_SEVERITY,
    });
  } catch (error) {
    throw new Error(withoutPath(error, path), { cause: error });
  }
}

/** Folders before a file's name: of a quoted absolute path, which may hold spaces, or of a bare one. */
const FOLDERS = /(?<=")\/[^"]*\/|(?<![^\s(])\/(?:[^\s/"]+\/)+/g;

/** The runtime's reason with files by their names alone: where they lie is nobody's business outside. */
function withoutPath(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const file = path.slice(path.lastIndexOf("/") + 1);
  return message.replaceAll(path, file).replace(FOLDERS, "");
}
