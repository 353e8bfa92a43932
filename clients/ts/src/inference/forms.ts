// Readings and predictions in the forms that users hold them, as the schema's messages.

import { ENUMS } from "../../../../generated/ts/schema.js";
import type { Config, ConfigAck, Prediction, PredictionBatch } from "../../../../generated/ts/tidewire/v1/inference.js";
import type { RequestBody } from "../connection/replies.js";
import { TidewireClientError } from "../errors.js";
import { present, toDate, toTimestamp } from "../wire/present.js";
import { numberOf } from "../wire/proto-write.js";
import { toTimeout } from "./requests.js";
import type {
  BatchOptions,
  InferenceConfiguration,
  NamedBatch,
  NamedPrediction,
  NamedReading,
  PositionalBatch,
  PositionalPrediction,
  PositionalReading,
  PredictOptions,
  SessionInfo,
  TimedReading,
} from "./types.js";

/** Rows of a batch: named, positional, or one row-major matrix. */
export type Rows = readonly NamedReading[] | readonly PositionalReading[] | Float32Array;

export function toConfig(ensembleName: string, configuration: InferenceConfiguration): Config {
  const { manualBoostSignals, mode, batchSize, includeMetadata } = configuration;
  const modes: readonly string[] = ENUMS.StreamMode ?? [];
  return {
    ensembleName,
    manualBoostSignals: { ...manualBoostSignals },
    mode: Math.max(0, modes.indexOf(mode ?? "")) as Config["mode"],
    // No limit of the user's own: the server's.
    batchSize: batchSize === Number.POSITIVE_INFINITY ? undefined : batchSize,
    includeMetadata,
    outputFormat: 0,
  };
}

export function toSessionInfo(ack: ConfigAck): SessionInfo {
  const { ensembleInfo, message: _, ...info } = present("ConfigAck", ack);
  return { ...(ensembleInfo as object), ...info } as unknown as SessionInfo;
}

/** The reading is copied: its owner may fill it anew at once. @throws TidewireClientError INVALID_MESSAGE on an invalid Date */
export function toPredict(reading: NamedReading | PositionalReading, options: PredictOptions): RequestBody {
  const positional = isPositional(reading);
  return {
    $case: "predict",
    value: {
      values: positional ? Array.from(reading) : [],
      boundarySignals: positional ? {} : { ...reading },
      timestamp: options.timestamp && toTimestamp(options.timestamp),
      timeoutMs: toTimeout(options),
    },
  };
}

export function toNamedPrediction(prediction: Prediction): NamedPrediction {
  return { predictions: prediction.predictions?.values ?? {}, ...metadataOf(prediction) };
}

export function toPositionalPrediction(prediction: Prediction): PositionalPrediction {
  return { values: Float32Array.from(prediction.values), ...metadataOf(prediction) };
}

/**
 * Rows are borrowed until the reply has come.
 *
 * @throws TidewireClientError INVALID_SIGNALS on rows of unequal length, INVALID_MESSAGE on an invalid Date
 */
export function toPredictBatch(rows: Rows, options: BatchOptions): RequestBody {
  const named = isNamed(rows);
  return {
    $case: "predictBatch",
    value: {
      matrix: named ? new Uint8Array(0) : toBytes(toMatrix(rows)),
      batch: named ? rows.map((signals) => ({ signals: { ...signals } })) : [],
      timestamps: (options.timestamps ?? []).map((date) => toTimestamp(date)),
      timeoutMs: toTimeout(options),
    },
  };
}

export function toNamedBatch({ predictions, count, latencyMs }: PredictionBatch): NamedBatch {
  return { predictions: predictions.map(({ values }) => values), count, latencyMs };
}

export function toPositionalBatch({ matrix: bytes, count, latencyMs }: PredictionBatch): PositionalBatch {
  // A copy: 32-bit floats must begin at a multiple of four bytes.
  const matrix = new Float32Array(bytes.slice().buffer);
  const width = count === 0 ? 0 : matrix.length / count;
  return { matrix, count, latencyMs, row: (index) => matrix.subarray(index * width, (index + 1) * width) };
}

export function isPositional(reading: NamedReading | PositionalReading): reading is PositionalReading {
  return Array.isArray(reading) || reading instanceof Float32Array;
}

/** A reading by name has numbers alone. */
export function isTimed<Reading extends NamedReading | PositionalReading>(
  item: Reading | TimedReading<Reading>,
): item is TimedReading<Reading> {
  return typeof (item as TimedReading<Reading>).reading === "object";
}

export function isNamed(rows: Rows): rows is readonly NamedReading[] {
  const [first] = rows;
  return typeof first === "object" && !isPositional(first);
}

function toMatrix(rows: Float32Array | readonly PositionalReading[]): Float32Array {
  if (rows instanceof Float32Array) return rows;
  const width = rows[0]?.length ?? 0;
  const matrix = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    if (row.length !== width) {
      const message = `row ${i} has ${row.length} values, row 0 has ${width}`;
      throw new TidewireClientError("INVALID_SIGNALS", message, { details: { row: i, expected: width } });
    }
    for (let k = 0; k < width; k++) matrix[i * width + k] = numberOf(row[k]);
  }
  return matrix;
}

/** Row-major, little-endian: every platform that runs JavaScript today holds floats so. */
function toBytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function metadataOf({ latencyMs, signalsUsedBoost, timestamp }: Prediction) {
  return { latencyMs, signalsUsedBoost: signalsUsedBoost?.names, timestamp: timestamp && toDate(timestamp) };
}
