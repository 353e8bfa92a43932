import { TidewireClientError } from "@tidewire/client";
import t, { type Test } from "tap";
import { readTable } from "../src/csv/csv.js";
import { LatencyHistogram } from "../src/pages/inference/latency.js";
import { Playback } from "../src/pages/inference/playback.js";
import { toReading, toTexts, toWritten } from "../src/pages/inference/reading.js";
import { MAX_ROWS, Trace, type TracedRow } from "../src/pages/inference/trace.js";

/** Frames that are drawn when the test says so. */
function frames(t: Test): () => void {
  let waiting: (() => void)[] = [];
  t.intercept(globalThis, "requestAnimationFrame", { value: (draw: () => void) => waiting.push(draw) });
  return () => {
    const due = waiting;
    waiting = [];
    for (const draw of due) draw();
  };
}

const rowOf = (predicted: number, truth?: number): TracedRow => ({
  predictions: { a: predicted },
  truth: truth === undefined ? {} : { a: truth },
  latencyMs: 0.5,
  roundTripMs: 2,
});

t.test("quantiles are within the width of a range, and only ranges that are used are shown", async (t) => {
  const histogram = new LatencyHistogram();
  t.equal(histogram.quantile(0.5), undefined);
  t.same(histogram.ranges(), { bounds: [], counts: [] });
  for (let i = 1; i <= 1000; i += 1) histogram.add(i / 100);
  for (const [share, ms] of [
    [0.5, 5],
    [0.9, 9],
    [0.99, 9.9],
  ] as const)
    t.ok(Math.abs((histogram.quantile(share) ?? 0) / ms - 1) < 0.16, `p${share * 100}`);
  const { bounds, counts } = histogram.ranges();
  t.equal(bounds.length, counts.length + 1);
  t.equal(
    counts.reduce((sum, count) => sum + count, 0),
    1000,
  );
  for (const ms of [0, 1e-9, 1e9]) histogram.add(ms);
  t.equal(histogram.total, 1003, "what is beyond the ranges counts in the outer ones");
});

t.test("a trace adds up errors of all rows, keeps the newest, and tells once a frame", async (t) => {
  const draw = frames(t);
  const trace = new Trace(["a", "b"]);
  let told = 0;
  trace.subscribe(() => {
    told += 1;
  });
  trace.add(rowOf(1));
  t.equal(trace.errors("a"), undefined, "nothing to compare with");
  trace.add(rowOf(3, 0));
  trace.add(rowOf(0, 4));
  t.same(trace.errors("a"), { count: 2, rmse: Math.sqrt((9 + 16) / 2), mae: 3.5 });
  t.equal(told, 0);
  draw();
  t.equal(told, 1);
  const { row, predicted, truth } = trace.columns("a");
  t.same([...row], [1, 2, 3]);
  t.same([...predicted], [1, 3, 0]);
  t.same([...truth], [Number.NaN, 0, 4]);
  t.same([...trace.columns("b").predicted], [Number.NaN, Number.NaN, Number.NaN]);

  for (let i = 0; i < 2.5 * MAX_ROWS; i += 1) trace.add(rowOf(i));
  const columns = trace.columns("a");
  t.equal(columns.row.length, MAX_ROWS);
  t.equal(columns.row.at(-1), trace.count);
  t.equal(columns.row[0], trace.count - MAX_ROWS + 1);
  t.ok(
    columns.predicted.every((value, i) => value === (columns.row[i] as number) - 4),
    "rows and values stay together",
  );
});

t.test("a reading is text in the address, and numbers to the server", async (t) => {
  t.same(toTexts("", ["AT", "x"]), ["17.7", "0"]);
  t.same(toTexts("1~~3", ["AT", "AP", "x"]), ["1", "", "3"]);
  t.equal(toWritten(["1", "2~3"]), "1~23");
  t.same(toReading(["1,5", " ", "x", "-2e3"], ["a", "b", "c", "d"]), { a: 1.5, c: Number.NaN, d: -2000 });
});

t.test("a playback sends the rows at its rate, waits where answers do not come, and tells what failed", async (t) => {
  frames(t);
  const clock = t.intercept(performance, "now", { value: () => nowMs });
  let nowMs = 0;
  let tick = () => {};
  t.intercept(globalThis, "setInterval", {
    value: (run: () => void) => {
      tick = run;
      return 1;
    },
  });
  t.intercept(globalThis, "clearInterval", {
    value: () => {
      tick = () => {};
    },
  });
  const lines = Array.from({ length: 2000 }, (_, i) => `${i},${i}`);
  const table = await readTable(new Blob([`x,a\n${lines.join("\n")}`]), { maxRows: 2000 });
  const answers: ((outcome: Error | undefined) => void)[] = [];
  const predict = ({ x = 0 }: Readonly<Record<string, number>>) =>
    new Promise<{ predictions: Record<string, number> }>((resolve, reject) => {
      answers.push((error) => (error ? reject(error) : resolve({ predictions: { a: x } })));
    });
  const trace = new Trace(["a"]);
  const options = { table, boundarySignals: ["x"], signals: ["a"], predict, trace, onState: () => {} };
  const playback = new Playback(options, 100);
  playback.play();
  nowMs = 50;
  tick();
  t.equal(playback.sent, 5, "50 ms at 100 a second");
  playback.pause();
  nowMs = 10_000;
  tick();
  t.equal(playback.sent, 5, "none while it is paused");
  playback.play();
  nowMs += 60_000;
  tick();
  t.equal(playback.sent, 105, "what was missed for a minute is not made up for");
  playback.rate = 1000;
  nowMs += 1000;
  tick();
  t.equal(playback.sent, 256, "no more than the server has answered some of");

  const settle = async (outcome?: Error) => {
    for (const answer of answers.splice(0)) answer(outcome);
    await new Promise(setImmediate);
  };
  await settle();
  t.same(trace.errors("a"), { count: 256, rmse: 0, mae: 0 });
  nowMs += 10;
  tick();
  await settle(new TidewireClientError("CONNECTION_LOST", "cut", { retryable: true }));
  t.match(playback.failures, { last: { code: "CONNECTION_LOST" } });
  t.equal(playback.state.is, "running", "the rows that follow may fare better");
  nowMs += 10;
  tick();
  await settle(new TidewireClientError("ENSEMBLE_NOT_FOUND", "gone"));
  t.equal(playback.state.is, "failed");
  clock();
});
