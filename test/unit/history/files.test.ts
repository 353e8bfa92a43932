import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { type Test, test } from "tap";
import { HistoryFormat } from "../../../generated/ts/tidewire/v1/http.js";
import type { History } from "../../../src/inference/history.js";
import { HistoryFiles } from "../../../src/inference/history-files.js";
import { HistoryStore } from "../../../src/inference/history-store.js";

const { HISTORY_FORMAT_CSV: CSV, HISTORY_FORMAT_JSONL: JSONL, HISTORY_FORMAT_PARQUET: PARQUET } = HistoryFormat;
const LIMITS = { historyRows: 20_000, historyBytes: 1e9, closedHistories: 10, closedHistoryMs: 60_000 };
const BOUNDARY = ["AT", "A,P", 'A"H', "timestamp", "TEY"];
const SIGNALS = ["TIT", "TEY", "Ünïcode\n"];
const COLUMNS = ["timestamp", "AT", "A,P", 'A"H', "timestamp_reading", "TEY", "TIT", "TEY_predicted", "Ünïcode\n"];
const START_MS = Date.UTC(2025, 11, 15, 10, 30);
const NOW = new Date("2025-12-15T10:31:07.900Z");
/** Values that are hard to write: tiny, huge, negative zero, and one that only nine digits tell apart. */
const HARD = [1e-45, 3.4028234663852886e38, -0, 16_777_217, 0.1, 23.1, -1081.4, 1.00000011920929, 6e-8];

interface Folder {
  readonly folder: string;
  readonly store: HistoryStore;
  readonly files: HistoryFiles;
}

function folderOf(t: Test): Folder {
  const folder = join(t.testdir({}), "data");
  const store = new HistoryStore(LIMITS);
  t.teardown(() => store[Symbol.dispose]());
  return { folder, store, files: new HistoryFiles(store, folder, () => NOW) };
}

/** Appends rows of hard and random values, one a millisecond and 250 µs. */
function fill(history: History, rows: number): void {
  const values = (width: number) =>
    Float32Array.from({ length: rows * width }, (_, index) => HARD[index % 23] ?? Math.fround(Math.sin(index) * 1000));
  const times = Float64Array.from({ length: rows }, (_, row) => START_MS + row * 1.25);
  history.append(times, values(BOUNDARY.length), 0, values(SIGNALS.length), 0, rows);
}

function expected(history: History): { timestampMs: number; values: number[] }[] {
  const { count, timestampsMs, readings, predictions } = history.rows();
  const [inputs, outputs] = [BOUNDARY.length, SIGNALS.length];
  return Array.from({ length: count }, (_, row) => ({
    timestampMs: timestampsMs[row] as number,
    values: [
      ...readings.subarray(row * inputs, (row + 1) * inputs),
      ...predictions.subarray(row * outputs, (row + 1) * outputs),
    ],
  }));
}

/** RFC 3339 with microseconds, which Date reads to the millisecond only. */
function millisecondsOf(text: string): number {
  const [, seconds, fraction = ""] = /^(.*:\d\d)(?:\.(\d+))?Z$/.exec(text) ?? [];
  return Date.parse(`${seconds}Z`) + Number(fraction.padEnd(9, "0")) / 1e6;
}

test("CSV holds every row as it was appended", async (t) => {
  const { folder, store, files } = folderOf(t);
  const history = store.open("s1", BOUNDARY, SIGNALS);
  fill(history, 3000);
  const saved = await files.save({ sessionId: "s1", format: CSV });
  t.same(saved, {
    message: "Saved 3000 samples",
    outputPath: "exports/stream_history_s1_20251215_103107.csv",
    samplesSaved: 3000,
  });
  const text = readFileSync(join(folder, saved.outputPath), "utf8");
  const [header, ...lines] = parse(text, { record_delimiter: "\r\n" }) as string[][];
  t.same(header, COLUMNS);
  const read = lines.map(([timestamp = "", ...values]) => ({
    timestampMs: millisecondsOf(timestamp),
    values: values.map(Number),
  }));
  t.same(read.map(asFloats), expected(history));
  t.match(text, /^2025-12-15T10:30:00Z,|\n2025-12-15T10:30:00Z,/);
  t.match(text, "2025-12-15T10:30:00.001250Z,");
  t.match(text, ",23.1,");
});

test("JSON Lines hold every row as it was appended, names under readings and predictions", async (t) => {
  const { folder, store, files } = folderOf(t);
  const history = store.open("s1", BOUNDARY, SIGNALS);
  fill(history, 2000);
  const saved = await files.save({ sessionId: "s1", format: JSONL, outputDir: "a/b" });
  t.equal(saved.outputPath, "a/b/stream_history_s1_20251215_103107.jsonl");
  const lines = readFileSync(join(folder, saved.outputPath), "utf8").trimEnd().split("\n");
  const read = lines.map((line) => {
    const { timestamp, boundary_signals: readings, predictions } = JSON.parse(line);
    const values = [...BOUNDARY.map((name) => readings[name]), ...SIGNALS.map((name) => predictions[name])];
    return { timestampMs: millisecondsOf(timestamp), values };
  });
  t.same(read.map(asFloats), expected(history));
});

test("Parquet holds every row as it was appended, over more than one row group", async (t) => {
  const { folder, store, files } = folderOf(t);
  const history = store.open("s1", BOUNDARY, SIGNALS);
  fill(history, 10_000);
  const saved = await files.save({ sessionId: "s1", format: PARQUET });
  const bytes = readFileSync(join(folder, saved.outputPath));
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const metadata = parquetMetadata(file);
  t.equal(metadata.row_groups.length, 2);
  t.equal(metadata.num_rows, 10_000n);
  t.same(
    metadata.schema.slice(1).map(({ name }) => name),
    COLUMNS,
  );
  t.match(metadata.schema[1], {
    type: "INT64",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
  });
  t.equal(metadata.schema[2]?.type, "FLOAT");
  const rows = await parquetReadObjects({ file, parsers: { ...parsers } });
  const read = rows.map((row) => ({
    timestampMs: row.timestamp / 1000,
    values: COLUMNS.slice(1).map((name) => row[name]),
  }));
  t.same(read, expected(history));
});

/** Instants as whole microseconds: a Date would drop them. */
const parsers = {
  timestampFromMilliseconds: (value: bigint) => Number(value) * 1000,
  timestampFromMicroseconds: (value: bigint) => Number(value),
  timestampFromNanoseconds: (value: bigint) => Number(value) / 1000,
  dateFromDays: (value: number) => value,
  stringFromBytes: (value: Uint8Array) => new TextDecoder().decode(value),
  geometryFromBytes: (value: Uint8Array) => value,
  geographyFromBytes: (value: Uint8Array) => value,
};

test("a history without rows is a file without rows; values that are no numbers are written as words", async (t) => {
  const { folder, store, files } = folderOf(t);
  const history = store.open("s1", ["a"], ["b"]);
  for (const format of [CSV, JSONL, PARQUET]) t.equal((await files.save({ sessionId: "s1", format })).samplesSaved, 0);
  history.append(START_MS, Float32Array.of(1), 0, Float32Array.of(Number.NaN), 0, 1);
  history.append(START_MS, Float32Array.of(2), 0, Float32Array.of(-1 / 0), 0, 1);
  const csv = await files.save({ sessionId: "s1", outputDir: "n", format: CSV });
  const start = "2025-12-15T10:30:00Z";
  t.equal(
    readFileSync(join(folder, csv.outputPath), "utf8"),
    `timestamp,a,b\r\n${start},1,NaN\r\n${start},2,-Infinity\r\n`,
  );
  const jsonl = await files.save({ sessionId: "s1", outputDir: "n", format: JSONL });
  t.match(readFileSync(join(folder, jsonl.outputPath), "utf8"), '"predictions":{"b":"-Infinity"}}\n');
});

test("a closed session is saved too, and saves of one second replace nothing", async (t) => {
  const { folder, store, files } = folderOf(t);
  fill(store.open("s1", BOUNDARY, SIGNALS), 10);
  store.close("s1");
  const saves = await Promise.all([1, 2, 3].map(() => files.save({ sessionId: "s1", format: CSV })));
  const names = ["07", "08", "09"].map((second) => `stream_history_s1_20251215_1031${second}.csv`);
  t.same(
    saves.map(({ outputPath }) => outputPath),
    names.map((name) => `exports/${name}`),
  );
  t.same(readdirSync(join(folder, "exports")).sort(), names, "and no part is left");
});

test("rows appended while a save runs are not in it", async (t) => {
  const { store, files } = folderOf(t);
  const history = store.open("s1", BOUNDARY, SIGNALS);
  fill(history, 19_000);
  const saving = files.save({ sessionId: "s1", format: PARQUET });
  fill(history, 10);
  t.match((await saving).samplesSaved, /^190[01]0$/);
  t.equal(history.count, 19_010);
});

test("a request is refused by what is wrong with it", async (t) => {
  const { store, files } = folderOf(t);
  store.open("s1", ["a"], ["b"]);
  await t.rejects(files.save({ sessionId: "s1" }), { code: "INVALID_MESSAGE", details: { field: "format" } });
  await t.rejects(files.save({ sessionId: "s1", format: 0 }), {
    code: "INVALID_MESSAGE",
    details: { field: "format" },
  });
  await t.rejects(files.save({ format: CSV }), { code: "INVALID_MESSAGE", details: { field: "session_id" } });
  await t.rejects(files.save({ sessionId: "s2", format: CSV }), { code: "SESSION_NOT_FOUND" });
  await t.rejects(files.save({ sessionId: "../s1", format: CSV }), { code: "SESSION_NOT_FOUND" });
});

const ATTACKS = [
  ..."..|../x|x/..|x/../../y|./../x|/etc|/|//|/.|..x|...|x\\y|..\\..|C:\\x|C:x|%2e%2e|%2e%2e%2fx|a\0b|~|~/x|x\n|$HOME|a\u202eb".split(
    "|",
  ),
  "a".repeat(129),
  Array(17).fill("a").join("/"),
  "．．/x",
];

test("no output_dir leaves the data directory", async (t) => {
  const { folder, store, files } = folderOf(t);
  store.open("s1", ["a"], ["b"]);
  for (const outputDir of ATTACKS) {
    const saving = files.save({ sessionId: "s1", outputDir, format: CSV });
    await t.rejects(saving, { code: "INVALID_PATH", details: { field: "output_dir" } }, JSON.stringify(outputDir));
  }
  t.throws(() => readdirSync(folder), { code: "ENOENT" }, "and nothing was made");
});

test("no output_dir leads into a folder of the server's own, and none is made there", async (t) => {
  const { folder, store, files } = folderOf(t);
  store.open("s1", ["a"], ["b"]);
  mkdirSync(join(folder, "events"), { recursive: true });
  symlinkSync("events", join(folder, "log"));
  symlinkSync("log", join(folder, "linked"));
  const own =
    "access|access/minting.key|events/segment.0000000002|evaluations|./events//x|EVENTS/x|Access|events.|log|linked/x";
  for (const outputDir of [...own.split("|"), "events.before-2026", "eventſ"]) {
    const saving = files.save({ sessionId: "s1", outputDir, format: CSV });
    await t.rejects(saving, { code: "INVALID_PATH", message: /name another, such as "exports"/ }, outputDir);
  }
  t.same(readdirSync(folder).sort(), ["events", "linked", "log"], "and nothing was made");
  t.same(readdirSync(join(folder, "events")), []);
  const { outputPath } = await files.save({ sessionId: "s1", outputDir: "exports/events", format: CSV });
  t.match(outputPath, /^exports\/events\//, "further down the name is anybody's");
});

test("a folder's name may be written as people write one", async (t) => {
  const { folder, store, files } = folderOf(t);
  store.open("s1", ["a"], ["b"]);
  for (const [outputDir, name] of [
    ["", ""],
    [".", ""],
    ["./exports/", "exports/"],
    ["a//b/.", "a/b/"],
    ["my exports/größe", "my exports/größe/"],
  ] as const) {
    const { outputPath } = await files.save({ sessionId: "s1", outputDir, format: CSV });
    t.ok(new RegExp(`^${name}stream_history_s1_`).test(outputPath), outputPath);
    t.ok(existsSync(join(folder, outputPath)), "and there it is");
  }
});

test("a link inside the data directory may lead within it, never out", async (t) => {
  const { folder, store, files } = folderOf(t);
  store.open("s1", ["a"], ["b"]);
  const outside = join(folder, "../data-outside");
  mkdirSync(outside, { recursive: true });
  mkdirSync(join(folder, "inside"), { recursive: true });
  symlinkSync(outside, join(folder, "out"));
  symlinkSync("../data-outside", join(folder, "relative"));
  symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
  symlinkSync("loop", join(folder, "loop"));
  symlinkSync("..", join(folder, "inside/up"));
  symlinkSync("inside", join(folder, "in"));
  writeFileSync(join(folder, "file"), "");
  for (const outputDir of ["out", "out/deeper", "relative", "dangling", "loop", "file", "file/x", "in/up/out"]) {
    await t.rejects(files.save({ sessionId: "s1", outputDir, format: CSV }), { code: "INVALID_PATH" }, outputDir);
  }
  t.same(readdirSync(outside), []);
  const saved = await files.save({ sessionId: "s1", outputDir: "in", format: CSV });
  t.same(readdirSync(join(folder, "inside")).length, 2);
  t.match(saved.outputPath, /^in\/stream_history_s1_/);
});

test("a temporary file or link somebody left does not divert a save", async (t) => {
  const { folder, store, files } = folderOf(t);
  store.open("s1", ["a"], ["b"]);
  mkdirSync(join(folder, "exports"), { recursive: true });
  const victim = join(folder, "../victim");
  writeFileSync(victim, "precious");
  symlinkSync(victim, join(folder, "exports/.stream_history_s1.csv.part"));
  await files.save({ sessionId: "s1", format: CSV });
  t.equal(readFileSync(victim, "utf8"), "precious");
});

test("an error of the disk reaches the caller as it is", async (t) => {
  const { folder, store } = folderOf(t);
  store.open("s1", ["a"], ["b"]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "data"), "");
  // A file where the data directory should be: the disk refuses, whoever runs the test.
  const files = new HistoryFiles(store, join(folder, "data"), () => NOW);
  await t.rejects(files.save({ sessionId: "s1", format: CSV }), { code: "EEXIST" });
});

test("an error in the middle leaves no part of a file, and the next save works", async (t) => {
  const { folder, store, files } = folderOf(t);
  const history = store.open("s1", BOUNDARY, SIGNALS);
  fill(history, 5000);
  // No instant: what writes it fails when it comes to this row.
  history.append(Number.NaN, new Float32Array(BOUNDARY.length), 0, new Float32Array(SIGNALS.length), 0, 1);
  for (const format of [CSV, JSONL, PARQUET]) await t.rejects(files.save({ sessionId: "s1", format }), RangeError);
  t.same(readdirSync(join(folder, "exports")), []);
  fill(store.open("s1", BOUNDARY, SIGNALS), 1);
  t.equal((await files.save({ sessionId: "s1", format: CSV })).samplesSaved, 1);
});

function asFloats(row: { timestampMs: number; values: number[] }): { timestampMs: number; values: number[] } {
  return { timestampMs: row.timestampMs, values: row.values.map(Math.fround) };
}
