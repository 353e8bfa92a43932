// A worker's deaths: who is told, how it comes back, and that its end never takes the process along.
import { EventEmitter, once } from "node:events";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type Test, test } from "tap";
import type { Executor, GraphOptions, RowBatch, RowOutput } from "../../../src/inference/executor.js";
import { hashFiles } from "../../../src/inference/model-files.js";
import { Scheduler } from "../../../src/inference/scheduler.js";
import { predictionError } from "../../../src/inference/stream.js";
import { WorkerDiedError, WorkerExecutor, WorkerStartError } from "../../../src/inference/worker-executor.js";
import { batchOf, graphOptions, wave } from "../../contract/executors.js";
import { ask, FakeStream } from "./fake-executor.js";

interface Watched {
  readonly executor: WorkerExecutor;
  /** Emits `died` with the pause before the restart. */
  readonly events: EventEmitter;
  readonly pausesMs: number[];
}

function start(t: Test, options: GraphOptions): Watched {
  const events = new EventEmitter();
  const pausesMs: number[] = [];
  const died = (reason: string, restartInMs: number): void => {
    pausesMs.push(restartInMs);
    events.emit("died", reason);
  };
  const executor = new WorkerExecutor(options, { died });
  t.teardown(() => executor[Symbol.asyncDispose]());
  return { executor, events, pausesMs };
}

const narrow = graphOptions("ensemble_narrow", "boost.onnx");
const rows = (...values: number[]): RowBatch => batchOf(Float32Array.from(values), values.length / 2);

/** A run during which the worker dies: it is told to before it is sent the rows. */
function runAndCrash(executor: WorkerExecutor, seal: () => RowBatch): Promise<RowOutput> {
  return executor.runRows(() => {
    void executor.crash();
    return seal();
  });
}

test("the run that a worker owes fails, those behind it wait for the next worker", async (t) => {
  const { executor, pausesMs } = start(t, narrow);
  t.notOk(executor.isDown, "it starts for the first time");
  await executor.runRows(() => rows(1, 2));
  const error = await runAndCrash(executor, () => rows(3, 4)).catch((thrown: Error) => thrown);
  t.type(error, WorkerDiedError);
  t.ok(executor.isDown, "health tells it until the next one is there");
  t.match((error as Error).message, /worker died: it was told to crash/);
  t.match(predictionError("m", error), { code: "PREDICTION_ERROR", retryable: true, details: { model: "m" } });
  const { base } = await executor.runRows(() => rows(5, 6));
  t.same([...base], [5, 6, 11]);
  t.notOk(executor.isDown);
  t.same(pausesMs, [50]);
});

test("a worker that dies again and again is started ever later, and anew after an answer", async (t) => {
  const folder = t.testdir({});
  const basePath = `${folder}/model.onnx`;
  const restore = (): void => copyFileSync(narrow.basePath, basePath);
  restore();
  const { executor, events, pausesMs } = start(t, { ...narrow, basePath, boostPath: undefined });
  await executor.runRows(() => rows(1, 2));
  rmSync(basePath);
  await executor.crash();
  while (pausesMs.length < 4) await once(events, "died");
  t.same(pausesMs, [50, 100, 200, 400]);

  const error = await executor.runRows(() => rows(1, 2)).catch((thrown: Error) => thrown);
  t.type(error, WorkerStartError, "who waits for a worker that cannot start is told");
  t.notMatch((error as Error).message, folder);
  restore();
  const { base } = await executor.runRows(() => rows(2, 3));
  t.same([...base], [2, 3, 5]);
  await executor.crash();
  t.equal(pausesMs.at(-1), 50);
});

test("a worker that starts anew loads the same bytes, or says that they are others", async (t) => {
  const folder = t.testdir({});
  const basePath = `${folder}/model.onnx`;
  copyFileSync(narrow.basePath, basePath);
  const { executor, events } = start(t, {
    ...narrow,
    basePath,
    boostPath: undefined,
    sha256: await hashFiles([basePath]),
  });
  await executor.runRows(() => rows(1, 2));
  const whole = readFileSync(basePath);
  const other = graphOptions("small").basePath;
  for (const [name, change] of Object.entries({
    replaced: () => copyFileSync(other, basePath),
    "half written": () => writeFileSync(basePath, whole.subarray(0, whole.length / 2)),
    deleted: () => rmSync(basePath),
  })) {
    change();
    const { base: still } = await executor.runRows(() => rows(1, 2));
    t.same([...still], [1, 2, 3], `${name}: what is loaded stays`);
    await executor.crash();
    const [reason] = await once(events, "died"); // of the one that should have followed
    t.match(reason, /the model's files (have the SHA-256 \w{12}…|are not there any more), .* restart the server/, name);
    const error = await executor.runRows(() => rows(1, 2)).catch((thrown: Error) => thrown);
    t.type(error, WorkerStartError, `${name}: requests are refused`);
    writeFileSync(basePath, whole);
    const { base } = await executor.runRows(() => rows(2, 3)).catch(() => executor.runRows(() => rows(2, 3)));
    t.same([...base], [2, 3, 5], `${name}: once it is back, it is served`);
  }
});

test("a crash fails the one request in flight, and none of many", async (t) => {
  const { executor } = start(t, narrow);
  const crashes = [true, false, true, false];
  const crashing: Executor = {
    kind: "worker",
    isDown: false,
    runRows: (seal) => (crashes.shift() ? runAndCrash(executor, seal) : executor.runRows(seal)),
    runTensors: (request) => executor.runTensors(request),
    [Symbol.asyncDispose]: async () => {},
  };
  const limits = { maxBatchRows: 64, maxQueuedRows: 100, maxQueueDelayUs: 0 };
  const scheduler = new Scheduler(crashing, 2, limits, () => {});
  const stream = new FakeStream();
  const told = (count: number): Promise<void> =>
    new Promise((resolve) => {
      stream.onOutcome = () => stream.outcomes.size === count && resolve();
    });
  const request = (key: number) => ({ key, stream, rows: 1, isBad: false, isLate: false });

  ask(scheduler, request(1));
  await told(1);
  t.match(stream.outcomes.get(1), [{ is: "failed", error: WorkerDiedError }]);
  ask(scheduler, request(2));
  await told(2);
  t.match(stream.outcomes.get(2), [{ is: "predicted" }]);
  for (let key = 3; key < 23; key += 1) ask(scheduler, request(key));
  await told(22);
  for (let key = 3; key < 23; key += 1) t.match(stream.outcomes.get(key), [{ is: "predicted" }], `request ${key}`);
});

test("a worker that cannot start fails all requests of the batch, without trying each", async (t) => {
  const { executor, pausesMs } = start(t, graphOptions("broken"));
  const limits = { maxBatchRows: 64, maxQueuedRows: 100, maxQueueDelayUs: 0 };
  const scheduler = new Scheduler(executor, 2, limits, () => {});
  const stream = new FakeStream();
  const told = new Promise<void>((resolve) => {
    stream.onOutcome = () => stream.outcomes.size === 50 && resolve();
  });
  for (let key = 1; key <= 50; key += 1) ask(scheduler, { key, stream, rows: 1, isBad: false, isLate: false });
  await told;
  t.match([...stream.outcomes.values()], Array(50).fill([{ is: "failed", error: WorkerStartError }]));
  t.ok(pausesMs.length <= 2, `${pausesMs.length} starts`);
});

test("a worker can be closed at any moment, in the midst of loading and of a run, and the process lives", async (t) => {
  const slow = graphOptions("slow");
  const early = new WorkerExecutor(slow, { died: (reason) => t.fail(reason) });
  await early[Symbol.asyncDispose]();

  const ready = new WorkerExecutor(slow, { died: (reason) => t.fail(reason) });
  await ready.runRows(() => batchOf(wave(1, 8), 1));
  const [running, waiting] = [1, 2].map(() => ready.runRows(() => batchOf(wave(2, 8), 2)));
  const ended = Promise.allSettled([running, waiting]);
  await new Promise((resolve) => setImmediate(resolve)); // both are sealed and sent
  await ready[Symbol.asyncDispose]();
  for (const outcome of await ended) t.match(outcome, { status: "rejected", reason: WorkerDiedError });

  const { executor, events } = start(t, graphOptions("broken"));
  await once(events, "died");
  await executor[Symbol.asyncDispose]();
  await t.rejects(
    executor.runRows(() => rows(1, 2)),
    WorkerDiedError,
  );
  const left = process.getActiveResourcesInfo().filter((name) => ["MessagePort", "Worker", "Timeout"].includes(name));
  t.same(left, [], "no worker and no timer are left");
});
