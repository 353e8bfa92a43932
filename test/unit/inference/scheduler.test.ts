// Batching against a naive model: random requests, streams, failures, deadlines and ends of runs.
import fc from "fast-check";
import { type Test, test } from "tap";
import { TidewireError } from "../../../src/errors.js";
import { Scheduler, type SchedulerLimits } from "../../../src/inference/scheduler.js";
import { type AskedFor, ask, BadRow, FakeExecutor, FakeStream, turn, WIDTH } from "./fake-executor.js";

const STREAMS = 3;

type Step =
  | { do: "ask"; stream: number; rows: number; isBad: boolean; isLate: boolean }
  | { do: "reserve"; rows: number }
  | { do: "close"; stream: number }
  | { do: "turn" }
  | { do: "finish" };

interface Plan {
  readonly kind: "inline" | "worker";
  readonly limits: SchedulerLimits;
  readonly steps: readonly Step[];
}

const MAX_BATCH_ROWS = 8;

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("ask" as const),
        stream: fc.nat(STREAMS - 1),
        rows: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: MAX_BATCH_ROWS })),
        isBad: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
        isLate: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("reserve" as const), rows: fc.integer({ min: 1, max: MAX_BATCH_ROWS }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const), stream: fc.nat(STREAMS - 1) }) },
    { weight: 4, arbitrary: fc.constant<Step>({ do: "turn" }) },
    { weight: 3, arbitrary: fc.constant<Step>({ do: "finish" }) },
  ),
  { maxLength: 80 },
);

const plans: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constantFrom("inline", "worker"),
  limits: fc.record({
    maxBatchRows: fc.constant(MAX_BATCH_ROWS),
    maxQueuedRows: fc.constantFrom(10, 40, 1000),
    maxQueueDelayUs: fc.constantFrom(0, 0, 0, 1000),
  }),
  steps,
});

/** What is to become of each request, worked out the simplest way. */
class NaiveModel {
  /** Batches that wait, first the one that is sealed next. */
  readonly waiting: AskedFor[][] = [];
  readonly expected = new Map<AskedFor, "predicted" | "failed" | "expired" | "nothing">();

  get queuedRows(): number {
    return rowsOf(this.waiting.flat());
  }

  /** Whether the request is taken. */
  ask(request: AskedFor, { maxQueuedRows, maxBatchRows }: SchedulerLimits): boolean {
    if (this.queuedRows + request.rows > maxQueuedRows) return false;
    const last = this.waiting.at(-1);
    if (last && rowsOf(last) + request.rows <= maxBatchRows) last.push(request);
    else this.waiting.push([request]);
    return true;
  }

  /** A batch is sealed; the keys of those that are to be run. */
  seal(): number[] {
    const batch = this.waiting.shift() ?? [];
    for (const request of batch) this.expected.set(request, fate(request));
    return batch.filter((request) => ["predicted", "failed"].includes(fate(request))).map(({ key }) => key);
  }
}

function fate({ stream, isLate, isBad }: AskedFor): "predicted" | "failed" | "expired" | "nothing" {
  if (!stream.isOpen) return "nothing";
  if (isLate) return "expired";
  return isBad ? "failed" : "predicted";
}

const rowsOf = (requests: readonly AskedFor[]): number => requests.reduce((sum, { rows }) => sum + rows, 0);

async function follow({ kind, limits, steps }: Plan): Promise<void> {
  const executor = new FakeExecutor(kind);
  let deliveries = 0;
  const scheduler = new Scheduler(executor, WIDTH, limits, () => {
    deliveries += 1;
  });
  const model = new NaiveModel();
  const streams = Array.from({ length: STREAMS }, () => new FakeStream());
  const requests = new Map<number, AskedFor>();
  executor.onSeal = (keys) => {
    const isHalf = keys.length > 0 && keys.every((key) => model.expected.has(requests.get(key) as AskedFor));
    if (!isHalf) same(keys, model.seal(), "the batch that is sealed");
    if (rowsOf(keys.map((key) => requests.get(key) as AskedFor)) > limits.maxBatchRows)
      throw new Error("too many rows");
  };
  let key = 0;
  const perform = async (step: Step): Promise<void> => {
    if (step.do === "turn") return turn();
    if (step.do === "finish") return executor.finish();
    if (step.do === "close") {
      // A new stream takes the place of the closed one, as a client that comes back.
      (streams[step.stream] as FakeStream).isOpen = false;
      streams[step.stream] = new FakeStream();
    } else if (step.do === "reserve") {
      if (scheduler.queuedRows + step.rows > limits.maxQueuedRows) return;
      const isNew =
        !model.waiting.at(-1) || rowsOf(model.waiting.at(-1) as AskedFor[]) + step.rows > limits.maxBatchRows;
      if (isNew) model.waiting.push([]);
      const batch = scheduler.batchFor(step.rows);
      batch.values.fill(-1, batch.reserve(step.rows));
    } else {
      key += 1;
      const request = { key, ...step, stream: streams[step.stream] as FakeStream };
      requests.set(key, request);
      if (step.isBad) executor.bad.add(key);
      const isTaken = model.ask(request, limits);
      same(isTaken, takes(scheduler, request), `request ${key} of ${step.rows} rows is taken`);
      if (!isTaken) requests.delete(key);
    }
    same(scheduler.queuedRows, model.queuedRows, "rows that wait");
  };
  for (const step of steps) await perform(step);

  executor.free();
  do await turn();
  while (model.waiting.flat().length > 0 || executor.isRunning);
  for (const request of requests.values()) check(request, model.expected.get(request));
  same(scheduler.queuedRows, 0, "rows that wait at the end");
  if (requests.size > 0 && deliveries === 0) throw new Error("nobody was told of a delivery");
}

function takes(scheduler: Scheduler, request: AskedFor): boolean {
  try {
    ask(scheduler, request);
    return true;
  } catch (error) {
    if (error instanceof TidewireError && error.code === "OVERLOADED" && error.retryable) return false;
    throw error;
  }
}

function check(request: AskedFor, expected: string | undefined): void {
  const outcomes = request.stream.outcomes.get(request.key) ?? [];
  // A part of a failed batch is run again later; nobody is told any more if the stream has closed meanwhile.
  if (!request.stream.isOpen && outcomes.length === 0) return;
  same(
    outcomes.map(({ is }) => is),
    expected === "nothing" ? [] : [expected],
    `what request ${request.key} was told`,
  );
  const [outcome] = outcomes;
  if (outcome?.is === "predicted") {
    const rows = Array.from({ length: request.rows }, (_, row) => request.key * 1000 + row);
    same(outcome.values, rows, `the rows of request ${request.key}`);
  }
  if (outcome?.is === "failed" && !(outcome.error instanceof BadRow)) throw new Error(`it failed by ${outcome.error}`);
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [came, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (came !== wanted) throw new Error(`${what}: expected ${wanted}, came ${came}`);
}

test("every request is answered once, whole, in order, and only those at fault fail", async (t) => {
  await fc.assert(fc.asyncProperty(plans, follow), { numRuns: 4000 });
  t.pass("4000 random plans");
});

interface Scene {
  readonly executor: FakeExecutor;
  readonly scheduler: Scheduler;
  readonly stream: FakeStream;
  /** Commits one row and gives it a key. */
  one(options?: Partial<AskedFor>): number;
  /** Resolves once as many outcomes are there. */
  told(count: number): Promise<void>;
}

function scene(limits: Partial<SchedulerLimits> = {}): Scene {
  const executor = new FakeExecutor();
  const all = { maxBatchRows: 4, maxQueuedRows: 100, maxQueueDelayUs: 0, ...limits };
  const scheduler = new Scheduler(executor, WIDTH, all, () => {});
  const stream = new FakeStream();
  let key = 0;
  return {
    executor,
    scheduler,
    stream,
    one: (options = {}) => {
      key += 1;
      ask(scheduler, { key, stream, rows: 1, isBad: false, isLate: false, ...options });
      return key;
    },
    told: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (stream.outcomes.size >= count) resolve();
        };
        stream.onOutcome = look;
        look();
      }),
  };
}

test("all rows of a turn are one run, and the next batch grows while a run is under way", async (t) => {
  const { executor, one, told } = scene();
  for (let i = 0; i < 3; i += 1) one();
  await turn();
  t.same(executor.runs, [[1, 2, 3]]);
  one();
  await turn();
  one();
  t.same(executor.runs, [[1, 2, 3]], "one run at a time");
  executor.free();
  await told(5);
  t.same(executor.runs, [
    [1, 2, 3],
    [4, 5],
  ]);
});

test("halving runs the good ones again and finds several that are bad", async (t) => {
  const { executor, stream, one, told } = scene({ maxBatchRows: 64 });
  for (const key of [3, 4, 40]) executor.bad.add(key);
  for (let i = 0; i < 64; i += 1) one();
  executor.free();
  await told(64);
  for (let key = 1; key <= 64; key += 1) {
    const wanted = executor.bad.has(key) ? "failed" : "predicted";
    t.same(
      stream.outcomes.get(key)?.map(({ is }) => is),
      [wanted],
      `request ${key}`,
    );
  }
  // Three at fault among 64: at most 1 + 2 × 6 runs each.
  t.ok(executor.runs.length <= 39, `${executor.runs.length} runs`);
});

test("the queue's bound is told with its numbers, and is free again after a run", async (t) => {
  const { executor, scheduler, one, told } = scene({ maxQueuedRows: 5 });
  for (let i = 0; i < 5; i += 1) one();
  t.throws(() => one(), {
    code: "OVERLOADED",
    retryable: true,
    details: { rows: 5, limit: 5 },
    message: /5 rows wait/,
  });
  t.equal(scheduler.queuedRows, 5);
  await turn();
  t.equal(scheduler.queuedRows, 1, "four are under way");
  executor.free();
  await told(5);
  one();
  await told(6);
});

test("a batch is held open for rows of later turns, but not once it is full", async (t) => {
  const held = scene({ maxQueueDelayUs: 100_000 });
  held.executor.free();
  held.one();
  await turn();
  await turn();
  held.one();
  t.same(held.executor.runs, [], "it waits");
  await held.told(2);
  t.same(held.executor.runs, [[1, 2]]);

  const full = scene({ maxQueueDelayUs: 1_000_000 });
  full.executor.free();
  const before = timers();
  for (let i = 0; i < 4; i += 1) full.one();
  await turn();
  t.same(full.executor.runs, [[1, 2, 3, 4]]);
  t.equal(timers(), before, "the time to hold it is over, too: it must not cut the next batch short");
});

/** Timers that keep the process going. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

test("nothing is run for streams that closed, and late requests are told so", async (t: Test) => {
  const { executor, stream, one, told } = scene();
  const gone = new FakeStream();
  one();
  one({ stream: gone });
  one({ isLate: true });
  gone.isOpen = false;
  executor.free();
  await told(2);
  t.same(executor.runs, [[1]]);
  t.same(gone.outcomes.size, 0);
  t.same(stream.outcomes.get(3), [{ is: "expired" }]);
});
