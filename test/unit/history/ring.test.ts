import fc from "fast-check";
import { test } from "tap";
import type { History, HistoryRows } from "../../../src/inference/history.js";
import { type HistoryLimits, HistoryStore } from "../../../src/inference/history-store.js";

const LIMITS: HistoryLimits = { historyRows: 1000, historyBytes: 1e9, closedHistories: 3, closedHistoryMs: 1000 };

function storeOf(limits: Partial<HistoryLimits> = {}, nowMs?: () => number): HistoryStore {
  return new HistoryStore({ ...LIMITS, ...limits }, nowMs);
}

/** A row as the naive model keeps it: everything in one list. */
type Row = readonly number[];

function rowsOf({ count, timestampsMs, readings, predictions, boundarySignals, signals }: HistoryRows): Row[] {
  const [inputs, outputs] = [boundarySignals.length, signals.length];
  return Array.from({ length: count }, (_, row) => [
    timestampsMs[row] as number,
    ...readings.subarray(row * inputs, (row + 1) * inputs),
    ...predictions.subarray(row * outputs, (row + 1) * outputs),
  ]);
}

/** Rows that nobody else has: values count on from `seed`. */
function batch(width: number, rows: number, seed: number): Float32Array {
  return Float32Array.from({ length: width * rows }, (_, index) => (seed + index) % 16_777_216);
}

test("a history holds what a list of the newest rows holds, whatever is appended", async (t) => {
  const append = fc.record({
    rows: fc.integer({ min: 0, max: 200 }),
    skip: fc.integer({ min: 0, max: 5 }),
    skipOutput: fc.integer({ min: 0, max: 5 }),
    perRow: fc.boolean(),
  });
  const shape = fc.record({ inputs: fc.integer({ min: 1, max: 60 }), outputs: fc.integer({ min: 0, max: 5 }) });
  const check = fc.property(
    shape,
    fc.integer({ min: 1, max: 300 }),
    fc.integer({ min: 1000, max: 200_000 }),
    fc.array(append, { maxLength: 30 }),
    ({ inputs, outputs }, historyRows, historyBytes, appends) => {
      using store = storeOf({ historyRows, historyBytes });
      const history = store.open("s", Array(inputs).fill("a"), Array(outputs).fill("b"));
      const rowBytes = 8 + 4 * (inputs + outputs);
      let model: Row[] = [];
      let seed = 0;
      for (const { rows, skip, skipOutput, perRow } of appends) {
        const times = Float64Array.from({ length: rows }, (_, row) => (perRow ? seed + row : seed));
        const readings = batch(inputs, rows + skip, seed + 1);
        const predictions = batch(outputs, rows + skipOutput, seed + 2);
        history.append(perRow ? times : seed, readings, skip, predictions, skipOutput, rows);
        for (let row = 0; row < rows; row++) {
          const from = (row + skip) * inputs;
          const fromOutput = (row + skipOutput) * outputs;
          const reading = readings.subarray(from, from + inputs);
          model.push([times[row] as number, ...reading, ...predictions.subarray(fromOutput, fromOutput + outputs)]);
        }
        seed += 1000;
        model = model.slice(-historyRows);
        if (store.usedBytes > historyBytes) return false;
      }
      const kept = rowsOf(history.rows());
      const fits = historyRows * rowBytes <= historyBytes;
      if (fits && kept.length !== model.length) return false;
      return JSON.stringify(kept) === JSON.stringify(kept.length === 0 ? [] : model.slice(-kept.length));
    },
  );
  fc.assert(check, { numRuns: 300 });
  t.pass();
});

test("a history starts small, doubles to its limit, and then wraps", async (t) => {
  using store = storeOf({ historyRows: 100 });
  const history = store.open("s", ["a"], ["b"]);
  t.equal(store.usedBytes, 0, "nothing is taken before the first row");
  fill(history, 1);
  t.equal(store.usedBytes, 64 * 16);
  fill(history, 64);
  t.equal(store.usedBytes, 100 * 16);
  fill(history, 1000);
  t.equal(store.usedBytes, 100 * 16);
  t.equal(history.count, 100);
});

test("without budget a history wraps at the length it has, and live sessions push out closed ones", async (t) => {
  using store = storeOf({ historyBytes: 128 * 16 });
  fill(store.open("old", ["a"], ["b"]), 64);
  store.close("old");
  const first = store.open("first", ["a"], ["b"]);
  fill(first, 64);
  t.equal(store.newest("old").count, 64);
  fill(first, 1);
  t.throws(() => store.newest("old"), { code: "SESSION_NOT_FOUND" });
  t.equal(first.count, 65);
  fill(first, 500);
  t.equal(first.count, 128);
  const second = store.open("second", ["a"], ["b"]);
  fill(second, 10);
  t.equal(second.count, 0, "nothing is left for it");
  store.open("first", ["a"], ["b"]);
  fill(second, 10);
  t.equal(second.count, 10, "room that comes free is used");
});

test("a new history of a session drops the older one, whose late rows go nowhere", async (t) => {
  using store = storeOf();
  const older = store.open("s", ["a"], ["b"]);
  fill(older, 10);
  const newer = store.open("s", ["a"], ["b"]);
  fill(older, 10);
  t.equal(older.count, 0);
  t.equal(store.newest("s"), newer);
  t.equal(store.usedBytes, 0);
});

test("closed histories stay for their time, at most so many, oldest out first", async (t) => {
  let nowMs = 0;
  using store = storeOf({}, () => nowMs);
  for (const id of ["a", "b", "c", "d"]) {
    fill(store.open(id, ["x"], ["y"]), 1);
    nowMs += 100;
    store.close(id);
  }
  t.throws(() => store.newest("a"), { code: "SESSION_NOT_FOUND", details: { session_id: "a" } });
  t.equal(store.newest("b").count, 1);
  nowMs = 1200;
  t.throws(() => store.newest("b"), { code: "SESSION_NOT_FOUND" });
  t.equal(store.newest("c").count, 1);
  nowMs = 9999;
  for (const id of ["c", "d"]) t.throws(() => store.newest(id), { code: "SESSION_NOT_FOUND" });
  t.equal(store.usedBytes, 0);
  t.throws(() => store.newest("__proto__"), { code: "SESSION_NOT_FOUND" });
});

test("rows that arrive after a session closed are still kept", async (t) => {
  using store = storeOf();
  const history = store.open("s", ["a"], ["b"]);
  store.close("s");
  fill(history, 3);
  t.equal(store.newest("s").count, 3);
  store.close("s");
  store.close("unknown");
  t.equal(store.newest("s").count, 3);
});

test("a disposed store holds no memory", async (t) => {
  const store = storeOf();
  fill(store.open("s", ["a"], ["b"]), 10);
  fill(store.open("t", ["a"], ["b"]), 10);
  store.close("t");
  store[Symbol.dispose]();
  t.equal(store.usedBytes, 0);
});

function fill(history: History, rows: number): void {
  history.append(0, batch(history.boundarySignals.length, rows, 1), 0, batch(history.signals.length, rows, 2), 0, rows);
}
