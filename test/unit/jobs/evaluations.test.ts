import { readFileSync } from "node:fs";
import { test } from "tap";
import {
  BOUNDARY_SIGNALS,
  DirectTurbine,
  largestDifference,
  ROUNDING,
  readSensorRows,
  SIGNALS,
} from "../../integration/support/direct.js";
import { TURBINE } from "../../integration/support/models.js";
import {
  bench,
  COMPLETED,
  FreeExecutor,
  filesOf,
  HeldExecutor,
  heldEnsemble,
  oneModel,
  QUEUED,
  RUNNING,
  refusal,
  request,
  resultRows,
  STOPPED,
  turbine,
} from "./support.js";

const TURBINE_YEARS = ["2014", "2015"].map((year) => readFileSync(`${TURBINE}/gt_${year}.csv`, "utf8"));
/** ensemble.json has five decimals; a graph may round a float32 otherwise on another machine. */
const TOLERANCE = 2e-3;

test("quality and predictions of 2014 and 2015 are those of the demo ensemble", async (t) => {
  const it = await bench(t, { models: await turbine(t) });
  const [first = "", second = ""] = TURBINE_YEARS;
  const path = it.put("years.csv", first.trimEnd() + second.slice(second.indexOf("\n")));
  const evaluation = await it.evaluations.start(request({ ensembleName: "gas_turbine", path }));
  t.equal(await it.book.end(evaluation.topic), COMPLETED);

  t.match(evaluation, { rows: 14_542, rowsSkipped: 0, progress: 100, message: "14542 rows predicted", path });
  const { quality: published, boost_signals: boosts } = JSON.parse(readFileSync(`${TURBINE}/ensemble.json`, "utf8"));
  t.same(
    evaluation.signalsUsedBoost,
    SIGNALS.filter((name) => boosts[name]),
  );
  for (const name of SIGNALS) {
    const measured = evaluation.quality[name];
    const { comparison } = measured ?? {};
    for (const figure of ["r2", "rmse", "mae"] as const) {
      for (const [kind, came] of [
        ["base", comparison?.[`${figure}Base`]],
        ["boost", comparison?.[`${figure}Boost`]],
        [boosts[name] ? "boost" : "base", measured?.[figure]],
      ] as const) {
        const wanted = published[name][`${figure}_${kind}`];
        const isNear = Math.abs((came ?? Number.NaN) - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted));
        t.ok(isNear, `${figure}_${kind} of ${name}: published ${wanted}, measured ${came}`);
      }
    }
    t.match(measured, { rows: 14_542, boosted: boosts[name], rowsNotFinite: 0 });
  }

  const rows = resultRows(it, evaluation);
  t.same(Object.keys(rows[0] ?? {}), [
    "row",
    ...BOUNDARY_SIGNALS,
    ...SIGNALS,
    ...SIGNALS.map((name) => `predicted_${name}`),
  ]);
  const years = [readSensorRows(2014), readSensorRows(2015)];
  const readings = Float32Array.from(years.flatMap((year) => [...year.readings]));
  const direct = await (await DirectTurbine.open(t)).predict(
    readings,
    SIGNALS.map((name) => boosts[name]),
  );
  const predicted = rows.flatMap((row) => SIGNALS.map((name) => Number(row[`predicted_${name}`])));
  t.ok(largestDifference(predicted, direct) <= ROUNDING);
  t.same(
    rows.map((row) => Number(row.NOX)),
    years.flatMap(({ truth }) => [...truth].filter((_, i) => i % 6 === 5)),
  );
});

test("boosts can be chosen; without true columns there is no quality", async (t) => {
  const it = await bench(t, { models: await turbine(t) });
  const [, ...lines] = (TURBINE_YEARS[0] as string).split("\n").slice(0, 301);
  const path = it.put(
    "plain.csv",
    ["AT,AP,AH,AFDP,GTEP", ...lines.map((line) => line.split(",").slice(0, 5))].join("\n"),
  );
  const manualBoostSignals = { TIT: true, TAT: false, TEY: false, CDP: false, CO: false, NOX: false };
  const start = (manual: Record<string, boolean>) =>
    it.evaluations.start(request({ ensembleName: "gas_turbine", path, manualBoostSignals: manual }));
  const [some, none] = [await start(manualBoostSignals), await start({ ...manualBoostSignals, TIT: false })];
  t.same([await it.book.end(some.topic), await it.book.end(none.topic)], [COMPLETED, COMPLETED]);
  t.same([some.signalsUsedBoost, none.signalsUsedBoost, some.quality, some.rows], [["TIT"], [], {}, 300]);
  const direct = await DirectTurbine.open(t);
  const { readings } = readSensorRows(2014, 300);
  for (const evaluation of [some, none]) {
    const wanted = await direct.predict(
      readings,
      SIGNALS.map((name) => evaluation.signalsUsedBoost.includes(name)),
    );
    const rows = resultRows(it, evaluation);
    const came = rows.flatMap((row) => SIGNALS.map((name) => Number(row[`predicted_${name}`])));
    t.ok(largestDifference(came, wanted) <= ROUNDING, evaluation.signalsUsedBoost.join());
  }
  t.match(await refusal(start({ XYZ: true })), { code: "UNKNOWN_SIGNALS", message: "XYZ" });
});

test("rows that are no readings are skipped, counted, and written without predictions", async (t) => {
  const it = await bench(t);
  const lines = [
    'when,"b",a,y,more',
    "08:00,2,1,4,x",
    '"1,5",,1,,"say ""hi"""',
    "09:00,zwei,inf,,",
    "10:00, 4 ,1e0,n/a",
    "",
    "11:00,1e39,1,1,",
  ];
  const path = it.put("rows.csv", `\uFEFF${lines.join("\r\n")}`);
  const evaluation = await it.evaluations.start(request({ path, timeColumn: "when" }));
  t.equal(await it.book.end(evaluation.topic), COMPLETED);
  const message =
    "2 rows predicted, 3 skipped: row 2: b is no number; row 3: a, b are no numbers; row 5: b is no number";
  t.match(evaluation, { rows: 2, rowsSkipped: 3, message });
  t.equal(it.book.lastMessage(evaluation.topic), message);
  t.same(resultRows(it, evaluation), [
    { row: "1", when: "08:00", a: "1", b: "2", y: "4", predicted_y: "3" },
    { row: "2", when: "1,5", a: "1", b: "", y: "", predicted_y: "" },
    { row: "3", when: "09:00", a: "inf", b: "zwei", y: "", predicted_y: "" },
    { row: "4", when: "10:00", a: "1e0", b: " 4 ", y: "n/a", predicted_y: "5" },
    { row: "5", when: "11:00", a: "1", b: "1e39", y: "1", predicted_y: "" },
  ]);
  // One row has a true value: no spread, so no R².
  t.same(evaluation.quality, {
    y: { rows: 1, rmse: 1, mae: 1, r2: undefined, boosted: false, comparison: undefined, rowsNotFinite: 0 },
  });
});

test("the time's column is found, and readings can be left out", async (t) => {
  const it = await bench(t);
  for (const [header, time] of [
    ["a,b,Timestamp,time", "Timestamp"],
    ["DATE,a,b", "DATE"],
    ["row,a,predicted_y,b", undefined],
  ] as const) {
    const path = it.put("time.csv", `${header}\n1,1,1,1\n`);
    const evaluation = await it.evaluations.start(request({ path, includeReadings: false }));
    t.equal(await it.book.end(evaluation.topic), COMPLETED);
    t.same(Object.keys(resultRows(it, evaluation)[0] ?? {}), ["row", ...(time ? [time] : []), "predicted_y"]);
  }
  const path = it.put("clash.csv", "row,a,b\n7,1,1\n");
  const evaluation = await it.evaluations.start(request({ path, timeColumn: "row" }));
  t.equal(await it.book.end(evaluation.topic), COMPLETED);
  t.same(resultRows(it, evaluation), [{ row_: "1", row: "7", a: "1", b: "1", predicted_y: "2" }]);
});

test("more than a block of rows keeps its order", async (t) => {
  const it = await bench(t);
  const lines = Array.from({ length: 3000 }, (_, i) => (i % 7 === 3 ? `${i},bad` : `${i},${i * 0.5}`));
  const path = it.put("many.csv", `a,b\n${lines.join("\n")}`);
  const evaluation = await it.evaluations.start(request({ path }));
  t.equal(await it.book.end(evaluation.topic), COMPLETED);
  const wanted = lines.map((_, i) => (i % 7 === 3 ? "" : String(i * 1.5)));
  t.same(
    resultRows(it, evaluation).map((row) => row.predicted_y),
    wanted,
  );
});

test("UTF-16 with a byte-order mark is read", async (t) => {
  const it = await bench(t);
  const path = it.put("wide.csv", Buffer.from("\uFEFFa,b\n1,2\n3,4\n", "utf16le"));
  const evaluation = await it.evaluations.start(request({ path }));
  t.equal(await it.book.end(evaluation.topic), COMPLETED);
  t.same(
    resultRows(it, evaluation).map((row) => row.predicted_y),
    ["3", "7"],
  );
});

test("two run, two wait, and a fifth is refused", async (t) => {
  const executor = new HeldExecutor();
  const it = await bench(t, { models: oneModel(heldEnsemble(executor)) });
  const path = it.put("rows.csv", "a,b\n1,2\n");
  const four = [];
  for (let i = 0; i < 4; i += 1) four.push(await it.evaluations.start(request({ path })));
  await executor.reached;
  await it.book.status(four[1]?.topic as string, RUNNING);
  t.same(
    four.map(({ status }) => status),
    [RUNNING, RUNNING, QUEUED, QUEUED],
  );
  t.match(await refusal(it.evaluations.start(request({ path }))), { code: "OVERLOADED", message: "at most 4" });
  t.same(
    it.evaluations.list().map(({ id }) => id),
    four.map(({ id }) => id).reverse(),
  );
  executor.free();
  t.same(await Promise.all(four.map(({ topic }) => it.book.end(topic))), [COMPLETED, COMPLETED, COMPLETED, COMPLETED]);
});

test("the oldest results go first, by count and by bytes; what runs stays", async (t) => {
  const it = await bench(t, { limits: { keptEvaluations: 3 } });
  const path = it.put("rows.csv", "a,b\n1,2\n");
  const all = [];
  for (let i = 0; i < 5; i += 1) {
    const evaluation = await it.evaluations.start(request({ path }));
    await it.book.end(evaluation.topic);
    all.push(evaluation);
  }
  await it.evaluations.recover(); // prunes as every end does, and tells when it is done
  t.same(
    it.evaluations.list().map(({ id }) => id),
    all
      .slice(2)
      .map(({ id }) => id)
      .reverse(),
  );
  t.same(
    all.map(({ id }) => filesOf(it, id) !== undefined),
    [false, false, true, true, true],
  );

  const small = await bench(t, { dataDir: it.dataDir, book: it.book, limits: { keptEvaluationBytes: 1 } });
  t.same(
    small.evaluations.list().map(({ id }) => id),
    [all[4]?.id],
    "the newest stays, however large",
  );
});

test("what is asked for by a wrong id is not found; what is removed is gone, its topic stays", async (t) => {
  const it = await bench(t);
  for (const id of ["", "nobody", "..", "__proto__", "x".repeat(1000)]) {
    t.throws(() => it.evaluations.describe(id), { code: "TASK_NOT_FOUND" });
    t.throws(() => it.evaluations.result(id), { code: "TASK_NOT_FOUND" });
    t.equal((await refusal(it.evaluations.remove(id))).code, "TASK_NOT_FOUND");
  }
  const { id, topic } = await it.evaluations.start(request({ path: it.put("rows.csv", "a,b\n1,2\n") }));
  await it.book.end(topic);
  const { bytes, fileName, open } = it.evaluations.result(id);
  const text = Buffer.concat(await open().toArray()).toString();
  t.same([text, bytes, fileName], ["row,a,b,predicted_y\r\n1,1,2,3\r\n", text.length, `evaluation_${id}.csv`]);
  await it.evaluations.remove(id);
  t.same([filesOf(it, id), it.book.statuses(topic)], [undefined, [QUEUED, RUNNING, COMPLETED]]);
  t.throws(() => it.evaluations.describe(id), { code: "TASK_NOT_FOUND" });
});

test("an evaluation under way has no result, and is stopped when it is removed", async (t) => {
  const executor = new HeldExecutor();
  const it = await bench(t, { models: oneModel(heldEnsemble(executor)) });
  const { id, topic } = await it.evaluations.start(request({ path: it.put("rows.csv", "a,b\n1,2\n") }));
  await executor.reached;
  t.throws(() => it.evaluations.result(id), { code: "INVALID_TRANSITION", message: `${topic} tells when` });
  await it.evaluations.remove(id);
  t.same([it.book.statuses(topic), filesOf(it, id)], [[QUEUED, RUNNING, STOPPED], undefined]);
  t.match(it.book.lastMessage(topic), "removed");
});

test("progress rises, names stages and steps, and ends at 100", async (t) => {
  const it = await bench(t, { models: oneModel(heldEnsemble(new FreeExecutor())) });
  const path = it.put("many.csv", `a,b\n${"1,2\n".repeat(20_000)}`);
  const { topic } = await it.evaluations.start(request({ path }));
  t.equal(await it.book.end(topic), COMPLETED);
  const told = it.book.progress(topic);
  const percents = told.map(({ progress = Number.NaN }) => progress);
  t.same(
    percents,
    [...percents].sort((a, b) => a - b),
  );
  t.match(told[0], { stage: "reading", step: 1, totalSteps: 3, progress: 0, status: RUNNING });
  t.match(told.at(-1), {
    stage: "writing result",
    step: 3,
    progress: 100,
    details: { completed: 20_000, total: 20_000 },
  });
  t.ok(told.some(({ stage, step }) => stage === "predicting" && step === 2));
  t.equal(it.book.of(topic).at(-1)?.kind?.$case, "statusChanged");
  t.match(it.book.of(topic)[0]?.kind, { $case: "statusChanged", value: { config: { ensemble_name: "held", path } } });
});
