// The bar for plain pages, on a page and a server that the test plays.
import t, { type Test } from "tap";
import { serve } from "../../../test/integration/support/serve.js";
import { TidewireClient } from "../src/index.js";
import { type BarDocument, ProgressBar, type ProgressBarEvents, type ProgressBarOptions } from "../src/progress-bar.js";
import { FakeEnvironment } from "./clock.js";
import { page } from "./fake-page.js";
import { until } from "./fake-server.js";
import { FakeTopics, kinds } from "./fake-topics.js";

// A page's own document is one that a bar can use: this compiles or does not.
((document: Document): BarDocument => document) satisfies unknown;

const TOPIC = "task.p.t";
const PATIENT = { heartbeatInterval: 0, encoding: "json" } as const;

function make(options: ProgressBarOptions = {}) {
  const environment = new FakeEnvironment();
  const shown = page();
  const settings = { websocketUrl: "ws://host:1", document: shown.document, ...PATIENT, ...options };
  const bar = new ProgressBar("bar", settings, environment);
  const told: [type: string, event: unknown][] = [];
  const types = ["connect", "disconnect", "error", "progress", "complete", "failed", "cancelled"] as const;
  for (const type of types) bar.on(type, (event: ProgressBarEvents[typeof type]) => told.push([type, event]));
  return {
    bar,
    environment,
    server: new FakeTopics(environment),
    told,
    types: () => told.map(([type]) => type),
    ...shown,
  };
}

/** A bar that follows the task. */
function following(options: ProgressBarOptions = {}) {
  const made = make(options);
  made.environment.socket.accept();
  made.bar.start({ taskId: "p.t", details: "Waiting" });
  made.server.subscribed(TOPIC);
  return made;
}

t.test("shows a task from its start to its end", async (t) => {
  const { bar, server, environment, aria, text, width, status, said, types, told } = make();
  t.same([status(), text(), width(), bar.isConnected(), bar.getTaskId()], ["idle", "0 %", "0%", false, undefined]);
  environment.socket.accept();
  t.ok(bar.isConnected());
  bar.start({ taskId: "p.t", details: "Waiting" });
  t.equal(bar.getTaskId(), "p.t");
  t.same([status(), text(), said()], ["running", "Waiting", ["polite", "Waiting"]]);
  t.same(aria(), {
    role: "progressbar",
    "aria-label": "Progress",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
    "aria-valuetext": "Waiting",
  });
  server.subscribed(TOPIC, { offset: 1 });
  server.snapshot(TOPIC, [1, 1], { progress: 5 });
  const details = { current: "epoch 3", completed: 2, total: 5 };
  const value = {
    progress: 39.6,
    step: 2,
    totalSteps: 5,
    stage: "fitting",
    message: "<b>bold</b>",
    details,
    etaSeconds: 240,
  };
  server.event(TOPIC, [1, 2], { $case: "stepProgress", value });
  t.equal(text(), "40 %, step 2 of 5, 2 of 5, fitting, <b>bold</b>, epoch 3, about 4 min left");
  t.match(aria(), { "aria-valuenow": "40", "aria-valuetext": /^40 %, step 2 of 5/ });
  t.equal(width(), "39.6%");
  server.event(TOPIC, [1, 3], kinds.step(41));
  t.notMatch(text(), /left/, "an estimate is of its moment");
  server.event(TOPIC, [1, 4], kinds.completed);
  t.same([status(), text(), width(), aria()["aria-valuenow"]], ["completed", "Completed", "100%", "100"]);
  t.same(said(), ["polite", "Completed"]);
  t.same(types(), ["connect", "progress", "progress", "complete"]);
  t.match(told.at(-1), ["complete", { taskId: "t", result: { rmse: 0.5 } }]);
});

t.test("failures are said at once, cancelling as what it is", async (t) => {
  const failing = following();
  failing.server.event(TOPIC, [1, 1], kinds.step(30));
  failing.server.event(TOPIC, [1, 2], kinds.failed);
  t.same([failing.status(), failing.text(), failing.width()], ["failed", "Failed: out of memory", "30%"]);
  t.same(failing.said(), ["assertive", "Failed: out of memory"]);
  t.same(failing.types().slice(-1), ["failed"]);
  const cancelled = following();
  cancelled.server.event(TOPIC, [1, 1], kinds.cancelled);
  t.same([cancelled.status(), cancelled.text()], ["cancelled", "Cancelled: enough"]);
  t.same(cancelled.types().slice(-1), ["cancelled"]);
});

t.test("speaks at most every ten percent and every ten seconds", async (t) => {
  const { server, environment, said } = following();
  const spoken: unknown[] = [];
  for (let percent = 1; percent <= 60; percent++) {
    environment.advance(1000);
    server.event(TOPIC, [1, percent], kinds.step(percent));
    if (spoken.at(-1) !== said()[1]) spoken.push(said()[1]);
  }
  t.same(spoken, ["Waiting", ...[10, 20, 30, 40, 50, 60].map((percent) => `${percent} %, Waiting`)]);
});

t.test("without a server it is a plain bar, and says so once", async (t) => {
  const { bar, environment, told, status, text, width } = make({ reconnectDelay: 1 });
  bar.start({ taskId: "p.t", details: { progress: 0, message: "Uploading" } });
  for (let i = 0; i < 5; i++) {
    environment.socket.end(1006);
    environment.advance(environment.next ?? 0);
  }
  t.match(told, [["error", { name: "TidewireClientError", code: "CONNECTION_FAILED" }]]);
  t.equal(told.length, 1);
  t.same([status(), text(), width(), bar.isConnected()], ["running", "0 %, Uploading", "0%", false]);
  bar.update(30);
  t.same([text(), width()], ["30 %, Uploading", "30%"]);
  bar.update(undefined, "Nearly there");
  t.same([text(), width()], ["Nearly there", "100%"]);
  bar.update(700, "");
  t.equal(width(), "100%");

  const shown = page();
  const alone = new ProgressBar("bar", { document: shown.document });
  const errors: unknown[] = [];
  alone.on("error", (error) => errors.push(error));
  alone.start({ taskId: "p.t" });
  alone.start({ taskId: "p.t" });
  t.match(errors, [{ code: "NOT_CONNECTED" }]);
  t.same([errors.length, shown.status(), await alone.cancel()], [1, "running", false]);
  await alone.destroy();
});

t.test("an outage is told, its end, and the next one", async (t) => {
  const { environment, types, told, server, text } = following();
  environment.socket.end(1006);
  t.match(told.at(-1), ["disconnect", { willReconnect: true }]);
  for (let i = 0; i < 3; i++) {
    environment.advance(environment.next ?? 0);
    environment.socket.end(1006);
  }
  environment.advance(environment.next ?? 0);
  environment.socket.accept();
  server.subscribed(TOPIC, { recovered: true, offset: 1 });
  server.event(TOPIC, [1, 1], kinds.step(70));
  t.equal(text(), "70 %, Waiting");
  t.same(types(), ["connect", "disconnect", "error", "connect", "progress"]);
});

t.test("autoReconnect: false ends with the first cut", async (t) => {
  const { environment, told } = following({ autoReconnect: false });
  environment.socket.end(1006);
  environment.advance(1e6);
  t.equal(environment.sockets.length, 1);
  t.match(told.slice(1), [
    ["disconnect", { willReconnect: false }],
    ["error", { code: "CONNECTION_LOST" }],
  ]);
});

t.test("task ids: a task of a project, a task of the bar's project, a whole topic; all else is refused", async (t) => {
  const { bar, server, environment, told } = make({ projectId: "mine" });
  environment.socket.accept();
  for (const id of [
    "p.t",
    "t",
    "task.p.t",
    "workflow.w.x",
    "training.run-7",
    "evaluation.e",
    "training.a.b",
    "a.*",
    "",
    "a b",
  ])
    bar.joinTaskRoom(id);
  const topics = server.requests("subscribe").map(({ topic }) => topic);
  t.same(topics, ["task.p.t", "task.mine.t", "task.p.t", "workflow.w.x", "training.run-7", "evaluation.e"]);
  t.same(
    told.slice(1).map(([type, error]) => [type, (error as { code: string }).code]),
    Array(4).fill(["error", "INVALID_TOPIC"]),
  );
  t.equal(bar.getTaskId(), undefined);
  bar.joinTaskRoom("t");
  bar.leaveTaskRoom();
  t.same([bar.getTaskId(), await bar.cancel()], [undefined, false]);
});

t.test("phases of a workflow, and words of other events", async (t) => {
  const { bar, server, environment, text } = make();
  environment.socket.accept();
  bar.start({ taskId: "workflow.w.x" });
  server.subscribed("workflow.w.x");
  const value = { phase: "train", phaseNumber: 2, totalPhases: 3 };
  server.event("workflow.w.x", [1, 1], { $case: "workflowPhaseStarted", value });
  t.equal(text(), "step 2 of 3, train");
  server.event("workflow.w.x", [1, 2], { $case: "workflowExecutionResumed", value: { message: "on again" } });
  t.equal(text(), "step 2 of 3, train, on again");
});

t.test("destroy takes it off the page and tells nothing more", async (t) => {
  const { bar, environment, container, types } = following();
  const gone = bar.destroy();
  environment.socket.end(1000);
  await gone;
  await bar.destroy();
  t.same([container.children.length, types()], [0, ["connect"]]);
  t.equal(environment.timers, 0);
});

t.test("an element that is not there, one that is handed in, and listeners that throw", async (t) => {
  t.throws(() => new ProgressBar("nobody", { document: page().document }), {
    code: "INVALID_MESSAGE",
    message: /nobody/,
  });
  const shown = page();
  const bar = new ProgressBar(shown.container, { document: shown.document });
  t.equal(shown.status(), "idle");
  const thrown = new Error("mine");
  const errors: unknown[] = [];
  const broken = () => {
    throw thrown;
  };
  bar.on("error", broken).on("error", (error) => errors.push(error));
  t.capture(console, "error", () => {});
  bar.joinTaskRoom("p.t");
  t.match(errors, [thrown, { code: "NOT_CONNECTED" }]);
  bar.off("error", broken);
});

t.test("against the real server, with cancelling", async (t: Test) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const shown = page();
  const bar = new ProgressBar("bar", { websocketUrl: url, document: shown.document });
  const owner = new TidewireClient({ baseURL: url }).getProgress();
  t.teardown(() => Promise.all([bar.destroy(), owner.disconnect()]));
  await owner.publish(TOPIC, { type: "task_started" });
  owner.subscribeToTask({
    projectId: "p",
    taskId: "t",
    onEvent: ({ type }) =>
      type === "cancel_requested" && owner.publish(TOPIC, { type: "task_cancelled", reason: "as asked" }),
  });
  bar.start({ taskId: "p.t" });
  await owner.publish(TOPIC, { type: "step_progress", progress: 20, message: "reading" });
  await until(() => shown.text() === "20 %, reading");
  const cancelled = new Promise((resolve) => bar.on("cancelled", resolve));
  t.ok(await bar.cancel("enough"));
  t.match(await cancelled, { reason: "as asked" });
  t.equal(shown.text(), "Cancelled: as asked");
  const errors: unknown[] = [];
  bar.on("error", (error) => errors.push(error));
  t.notOk(await bar.cancel());
  t.match(errors, [{ code: "TASK_FINISHED" }]);
});
