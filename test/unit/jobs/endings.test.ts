// How evaluations end when they are not let finish: stopped, removed, shut down, restarted, failed.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import type { Evaluation } from "../../../generated/ts/tidewire/v1/evaluation.js";
import type { RunStatus } from "../../../generated/ts/tidewire/v1/events.js";
import { TidewireError } from "../../../src/errors.js";
import { WorkerDiedError } from "../../../src/inference/worker-executor.js";
import { Evaluations } from "../../../src/jobs/evaluations.js";
import {
  type Bench,
  bench,
  COMPLETED,
  FAILED,
  FreeExecutor,
  filesOf,
  HeldExecutor,
  heldEnsemble,
  Moment,
  oneModel,
  QUEUED,
  RUNNING,
  refusal,
  request,
  resultRows,
  STOPPED,
  statusOf,
} from "./support.js";

/** The promise: a stop takes no longer. */
const STOP_MS = 1000;

/** Asks for a stop, and waits until it has happened. */
async function cancel({ book, claims }: Bench, { topic }: Evaluation, reason?: string): Promise<RunStatus> {
  const askedMs = performance.now();
  claims.held.get(topic)?.(reason);
  const status = await book.end(topic);
  if (performance.now() - askedMs > STOP_MS) throw new Error("the stop took too long");
  return status;
}

function assertStopped(t: Test, it: Bench, evaluation: Evaluation): void {
  t.match(evaluation, { status: STOPPED, message: "stopped on request: enough", error: undefined, stage: undefined });
  t.ok(evaluation.finishedAt);
  t.same(filesOf(it, evaluation.id), ["evaluation.json"]);
  t.equal(it.book.lastMessage(evaluation.topic), "stopped on request: enough");
}

test("a stop comes through while it waits in the queue; those behind move up", async (t) => {
  const executor = new HeldExecutor();
  const it = await bench(t, { models: oneModel(heldEnsemble(executor)), limits: { maxEvaluations: 1 } });
  const path = it.put("rows.csv", "a,b\n1,2\n");
  const running = await it.evaluations.start(request({ path }));
  const stopped = await it.evaluations.start(request({ path }));
  const behind = await it.evaluations.start(request({ path }));
  await executor.reached;
  t.equal(await cancel(it, stopped, "enough"), STOPPED);
  assertStopped(t, it, stopped);
  t.same(it.book.statuses(stopped.topic), [QUEUED, STOPPED]);
  executor.free();
  t.same([await it.book.end(running.topic), await it.book.end(behind.topic)], [COMPLETED, COMPLETED]);
});

test("a stop comes through in the middle of a run that does not end", async (t) => {
  const executor = new HeldExecutor();
  const it = await bench(t, { models: oneModel(heldEnsemble(executor)), limits: { maxEvaluations: 1 } });
  const path = it.put("rows.csv", `a,b\n${"1,2\n".repeat(1000)}`);
  const evaluation = await it.evaluations.start(request({ path }));
  await executor.reached;
  t.equal(await cancel(it, evaluation, "enough"), STOPPED);
  assertStopped(t, it, evaluation);
  executor.free();
  // The place is free, and the ensemble still answers.
  const next = await it.evaluations.start(request({ path }));
  t.equal(await it.book.end(next.topic), COMPLETED);
});

for (const stage of ["reading", "predicting", "writing result"]) {
  test(`a stop comes through while it is ${stage}`, async (t) => {
    const it = await bench(t);
    it.book.onEvent = ({ topic, kind }) => {
      if (kind?.$case === "progress" && kind.value.stage === stage) it.claims.held.get(topic)?.("enough");
    };
    const path = it.put("rows.csv", `a,b\n${"1,2\n".repeat(5000)}`);
    const evaluation = await it.evaluations.start(request({ path }));
    t.equal(await it.book.end(evaluation.topic), STOPPED);
    assertStopped(t, it, evaluation);
    await it.evaluations.remove(evaluation.id);
    t.equal(it.claims.held.size, 0, "the claim is given back");
  });
}

test("a stop comes through while a large file is read", async (t) => {
  const half = new Moment();
  const it = await bench(t);
  it.book.onEvent = ({ kind }) => {
    if (kind?.$case === "progress" && (kind.value.progress ?? 0) > 5) half.resolve();
  };
  const path = it.put("rows.csv", `a,b\n${"1,2\n".repeat(2_000_000)}`);
  const evaluation = await it.evaluations.start(request({ path }));
  await half.promise;
  t.equal(await cancel(it, evaluation, "enough"), STOPPED);
  assertStopped(t, it, evaluation);
  t.ok(evaluation.rows > 0 && evaluation.rows < 2_000_000);
});

test("the end of the server fails what runs and what waits, with the reason", async (t) => {
  const executor = new HeldExecutor();
  const it = await bench(t, { models: oneModel(heldEnsemble(executor)), limits: { maxEvaluations: 1 } });
  const path = it.put("rows.csv", "a,b\n1,2\n");
  const [runs, waits] = [await it.evaluations.start(request({ path })), await it.evaluations.start(request({ path }))];
  await executor.reached;
  const sinceMs = performance.now();
  await it.evaluations[Symbol.asyncDispose]();
  t.ok(performance.now() - sinceMs < STOP_MS);
  t.same(
    [it.book.statuses(runs.topic), it.book.statuses(waits.topic)],
    [
      [QUEUED, RUNNING, FAILED],
      [QUEUED, FAILED],
    ],
  );
  for (const evaluation of [runs, waits]) {
    t.equal(it.book.lastMessage(evaluation.topic), "the server is shutting down");
    t.match(evaluation, { status: FAILED, error: { errorCode: 32, retryable: true } });
  }
  t.equal((await refusal(it.evaluations.start(request({ path })))).code, "SHUTTING_DOWN");
  t.equal((await refusal(it.evaluations.receive())).code, "SHUTTING_DOWN");
  executor.free();
});

test("after a restart what had not ended has failed, is told so once, and uploads are gone", async (t) => {
  const executor = new HeldExecutor();
  const before = await bench(t, { models: oneModel(heldEnsemble(executor)), limits: { maxEvaluations: 1 } });
  const path = before.put("rows.csv", "a,b\n1,2\n");
  const [runs, waits] = [
    await before.evaluations.start(request({ path })),
    await before.evaluations.start(request({ path })),
  ];
  await executor.reached;
  const upload = await before.evaluations.receive();
  t.ok(filesOf(before, runs.id)?.includes("result.csv.part"));
  t.equal(filesOf(before, "")?.length, 3);

  // The process is killed: what it did stands, and it does no more.
  for (let start = 1; start <= 3; start += 1) {
    const after = await bench(t, { dataDir: before.dataDir, book: before.book });
    for (const { id, topic } of [runs, waits]) {
      t.match(after.evaluations.describe(id), {
        status: FAILED,
        message: "the server was restarted",
        error: { message: "the server was restarted", retryable: true },
      });
      t.equal(before.book.statuses(topic).filter((status) => status === FAILED).length, 1, "told once");
      t.equal(before.book.lastMessage(topic), "the server was restarted");
      t.same(filesOf(after, id), ["evaluation.json"]);
    }
    t.same(
      after.evaluations.list().map(({ id }) => id),
      [waits.id, runs.id],
    );
    t.equal(filesOf(after, "")?.length, 2, "nothing is left of the upload");
  }
  await upload[Symbol.asyncDispose]();
  await before.evaluations[Symbol.asyncDispose]();
});

test("an end that was kept but not told before the kill is told after the restart", async (t) => {
  const first = await bench(t);
  const path = first.put("rows.csv", "a,b\n1,2\n");
  const tried = new Moment();
  first.book.onEvent = (event) => {
    if (statusOf(event) !== COMPLETED) return;
    tried.resolve();
    throw new TidewireError("INTERNAL_ERROR", "the log is gone");
  };
  const evaluation = await first.evaluations.start(request({ path }));
  await tried.promise;
  await first.evaluations[Symbol.asyncDispose]();
  t.same(first.book.statuses(evaluation.topic), [QUEUED, RUNNING]);
  t.match(first.logged(), "end could not be published");
  first.book.onEvent = () => {};
  const second = await bench(t, { dataDir: first.dataDir, book: first.book });
  t.same(first.book.statuses(evaluation.topic), [QUEUED, RUNNING, COMPLETED]);
  t.match(second.evaluations.describe(evaluation.id), { status: COMPLETED, rows: 1, message: "1 rows predicted" });
  t.same(resultRows(second, evaluation), [{ row: "1", a: "1", b: "2", predicted_y: "3" }]);

  // A topic that the log has forgotten since stays forgotten.
  const third = await bench(t, { dataDir: first.dataDir });
  t.same([third.book.events, third.evaluations.list().length], [[], 1]);
});

test("with a log that forgets at a restart, what had not ended is told from the beginning", async (t) => {
  const executor = new HeldExecutor();
  const before = await bench(t, { models: oneModel(heldEnsemble(executor)) });
  const path = before.put("rows.csv", "a,b\n1,2\n");
  const { id, topic } = await before.evaluations.start(request({ path }));
  await executor.reached;
  const after = await bench(t, { dataDir: before.dataDir });
  t.same(after.book.statuses(topic), [QUEUED, FAILED]);
  t.match(after.evaluations.describe(id), { status: FAILED, message: "the server was restarted" });
  await before.evaluations[Symbol.asyncDispose]();
});

test("what lies among the evaluations and is none does not keep the server from starting", async (t) => {
  const it = await bench(t);
  const { id, topic } = await it.evaluations.start(request({ path: it.put("rows.csv", "a,b\n1,2\n") }));
  await it.book.end(topic);
  const folder = join(it.dataDir, "evaluations");
  mkdirSync(join(folder, "0123456789abcdef"));
  writeFileSync(join(folder, "0123456789abcdef", "evaluation.json"), "{");
  mkdirSync(join(folder, "fedcba9876543210"));
  writeFileSync(join(folder, "fedcba9876543210", "evaluation.json"), readFileSync(join(folder, id, "evaluation.json")));
  mkdirSync(join(folder, "exports"));
  writeFileSync(join(folder, "0123456789abcdee"), "a file");
  const again = await bench(t, { dataDir: it.dataDir, book: it.book });
  t.same(
    again.evaluations.list().map((evaluation) => evaluation.id),
    [id],
  );
  t.match(again.logged(), "cannot be read");
  t.same(filesOf(again, "exports"), []);
});

test("a model that fails fails the evaluation, with the model's own words", async (t) => {
  let runs = 0;
  const executor = new FreeExecutor(() => {
    runs += 1;
    if (runs > 2) throw new Error("Conv needs 4 dimensions");
  });
  const it = await bench(t, { models: oneModel(heldEnsemble(executor)) });
  const path = it.put("rows.csv", `a,b\n${"1,2\n".repeat(1000)}`);
  const evaluation = await it.evaluations.start(request({ path }));
  t.equal(await it.book.end(evaluation.topic), FAILED);
  t.match(evaluation, { error: { errorCode: 7, message: "held failed: Conv needs 4 dimensions", retryable: false } });
  t.same(filesOf(it, evaluation.id), ["evaluation.json"]);
});

test("a worker that dies and a queue that is full are waited out", async (t) => {
  let runs = 0;
  const executor = new FreeExecutor(() => {
    runs += 1;
    if (runs === 2) throw new WorkerDiedError("killed");
  });
  // Fewer rows may wait than the first request has.
  const it = await bench(t, { models: oneModel(heldEnsemble(executor, { maxQueuedRows: 10 })) });
  const rows = Array.from({ length: 100 }, (_, i) => `${i},1`).join("\n");
  const evaluation = await it.evaluations.start(request({ path: it.put("rows.csv", `a,b\n${rows}`) }));
  t.equal(await it.book.end(evaluation.topic), COMPLETED);
  t.same(
    resultRows(it, evaluation).map((row) => Number(row.predicted_y)),
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
});

test("a log that takes nothing refuses new evaluations and does not stop those that run", async (t) => {
  const executor = new HeldExecutor();
  const it = await bench(t, { models: oneModel(heldEnsemble(executor)) });
  const path = it.put("rows.csv", `a,b\n${"1,2\n".repeat(600)}`);
  const evaluation = await it.evaluations.start(request({ path }));
  await executor.reached;
  const full = new TidewireError("INTERNAL_ERROR", "no log");
  it.book.onEvent = () => {
    throw full;
  };
  t.equal((await refusal(it.evaluations.start(request({ path })))).message, "no log");
  t.same([filesOf(it, "")?.length, it.claims.held.size], [1, 1], "nothing is left of it");
  it.book.onEvent = ({ kind }) => {
    if (kind?.$case === "progress" && kind.value.progress !== 100) throw full;
  };
  executor.free();
  t.equal(await it.book.end(evaluation.topic), COMPLETED);
  t.equal(evaluation.rows, 600);
});

test("an end that finds the log full is told again", async (t) => {
  let refused = 0;
  const it = await bench(t);
  it.book.onEvent = (event) => {
    if (statusOf(event) !== COMPLETED || refused === 2) return;
    refused += 1;
    throw new TidewireError("OVERLOADED", "the log is full");
  };
  const { topic } = await it.evaluations.start(request({ path: it.put("rows.csv", "a,b\n1,2\n") }));
  t.equal(await it.book.end(topic), COMPLETED);
  t.equal(refused, 2);
});

test("Evaluations stops without ever having begun", async () => {
  const nothing = {} as ConstructorParameters<typeof Evaluations>[0];
  const limits = {
    maxEvaluations: 1,
    maxQueuedEvaluations: 1,
    maxUploadBytes: 1,
    keptEvaluations: 1,
    keptEvaluationBytes: 1,
  };
  await new Evaluations(nothing, limits)[Symbol.asyncDispose]();
});
