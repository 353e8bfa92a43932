// What events add up to: every kind, the whole life of every family, and the bounds of a state.
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Test, test } from "tap";
import { type Event, LogLevel, RunStatus } from "../../../generated/ts/tidewire/v1/events.js";
import { TopicState } from "../../../generated/ts/tidewire/v1/topics.js";
import { emptyState, fold, isEnded, MAX_STATE_METRIC_NAME, MAX_STATE_METRICS } from "../../../src/events/fold.js";
import { EVENT_KINDS } from "../../../src/wire/event-bytes.js";
import { createMessage, planOf } from "../../../src/wire/plan.js";
import { messages } from "../../conformance/arbitraries.js";

const {
  RUN_STATUS_QUEUED: QUEUED,
  RUN_STATUS_RUNNING: RUNNING,
  RUN_STATUS_PAUSED: PAUSED,
  RUN_STATUS_COMPLETED: COMPLETED,
  RUN_STATUS_FAILED: FAILED,
  RUN_STATUS_STOPPED: STOPPED,
  RUN_STATUS_LOST: LOST,
} = RunStatus;

type Kind = NonNullable<Event["kind"]>;
type Case = Kind["$case"];
type ValueOf<C extends Case> = Extract<Kind, { $case: C }>["value"];

/** An event's kind; what is not said stands at its default. */
function kind<C extends Case>($case: C, value: Partial<ValueOf<C>> = {}): Kind {
  const plan = planOf("Event").byCase.get($case)?.plan;
  assert.ok(plan);
  return { $case, value: { ...createMessage(plan), ...value } } as unknown as Kind;
}

const at = (seconds: number) => ({ seconds, nanos: 0 });

/** Folds events that come a second apart, the first at second 1. */
function folded(kinds: readonly Kind[], state = emptyState(), first = 1): TopicState {
  kinds.forEach((each, i) => {
    fold(state, each, at(first + i));
  });
  return state;
}

function reread(state: TopicState): TopicState {
  return TopicState.decode(TopicState.encode(state).finish());
}

/** What an event of the kind makes of a state where everything is said already, and of one where nothing is. */
interface Row<C extends Case> {
  readonly says: Partial<ValueOf<C>>;
  readonly gives: Partial<TopicState>;
  /** What it changes when it says nothing beyond its kind. */
  readonly bare: Partial<TopicState>;
}

/** Of the event under test, which comes second. */
const NOW = at(2);
const ended = (status: RunStatus): Partial<TopicState> => ({ status, finishedAt: NOW, etaSeconds: undefined });
const running = { status: RUNNING, startedAt: NOW };
const result = { loss: 0.5 };
const log = { level: LogLevel.LOG_LEVEL_INFO, message: "hello", source: "trainer" };
const advance = { progress: 40, step: 4, totalSteps: 10, stage: "fit", message: "on it", etaSeconds: 60 };
const load = (hostname: string): ValueOf<"systemStats"> =>
  kind("systemStats", { hostname, uptimeSeconds: 3 }).value as ValueOf<"systemStats">;
const stats = load("here");

/** A kind without a row does not compile. */
const ROWS: { readonly [C in Case]: Row<C> } = {
  log: { says: log, gives: { lastLog: log }, bare: { lastLog: kind("log").value as ValueOf<"log"> } },
  metrics: {
    says: {
      metrics: { loss: 0.5, "val/acc (top-1)": 1 },
      metricNames: ["lr"],
      metricValues: [1e-3],
      epoch: 2,
      step: 7,
    },
    gives: { metrics: { loss: 0.5, "val/acc (top-1)": 1, lr: 1e-3 }, epoch: 2, step: 7 },
    bare: {},
  },
  progress: { says: advance, gives: advance, bare: { etaSeconds: undefined } },
  stepProgress: { says: advance, gives: advance, bare: { etaSeconds: undefined } },
  statusChanged: {
    says: { status: FAILED, previousStatus: RUNNING, message: "no memory", config: { lr: 1 }, totalEpochs: 9 },
    gives: { ...ended(FAILED), message: "no memory", error: "no memory", config: { lr: 1 }, totalEpochs: 9 },
    bare: {},
  },
  systemStats: {
    says: stats,
    gives: { systemStats: stats },
    bare: { systemStats: kind("systemStats").value as ValueOf<"systemStats"> },
  },
  cancelRequested: { says: { reason: "enough" }, gives: { cancelRequested: true }, bare: { cancelRequested: true } },
  taskQueued: {
    says: { name: "t", message: "waits", details: {} },
    gives: { status: QUEUED, message: "waits" },
    bare: { status: QUEUED },
  },
  taskStarted: {
    says: { worker: "w", totalSteps: 3, message: "runs" },
    gives: { ...running, totalSteps: 3, message: "runs" },
    bare: running,
  },
  taskCompleted: {
    says: { message: "done", result, durationSeconds: 1 },
    gives: { ...ended(COMPLETED), message: "done", result },
    bare: ended(COMPLETED),
  },
  taskFailed: {
    says: { error: "E1", message: "no memory" },
    gives: { ...ended(FAILED), error: "E1", message: "no memory" },
    bare: { ...ended(FAILED), error: undefined },
  },
  taskCancelled: { says: { reason: "enough" }, gives: { ...ended(STOPPED), message: "enough" }, bare: ended(STOPPED) },
  workflowExecutionCreated: {
    says: { name: "w", totalPhases: 3, message: "made" },
    gives: { status: QUEUED, totalSteps: 3, message: "made" },
    bare: { status: QUEUED },
  },
  workflowExecutionStarted: { says: { message: "runs" }, gives: { ...running, message: "runs" }, bare: running },
  workflowPhaseStarted: {
    says: { phase: "fit", phaseNumber: 2, totalPhases: 3, message: "fits" },
    gives: { stage: "fit", step: 2, totalSteps: 3, message: "fits" },
    bare: {},
  },
  workflowPhaseCompleted: {
    says: { phase: "fit", phaseNumber: 2, totalPhases: 3, message: "fitted", durationSeconds: 1 },
    gives: { stage: "fit", step: 2, totalSteps: 3, message: "fitted" },
    bare: {},
  },
  workflowExecutionCompleted: {
    says: { message: "done", result },
    gives: { ...ended(COMPLETED), message: "done", result },
    bare: ended(COMPLETED),
  },
  workflowExecutionFailed: {
    says: { error: "E1", phase: "fit", message: "no memory" },
    gives: { ...ended(FAILED), stage: "fit", error: "E1", message: "no memory" },
    bare: { ...ended(FAILED), error: undefined },
  },
  workflowExecutionPaused: {
    says: { reason: "lunch" },
    gives: { status: PAUSED, message: "lunch" },
    bare: { status: PAUSED },
  },
  workflowExecutionResumed: { says: { message: "back" }, gives: { ...running, message: "back" }, bare: running },
  containerCreated: {
    says: { image: "i", name: "c", message: "made" },
    gives: { status: QUEUED, message: "made" },
    bare: { status: QUEUED },
  },
  containerStarted: { says: { message: "runs" }, gives: { ...running, message: "runs" }, bare: running },
  containerStopped: {
    says: { exitCode: -9, message: "gone" },
    gives: { ...ended(STOPPED), exitCode: -9, message: "gone" },
    bare: ended(STOPPED),
  },
  containerError: {
    says: { error: "E1", exitCode: 0, message: "no image" },
    gives: { ...ended(FAILED), error: "E1", exitCode: 0, message: "no image" },
    bare: { ...ended(FAILED), error: undefined },
  },
};

/** A state in which every field is said, and that has not ended. */
const FULL: TopicState = {
  status: QUEUED,
  progress: 1,
  step: 1,
  totalSteps: 1,
  stage: "old",
  message: "old",
  etaSeconds: 1,
  epoch: 1,
  metrics: { old: 1 },
  lastLog: { level: LogLevel.LOG_LEVEL_DEBUG, message: "old", source: undefined },
  counts: { log: 1 },
  createdAt: at(1),
  startedAt: undefined,
  finishedAt: undefined,
  updatedAt: at(1),
  cancelRequested: false,
  exitCode: 1,
  error: "old",
  result: { old: 1 },
  systemStats: load("old"),
  config: { old: 1 },
  totalEpochs: 1,
};

test("every kind of the schema has a row", async (t) => {
  t.same(Object.keys(ROWS).sort(), [...EVENT_KINDS.keys()].sort());
  t.same(new Set(Object.keys(planOf("TopicState").template)), new Set(Object.keys(FULL)), "and the full state a value");
});

for (const [name, { type }] of EVENT_KINDS) {
  test(`${type} changes what it says, and nothing else`, async () => {
    const { says, gives, bare } = ROWS[name] as Row<Case>;
    const counts = { ...FULL.counts, [type]: (FULL.counts[type] ?? 0) + 1 };
    const before = { ...FULL, updatedAt: NOW, counts };
    const full = folded([kind(name, says)], structuredClone(FULL), 2);
    assert.deepStrictEqual(full, { ...before, ...gives, metrics: { ...FULL.metrics, ...gives.metrics } });
    assert.deepStrictEqual(reread(full), full);
    assert.deepStrictEqual(folded([kind(name)], structuredClone(FULL), 2), { ...before, ...bare });
    const first = folded([kind(name, says)], emptyState(), 2);
    const { error } = { error: undefined, ...gives };
    assert.deepStrictEqual(first, {
      ...emptyState(),
      ...gives,
      error,
      createdAt: NOW,
      updatedAt: NOW,
      counts: { [type]: 1 },
    });
  });
}

/** A life told event by event: what each of them makes of the fields named. */
type Story = readonly (readonly [Kind, Partial<TopicState>])[];

function live(t: Test, story: Story): TopicState {
  const state = emptyState();
  let expected: Partial<TopicState> = {};
  story.forEach(([each, change], i) => {
    fold(state, each, at(i + 1));
    expected = { ...expected, ...change, updatedAt: at(i + 1) };
    t.match(state, expected, `${i + 1}: ${each.$case}`);
  });
  t.same(state.createdAt, at(1));
  t.equal(
    Object.values(state.counts).reduce((sum, count) => sum + count),
    story.length,
  );
  t.same(reread(state), state);
  return state;
}

const ENDED = { etaSeconds: undefined };
const status = (value: RunStatus, message?: string): Kind => kind("statusChanged", { status: value, message });

test("the life of a training run", async (t) => {
  const config = { lr: 0.1, layers: [64, 64], name: null };
  const state = live(t, [
    [kind("statusChanged", { status: QUEUED, config, totalEpochs: 3 }), { status: QUEUED, config, totalEpochs: 3 }],
    [status(RUNNING), { status: RUNNING, startedAt: at(2), finishedAt: undefined, config, totalEpochs: 3 }],
    [kind("metrics", { epoch: 1, step: 10, metrics: { loss: 2 } }), { epoch: 1, step: 10, metrics: { loss: 2 } }],
    [kind("metrics", { step: 5, metrics: { acc: 0.5 } }), { epoch: 1, step: 5, metrics: { loss: 2, acc: 0.5 } }],
    [kind("log", log), { lastLog: log }],
    [kind("progress", { progress: 50, etaSeconds: 9 }), { progress: 50, etaSeconds: 9 }],
    [status(PAUSED, "lunch"), { status: PAUSED, message: "lunch", etaSeconds: 9 }],
    [status(RUNNING), { status: RUNNING, startedAt: at(2), message: "lunch" }],
    [status(LOST, "no event for 60 s"), { status: LOST, message: "no event for 60 s", finishedAt: undefined }],
    [status(RUNNING), { status: RUNNING, startedAt: at(2) }],
    [kind("cancelRequested"), { cancelRequested: true, status: RUNNING }],
    [status(COMPLETED, "done"), { ...ENDED, status: COMPLETED, message: "done", finishedAt: at(12) }],
    [
      kind("metrics", { step: 99, metrics: { loss: 1 } }),
      { step: 99, metrics: { loss: 1, acc: 0.5 }, finishedAt: at(12) },
    ],
    [kind("progress", { progress: 99, etaSeconds: 1 }), { ...ENDED, progress: 99, status: COMPLETED }],
  ]);
  t.same(state.counts, { status_changed: 7, metrics: 3, log: 1, progress: 2, cancel_requested: 1 });
  t.equal(state.error, undefined);
});

test("the life of an evaluation that fails", async (t) => {
  live(t, [
    [status(RUNNING), { status: RUNNING, startedAt: at(1) }],
    [kind("progress", { progress: 10, step: 1, stage: "read" }), { progress: 10, step: 1, stage: "read" }],
    [kind("progress", { progress: 20 }), { progress: 20, step: 1, stage: "read" }],
    [status(FAILED, "row 7"), { status: FAILED, error: "row 7", message: "row 7", finishedAt: at(4) }],
  ]);
});

test("the life of a task", async (t) => {
  live(t, [
    [kind("taskQueued", { message: "waits" }), { status: QUEUED, message: "waits", startedAt: undefined }],
    [kind("taskStarted", { totalSteps: 2 }), { status: RUNNING, startedAt: at(2), totalSteps: 2, message: "waits" }],
    [kind("stepProgress", { progress: 50, step: 1, etaSeconds: 4 }), { progress: 50, step: 1, etaSeconds: 4 }],
    [kind("cancelRequested", { reason: "enough" }), { cancelRequested: true, message: "waits" }],
    [kind("taskCancelled", { reason: "enough" }), { ...ENDED, status: STOPPED, message: "enough", finishedAt: at(5) }],
  ]);
  const failed = folded([kind("taskStarted"), kind("taskFailed", { message: "no memory" })]);
  t.equal(failed.error, "no memory", "the message, where no error is said");
});

test("the life of a workflow", async (t) => {
  live(t, [
    [kind("workflowExecutionCreated", { totalPhases: 2 }), { status: QUEUED, totalSteps: 2 }],
    [kind("workflowExecutionStarted"), { status: RUNNING, startedAt: at(2) }],
    [kind("workflowPhaseStarted", { phase: "load", phaseNumber: 1 }), { stage: "load", step: 1, totalSteps: 2 }],
    [kind("workflowExecutionPaused", { reason: "lunch" }), { status: PAUSED, message: "lunch" }],
    [kind("workflowPhaseCompleted", { phase: "load", phaseNumber: 1 }), { status: PAUSED, stage: "load", step: 1 }],
    [kind("workflowExecutionResumed"), { status: RUNNING, startedAt: at(2) }],
    [kind("workflowPhaseStarted", { phase: "fit", phaseNumber: 2 }), { stage: "fit", step: 2 }],
    [kind("workflowExecutionCompleted", { result }), { status: COMPLETED, result, finishedAt: at(8), stage: "fit" }],
  ]);
});

test("the life of a container, and a host's load", async (t) => {
  live(t, [
    [kind("containerCreated"), { status: QUEUED }],
    [kind("containerStarted"), { status: RUNNING, startedAt: at(2), exitCode: undefined }],
    [kind("containerStopped", { exitCode: 0 }), { status: STOPPED, exitCode: 0, finishedAt: at(3) }],
  ]);
  const state = live(t, [
    [kind("systemStats", stats), { systemStats: stats }],
    [kind("systemStats", load("there")), { systemStats: load("there") }],
  ]);
  t.equal(state.status, undefined);
});

test("only three statuses are ends", async (t) => {
  const all = Object.values(RunStatus).filter((each) => typeof each === "number");
  t.same(all.filter(isEnded), [COMPLETED, FAILED, STOPPED]);
  t.notOk(isEnded(undefined));
});

const numbered = (from: number, to: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`m${from + i}`, from + i]));
const twins = (metrics: Record<string, number>) => ({
  metricNames: Object.keys(metrics),
  metricValues: Object.values(metrics),
});

test(`a state holds ${MAX_STATE_METRICS} metrics: the first stay, and go on changing`, async (t) => {
  const most = numbered(0, MAX_STATE_METRICS);
  const many = numbered(0, MAX_STATE_METRICS + 1);
  t.same(folded([kind("metrics", { metrics: many })]).metrics, most, "in one event");
  t.same(folded([kind("metrics", twins(many))]).metrics, most, "as a list");
  const state = folded(Object.entries(many).map(([name, value]) => kind("metrics", { metrics: { [name]: value } })));
  t.same(state.metrics, most, "one by one");
  folded([kind("metrics", { metrics: { m7: -7, late: 1, m0: 5 }, ...twins({ later: 1, m1: 6 }) })], state);
  t.same(state.metrics, { ...most, m7: -7, m0: 5, m1: 6 });
  const half = numbered(0, 600);
  const rest = numbered(600, 1_200);
  const both = folded([kind("metrics", { metrics: half, ...twins(rest) })]);
  t.same(both.metrics, most, "the map's first, then the list's");
});

test("names that do not fit cost no count of the names that do", async (t) => {
  const state = folded([kind("metrics", { metrics: numbered(0, MAX_STATE_METRICS) })]);
  const { keys } = Object;
  let counts = 0;
  try {
    Object.keys = (value: object) => {
      counts += 1;
      return keys(value);
    };
    fold(state, kind("metrics", { metrics: numbered(5_000, 9_000), ...twins(numbered(9_000, 13_000)) }), at(1));
  } finally {
    Object.keys = keys;
  }
  t.ok(counts <= 3, `${counts} counts`);
});

test("names that objects have of themselves are names; __proto__ is none, as in every map of the schema", async (t) => {
  const names = ["constructor", "toString", "hasOwnProperty", "valueOf", "", "0", "length", "\0", "\u{1f600}"];
  const metrics = Object.fromEntries(names.map((name, i) => [name, i]));
  for (const said of [{ metrics }, twins(metrics)]) {
    const state = folded([kind("metrics", said)]);
    t.same(Object.entries(state.metrics).sort(), Object.entries(metrics).sort());
    t.same(reread(state), state);
  }
  const state = folded([kind("metrics", { metricNames: ["__proto__", "a"], metricValues: [1, 2] })]);
  t.same(Object.entries(state.metrics), [["a", 2]]);
  t.equal(Object.getPrototypeOf(state.metrics), Object.prototype);
  t.same(Object.keys(Object.prototype), [], "nothing is polluted");
  t.same(Object.entries(state.counts), [["metrics", 1]]);
});

test("a list that does not pair up, and a name too long, leave nothing half said", async (t) => {
  t.same(folded([kind("metrics", { metricNames: ["a", "b"], metricValues: [1] })]).metrics, { a: 1 });
  t.same(folded([kind("metrics", { metricNames: ["a"], metricValues: [1, 2] })]).metrics, { a: 1 });
  const longest = "x".repeat(MAX_STATE_METRIC_NAME);
  t.same(folded([kind("metrics", { metrics: { [longest]: 1, [`${longest}x`]: 2 } })]).metrics, { [longest]: 1 });
  const strange = { nan: Number.NaN, up: Number.POSITIVE_INFINITY, down: Number.NEGATIVE_INFINITY };
  t.same(reread(folded([kind("metrics", { metrics: strange })])).metrics, strange);
});

test("a state that is kept and read again goes on as if it had not been", async () => {
  const events = fc.array(
    messages("Event").filter(({ kind: each }) => each !== undefined),
    { maxLength: 12 },
  );
  const property = fc.property(events, fc.nat(12), (all, cut) => {
    const kinds = all.map((event) => (event as unknown as Event).kind as Kind);
    const before = structuredClone(kinds);
    const whole = folded(kinds);
    assert.deepStrictEqual(kinds, before, "events are not changed by being folded");
    assert.deepStrictEqual(reread(whole), whole);
    const restored = reread(folded(kinds.slice(0, cut)));
    assert.deepStrictEqual(folded(kinds.slice(cut), restored, cut + 1), whole);
    assert.equal(
      Object.values(whole.counts).reduce((sum, count) => sum + count, 0),
      kinds.length,
    );
  });
  fc.assert(property, { numRuns: 2_000 });
});
