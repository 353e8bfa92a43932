// What the HTTP routes answer.

/** How well a signal is predicted, measured on rows the models have not seen. */
export interface SignalQuality {
  readonly r2Base?: number;
  readonly r2Boost?: number;
  /** In the signal's unit, as the others below. */
  readonly rmseBase?: number;
  readonly rmseBoost?: number;
  readonly maeBase?: number;
  readonly maeBoost?: number;
}

/** An input or output of a graph. */
export interface TensorSpec {
  readonly name: string;
  /** Named as in the Open Inference Protocol. */
  readonly datatype: string;
  /** -1 where any size fits. */
  readonly shape: readonly number[];
}

/** A served ensemble or model, or a broken directory. */
export interface EnsembleDescription {
  readonly name: string;
  readonly status: "ready" | "broken";
  /** Why it does not answer. */
  readonly reason?: string;
  readonly version?: string;
  readonly description?: string;
  readonly modelSha256?: string;
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
  /** Which signals use the boost by default. */
  readonly boostSignals: Readonly<Record<string, boolean>>;
  readonly quality: Readonly<Record<string, SignalQuality>>;
  readonly executor?: "inline" | "worker";
  readonly executionProvider?: string;
  /** Measured cost of a run of one row, in microseconds. */
  readonly costUs?: number;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** One connection in the statistics. */
export interface StreamConnection {
  readonly sessionId: string;
  readonly ensembleName: string;
  readonly connectedAt?: Date;
  readonly predictionsCount: number;
  readonly mode: "single" | "batch" | "";
}

/** The statistics of inference; predictions are counted by readings. */
export interface StreamStats {
  readonly activeConnections: number;
  readonly totalPredictions: number;
  readonly averageLatencyMs: number;
  readonly connections: readonly StreamConnection[];
}

/** Asks to write a session's history into a file. */
export interface SaveHistoryRequest {
  /** A session that is open, or closed less than 10 minutes ago. */
  readonly sessionId: string;
  readonly format: "csv" | "jsonl" | "parquet";
  /** Folder inside the server's data directory. Default: "exports". */
  readonly outputDir?: string | undefined;
}

/** The file is written. */
export interface HistorySaved {
  readonly message: string;
  /** Relative to the server's data directory. */
  readonly outputPath: string;
  readonly samplesSaved: number;
}

/** Whether the server is well. */
export interface Health {
  readonly status: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Ensembles that answer. */
  readonly ensembles: readonly string[];
  /** Directories that do not, each with its reason. */
  readonly broken: Readonly<Record<string, string>>;
}
