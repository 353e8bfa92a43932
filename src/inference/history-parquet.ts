// A history as Apache Parquet.
import type { FileHandle } from "node:fs/promises";
import type { SchemaElement } from "hyparquet-writer";
import type { HistoryRows } from "./history.js";
import { microsOf } from "./history-numbers.js";
import { columnsOf } from "./history-text.js";

/** Rows of a group: a column of one is encoded in less than a millisecond. */
const GROUP_ROWS = 8192;

/** Writes all rows. Lets the event loop turn after each column of each group. */
export async function writeParquet(rows: HistoryRows, file: FileHandle): Promise<void> {
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const bytes = new ByteWriter();
  const flush = async () => {
    await file.writeFile(bytes.getBytes());
    bytes.index = 0;
  };
  const columns = columnsOf(rows);
  const writer = new ParquetWriter({
    writer: bytes,
    schema: schemaOf(columns.timestamp, [...columns.readings, ...columns.predictions]),
  });
  const groups: typeof writer.row_groups = [];
  for (let first = 0; first < rows.count; first += GROUP_ROWS) {
    for (const [name, data] of groupColumns(rows, columns, first)) {
      writer.write({ columnData: [{ name, data, encoding: "PLAIN" }], rowGroupSize: GROUP_ROWS });
      await flush();
    }
    groups.push(joined(writer.row_groups.splice(0)));
  }
  writer.row_groups = groups;
  writer.num_rows = BigInt(rows.count);
  await writer.finish();
  await flush();
}

/** The writer made a group of every column, so that the loop could turn between them: they are one. */
function joined<G extends { columns: unknown[]; total_byte_size: bigint; total_compressed_size?: bigint }>(
  groups: G[],
): G {
  const sum = (of: (group: G) => bigint) => groups.reduce((total, group) => total + of(group), 0n);
  return {
    ...(groups[0] as G),
    columns: groups.flatMap((group) => group.columns),
    total_byte_size: sum((group) => group.total_byte_size),
    total_compressed_size: sum((group) => group.total_compressed_size ?? 0n),
  };
}

function* groupColumns(
  rows: HistoryRows,
  columns: ReturnType<typeof columnsOf>,
  first: number,
): Generator<[string, Float32Array | bigint[]]> {
  const last = Math.min(first + GROUP_ROWS, rows.count);
  yield [columns.timestamp, Array.from(rows.timestampsMs.subarray(first, last), (ms) => BigInt(microsOf(ms)))];
  for (const [index, name] of columns.readings.entries()) {
    yield [name, column(rows.readings, index, columns.readings.length, first, last)];
  }
  for (const [index, name] of columns.predictions.entries()) {
    yield [name, column(rows.predictions, index, columns.predictions.length, first, last)];
  }
}

/** One column of row-major values. */
function column(values: Float32Array, index: number, width: number, first: number, last: number): Float32Array {
  const picked = new Float32Array(last - first);
  for (let row = first; row < last; row++) picked[row - first] = values[row * width + index] as number;
  return picked;
}

function schemaOf(timestamp: string, floats: readonly string[]): SchemaElement[] {
  const instant: SchemaElement = {
    name: timestamp,
    type: "INT64",
    repetition_type: "REQUIRED",
    converted_type: "TIMESTAMP_MICROS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
  };
  const values = floats.map((name): SchemaElement => ({ name, type: "FLOAT", repetition_type: "REQUIRED" }));
  return [{ name: "root", num_children: 1 + floats.length }, instant, ...values];
}
