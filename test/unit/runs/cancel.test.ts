// Requests to stop: who may be asked, once, and who hears of it.
import { test } from "tap";
import { event } from "./events.js";
import { outcome, scene } from "./scene.js";

const TASK = "task.p.t";
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** 0 once the request is durable, or the code of the refusal. */
const cancelled = (promise: Promise<void>): Promise<number | string> => outcome(promise.then(() => []));

test("a task, workflow, evaluation or training run is asked to stop, in each status before its end", async (t) => {
  const LIVES: readonly (readonly [string, readonly string[]])[] = [
    [TASK, ["task_queued", "task_started"]],
    ["workflow.w.e", ["workflow_execution_created", "workflow_execution_started", "workflow_execution_paused"]],
    ["evaluation.ev", ["status_changed queued", "status_changed running", "status_changed paused"]],
    ["training.exp", ["status_changed queued", "status_changed running", "status_changed paused"]],
  ];
  for (const [topic, life] of LIVES) {
    for (let length = 1; length <= life.length; length += 1) {
      using s = scene();
      for (const said of life.slice(0, length)) await s.say(topic, said);
      const before = s.status(topic);
      const asked = cancelled(s.runs.cancel(topic, "enough"));
      s.log.settle();
      t.equal(await asked, 0);
      t.equal(s.log.story(topic).at(-1), "cancelRequested");
      t.match(s.log.topics.get(topic)?.events.at(-1)?.kind, { value: { reason: "enough" } });
      t.equal(s.status(topic), before, "the status is the owner's to change");
    }
  }
});

test("what is unknown, ended, or takes no request is refused", async (t) => {
  using s = scene();
  await s.say(TASK, "task_started");
  await s.say(TASK, "task_completed");
  await s.say("container.p.c", "container_started");
  for (const topic of ["task.p.u", "workflow.w.e", "evaluation.ev", "training.exp"])
    t.equal(await cancelled(s.runs.cancel(topic)), "TASK_NOT_FOUND", topic);
  t.equal(await cancelled(s.runs.cancel(TASK)), "TASK_FINISHED");
  for (const topic of ["container.p.c", "system.host", "task.p", "nonsense", "task.p.*"])
    t.equal(await cancelled(s.runs.cancel(topic)), "INVALID_TOPIC", topic);
  t.equal(s.log.inFlight, 0);
});

test("a request that stands is not repeated, durable or not", async (t) => {
  using s = scene();
  await s.say(TASK, "task_started");
  const asked = [s.runs.cancel(TASK, "first"), s.runs.cancel(TASK, "second")].map(cancelled);
  let isDone = false;
  void Promise.all(asked).then(() => {
    isDone = true;
  });
  s.log.commit();
  t.equal(await cancelled(Promise.race([s.runs.cancel(TASK), turn()])), 0);
  t.notOk(isDone, "visible is not durable");
  s.log.flush();
  t.same(await Promise.all(asked), [0, 0]);
  t.equal(await cancelled(s.runs.cancel(TASK, "third")), 0);
  t.same(s.log.story(TASK), ["taskStarted", "cancelRequested"]);
});

test("a request that fails is refused to all who asked, and may be made again", async (t) => {
  using s = scene();
  await s.say(TASK, "task_started");
  const asked = [s.runs.cancel(TASK), s.runs.cancel(TASK)].map(cancelled);
  s.log.fail();
  t.same(await Promise.all(asked), ["disk full", "disk full"]);
  const again = cancelled(s.runs.cancel(TASK));
  s.log.settle();
  t.equal(await again, 0);
});

test("the owner hears of it once it is durable, however it was asked", async (t) => {
  using s = scene();
  const heard: unknown[] = [];
  const claim = s.runs.owners.claim(TASK, (reason) => heard.push(reason));
  t.throws(() => s.runs.owners.claim(TASK, () => undefined), /has an owner already/);
  await s.say(TASK, "task_started");
  const asked = s.runs.cancel(TASK, "enough");
  s.log.commit();
  t.same(heard, []);
  s.log.flush();
  t.same(heard, ["enough"]);
  await asked;
  await s.say(TASK, "cancel_requested");
  t.same(heard, ["enough", undefined], "a publisher may ask, and ask again");
  claim.release();
  claim.release();
  await s.say(TASK, "cancel_requested");
  t.equal(heard.length, 2);

  const next = s.runs.owners.claim(TASK, () => heard.push("next"));
  claim.release();
  t.ok(s.runs.owners.has(TASK), "an old claim does not release a new one");
  next.release();
});

test("a publish of cancel_requested follows the life too", async (t) => {
  using s = scene();
  t.equal(await s.say(TASK, "cancel_requested"), "INVALID_TRANSITION");
  t.equal(await s.say("training.exp", "cancel_requested"), "SESSION_NOT_FOUND");
  await s.say(TASK, "task_queued");
  t.equal(await s.say(TASK, "cancel_requested"), 2);
  t.equal(await cancelled(s.runs.cancel(TASK)), 0);
  t.equal(await s.say(TASK, "task_cancelled"), 3);
  t.equal(await s.say(TASK, "cancel_requested"), "INVALID_TRANSITION");
  t.equal(await cancelled(s.runs.cancel(TASK)), "TASK_FINISHED");
});

test("asked for and ended at once: whichever comes first counts", async (t) => {
  using s = scene();
  await s.say(TASK, "task_started");
  const ended = outcome(s.runs.publish([event(TASK, "task_completed")]));
  t.equal(await cancelled(s.runs.cancel(TASK)), "TASK_FINISHED");
  s.log.settle();
  t.equal(await ended, 2);
});
