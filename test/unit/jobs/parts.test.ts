// The parts of an evaluation by themselves: the queue, the figures, the records of a file, the rows of a request.

import { writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { test } from "tap";
import type { SignalEvaluation } from "../../../generated/ts/tidewire/v1/evaluation.js";
import { quotedCell } from "../../../src/jobs/cells.js";
import { Predictor } from "../../../src/jobs/predictor.js";
import { SignalTally } from "../../../src/jobs/quality.js";
import { JobQueue, type Place } from "../../../src/jobs/queue.js";
import { type CsvRecord, readRecords } from "../../../src/jobs/records.js";
import { FreeExecutor, heldEnsemble } from "./support.js";

test("a cell that a spreadsheet would compute is text there; numbers and times stay as they are", async (t) => {
  const cells: Readonly<Record<string, string>> = {
    "=1+1": "'=1+1",
    '=HYPERLINK("http://x","y")': `"'=HYPERLINK(""http://x"",""y"")"`,
    "=cmd|'/C calc'!A0": "'=cmd|'/C calc'!A0",
    "@SUM(A1)": "'@SUM(A1)",
    "+1+1": "'+1+1",
    "-1-1": "'-1-1",
    "\t=1": "'\t=1",
    "\r=1": `"'\r=1"`,
    "-": "'-",
  };
  for (const [text, written] of Object.entries(cells)) t.equal(quotedCell(text), written);
  const same = ["-1.5", "+2", "-1e-9", "-Infinity", "0", "", "2026-11-20T22:00:00Z", "08:00", "a=b", "'x", "1-2"];
  for (const text of same) t.equal(quotedCell(text), text);
});

test("the queue calls in order, skips who has gone, and counts places", async (t) => {
  const queue = new JobQueue(2, 3);
  const places = [1, 2, 3, 4, 5].map(() => queue.enter());
  t.throws(() => queue.enter(), { code: "OVERLOADED", message: "at most 5" });
  const called: number[] = [];
  const gone = new AbortController();
  const turns = places.map((place, i) => {
    const { signal } = i === 2 ? gone : new AbortController();
    return place.turn(signal).then(
      () => called.push(i),
      (reason: unknown) => called.push(reason as number),
    );
  });
  await turns[1];
  t.same(called, [0, 1]);
  gone.abort(-1);
  await turns[2];
  const [first, second, third] = places as [Place, Place, Place];
  first.leave();
  first.leave();
  await turns[3];
  third.leave();
  t.same(called, [0, 1, -1, 3]);
  queue.enter();
  queue.enter();
  t.throws(() => queue.enter(), { code: "OVERLOADED" });
  second.leave();
  await turns[4];
  t.same(called, [0, 1, -1, 3, 4]);
  await t.rejects(first.turn(AbortSignal.abort(new Error("before"))), { message: "before" });
});

test("figures are those of the textbook, also far from zero and over many rows", async (t) => {
  const rows = 200_000;
  const far = 1e7;
  const tally = new SignalTally(true, true);
  const [truths, bases, boosts] = [1, 2, 3].map((k) =>
    Float64Array.from({ length: rows }, (_, i) => far + Math.sin(i * k * 0.37) + (k === 1 ? 0 : 0.25 * (k - 1))),
  ) as [Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < rows; i += 1) tally.add(truths[i] as number, bases[i] as number, boosts[i] as number);
  const near = (came: number | undefined, wanted: number) => Math.abs((came ?? Number.NaN) - wanted) < 1e-9;
  const wanted = (predicted: Float64Array) => {
    const mean = truths.reduce((sum, value) => sum + (value - far), 0) / rows;
    const errors = predicted.map((value, i) => value - (truths[i] as number));
    const squares = errors.reduce((sum, error) => sum + error * error, 0);
    const spread = truths.reduce((sum, value) => sum + (value - far - mean) ** 2, 0);
    const mae = errors.reduce((sum, error) => sum + Math.abs(error), 0) / rows;
    return { rmse: Math.sqrt(squares / rows), mae, r2: 1 - squares / spread };
  };
  const { rmse, mae, r2, comparison, boosted } = tally.evaluation as SignalEvaluation;
  const [base, boost] = [wanted(bases), wanted(boosts)];
  t.ok(near(rmse, boost.rmse) && near(mae, boost.mae) && near(r2, boost.r2));
  t.ok(
    near(comparison?.rmseBase, base.rmse) && near(comparison?.maeBase, base.mae) && near(comparison?.r2Base, base.r2),
  );
  t.ok(near(comparison?.rmseBoost, boost.rmse));
  t.ok(boosted);
});

test("rows without a truth count nothing, rows without a finite prediction are counted as such", async (t) => {
  const tally = new SignalTally(false, false);
  t.equal(tally.evaluation, undefined);
  tally.add(Number.NaN, 1, 0);
  t.equal(tally.evaluation, undefined);
  tally.add(1, Number.NaN, 0);
  tally.add(1, Number.POSITIVE_INFINITY, 0);
  t.match(tally.evaluation, { rows: 0, rowsNotFinite: 2 });
  tally.add(3, 1, 0);
  tally.add(3, 5, 0);
  t.same(tally.evaluation, {
    rows: 2,
    rmse: 2,
    mae: 2,
    r2: undefined,
    boosted: false,
    comparison: undefined,
    rowsNotFinite: 2,
  });
});

test("records are those of a parser that sees the whole file, wherever pieces end", async (t) => {
  const path = join(t.testdir({}), "any.csv");
  const read = async (text: string): Promise<CsvRecord[]> => {
    writeFileSync(path, text);
    const file = await open(path);
    try {
      const bytes = Buffer.byteLength(text);
      const records: CsvRecord[] = [];
      let last = 0;
      for await (const piece of readRecords(file, bytes, new AbortController().signal)) {
        records.push(...piece.records);
        t.ok(piece.bytesRead >= last && piece.bytesRead <= bytes) || t.fail("bytes");
        last = piece.bytesRead;
      }
      t.equal(last, bytes);
      return records;
    } finally {
      await file.close();
    }
  };
  const cell = fc.oneof(
    fc.stringMatching(/^[a-z0-9 .ß€😀-]{0,9}$/u),
    fc.stringMatching(/^[a-z,\n "]{0,9}$/).map((text) => `"${text.replaceAll('"', '""')}"`),
  );
  const line = fc.array(cell, { minLength: 1, maxLength: 6 }).map((cells) => cells.join(","));
  const file = fc.tuple(fc.array(line, { minLength: 1, maxLength: 30 }), fc.constantFrom("\n", "\r\n"), fc.nat(2000));
  await fc.assert(
    fc.asyncProperty(file, async ([lines, end, times]) => {
      const text = lines.join(end) + end;
      const whole = text.repeat(Math.min(times, Math.ceil(40_000 / text.length)) + 1);
      const wanted = parse(whole, { relax_column_count: true, relax_quotes: true }) as string[][];
      t.same(
        await read(whole),
        wanted.filter((record) => record.length > 1 || record[0] !== ""),
      );
    }),
    { numRuns: 60 },
  );
});

test("requests grow while they are cheap, and shrink when the queue is slow", async (t) => {
  const sizes: number[] = [];
  let slow = false;
  const executor = new FreeExecutor((values) => {
    sizes.push(values.length / 2);
    if (!slow) return;
    const untilMs = performance.now() + 5;
    while (performance.now() < untilMs);
  });
  const predictor = new Predictor(heldEnsemble(executor, { costUs: 100 }), false, new AbortController().signal);
  const values = Float32Array.from({ length: 512 }, (_, i) => i);
  for (let i = 0; i < 20; i += 1) await predictor.predict(values, 256);
  t.equal(sizes[0], 10, "as many as cost a millisecond");
  t.ok(Math.max(...sizes) >= 80);
  slow = true;
  sizes.length = 0;
  let { base, boost } = await predictor.predict(values, 256);
  for (let i = 0; i < 3; i += 1) ({ base, boost } = await predictor.predict(values, 256));
  t.same(
    [...base.subarray(0, 256)],
    Array.from({ length: 256 }, (_, i) => 4 * i + 1),
  );
  t.equal(boost, undefined);
  // No fewer than it began with, lest a busy server starve it.
  t.equal(Math.max(...sizes.slice(-10)), 10);
});
