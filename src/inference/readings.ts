// Readings of every form, put into rows of float32 and checked on the way.
import type { Reading } from "../../generated/ts/tidewire/v1/inference.js";
import { TidewireError } from "../errors.js";
import { invalidSignals, missingSignals } from "./signal-errors.js";

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** The last view made: messages of one read share their memory. */
let sharedView: DataView = new DataView(new ArrayBuffer(0));

/** A view over the whole memory that holds the message. */
function viewOf(message: Uint8Array): DataView {
  if (sharedView.buffer !== message.buffer) sharedView = new DataView(message.buffer);
  return sharedView;
}

/**
 * Copies a row of float32, little-endian, from offset `from` of a message to index `at`.
 *
 * @throws TidewireError INVALID_SIGNALS naming those that are not finite
 */
export function fillBytes(
  names: readonly string[],
  message: Uint8Array,
  from: number,
  into: Float32Array,
  at: number,
): void {
  const view = viewOf(message);
  const first = message.byteOffset + from;
  let areFinite = true;
  for (let i = 0; i < names.length; i += 1) {
    const value = view.getFloat32(first + FLOAT_BYTES * i, true);
    into[at + i] = value;
    if (!Number.isFinite(value)) areFinite = false;
  }
  if (!areFinite) assertFinite(names, into, at);
}

/** Puts a row in the order of `names` at index `at`. @throws TidewireError INVALID_SIGNALS */
export function fillPositional(
  names: readonly string[],
  values: readonly number[],
  into: Float32Array,
  at: number,
): void {
  if (values.length !== names.length) {
    const message = `data.values: expected ${names.length} values, came ${values.length}`;
    throw new TidewireError("INVALID_SIGNALS", message, { expected: names.length, count: values.length });
  }
  into.set(values, at);
  assertFinite(names, into, at);
}

/** Puts a row by name at index `at`; `row` is its place in a batch. @throws TidewireError MISSING_SIGNALS, INVALID_SIGNALS */
export function fillNamed(
  names: readonly string[],
  reading: Readonly<Record<string, number>>,
  into: Float32Array,
  at: number,
  row?: number,
): void {
  const missing = names.filter((name) => !Object.hasOwn(reading, name));
  if (missing.length > 0) throw missingSignals(missing, row);
  for (let i = 0; i < names.length; i += 1) into[at + i] = reading[names[i] as string] as number;
  assertFinite(names, into, at, row);
}

/** Puts rows by name, the first at index `at`. @throws TidewireError as {@link fillNamed} */
export function fillReadings(
  names: readonly string[],
  readings: readonly Reading[],
  into: Float32Array,
  at: number,
): void {
  for (const [row, { signals }] of readings.entries()) fillNamed(names, signals, into, at + row * names.length, row);
}

/** Puts the rows of a matrix that {@link countRows} has measured, the first at index `at`. @throws TidewireError INVALID_SIGNALS */
export function fillMatrix(names: readonly string[], matrix: Uint8Array, into: Float32Array, at: number): void {
  new Uint8Array(into.buffer, into.byteOffset).set(matrix, at * FLOAT_BYTES);
  const rows = matrix.byteLength / (names.length * FLOAT_BYTES);
  for (let row = 0; row < rows; row += 1) assertFinite(names, into, at + row * names.length, row);
}

/** Rows of a batch in either form. @throws TidewireError EMPTY_BATCH, BATCH_TOO_LARGE, INVALID_SIGNALS, INVALID_MESSAGE */
export function countRows(
  names: readonly string[],
  readings: readonly Reading[],
  matrix: Uint8Array,
  limit: number,
): number {
  if (readings.length > 0 && matrix.byteLength > 0) {
    throw new TidewireError("INVALID_MESSAGE", "data: give batch or matrix, not both");
  }
  const rowBytes = names.length * FLOAT_BYTES;
  const rows = readings.length || matrix.byteLength / rowBytes;
  if (rows === 0) throw new TidewireError("EMPTY_BATCH", "the batch has no readings");
  if (!Number.isInteger(rows)) {
    const message = `data.matrix: expected a multiple of ${rowBytes} bytes (${names.length} float32 a row), came ${matrix.byteLength}`;
    throw new TidewireError("INVALID_SIGNALS", message, { row_bytes: rowBytes, bytes: matrix.byteLength });
  }
  if (rows <= limit) return rows;
  throw new TidewireError("BATCH_TOO_LARGE", `batch of ${rows} rows exceeds the limit of ${limit}`, { rows, limit });
}

/** A float32 that is not finite was not in the client's number either, or lies beyond float32. */
function assertFinite(names: readonly string[], values: Float32Array, at: number, row?: number): void {
  for (let i = 0; i < names.length; i += 1) {
    if (!Number.isFinite(values[at + i]))
      throw invalidSignals(
        names.filter((_, k) => !Number.isFinite(values[at + k])),
        row,
      );
  }
}
