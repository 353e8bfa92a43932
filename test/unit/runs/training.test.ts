// Training runs are created, given a status and removed; several at once.
import { test } from "tap";
import { RunStatus } from "../../../generated/ts/tidewire/v1/events.js";
import { event } from "./events.js";
import { outcome, scene } from "./scene.js";

const RUN = "training.exp";
const ID = "exp";
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets what has been asked for get as far as the log, and makes it durable. */
async function settled<T>(log: { settle(): void }, promise: Promise<T>): Promise<T> {
  await turn();
  log.settle();
  return promise;
}

test("a run is created queued, with what it was started with", async (t) => {
  using s = scene();
  const created = s.runs.training.create({ experimentId: ID, config: { lr: 0.1 }, totalEpochs: 3 });
  t.same(await settled(s.log, created), { generation: 1, offset: 1 });
  t.match(s.log.view(RUN)?.state, { status: RunStatus.RUN_STATUS_QUEUED, config: { lr: 0.1 }, totalEpochs: 3 });
  t.equal(await outcome(s.runs.training.create({ experimentId: ID })), "SESSION_EXISTS");
});

test("an id that is no token is refused", async (t) => {
  using s = scene();
  t.equal(await outcome(s.runs.training.create({})), "INVALID_TOPIC");
  for (const experimentId of ["", "a.b", "a b", "*", ">", "ä", "x".repeat(129)]) {
    t.equal(await outcome(s.runs.training.create({ experimentId })), "INVALID_TOPIC", experimentId);
    t.equal(await outcome(s.runs.training.setStatus(experimentId, 2)), "INVALID_TOPIC", experimentId);
    await t.rejects(s.runs.training.remove(experimentId), { code: "INVALID_TOPIC" }, experimentId);
  }
  t.equal(await settled(s.log, outcome(s.runs.training.create({ experimentId: "x".repeat(128) }))), 1);
});

test("of many who create the same run at once, one succeeds", async (t) => {
  using s = scene();
  const asked = Array.from({ length: 10 }, () => outcome(s.runs.training.create({ experimentId: ID })));
  const outcomes = await settled(s.log, Promise.all(asked));
  t.same(outcomes.sort(), [1, ...Array(9).fill("SESSION_EXISTS")]);
  t.same(s.log.story(RUN), ["->1"]);
});

test("a run whose creation fails may be created again", async (t) => {
  using s = scene();
  const first = outcome(s.runs.training.create({ experimentId: ID }));
  await turn();
  s.log.fail();
  t.equal(await first, "disk full");
  t.equal(await settled(s.log, outcome(s.runs.training.create({ experimentId: ID }))), 1);
});

test("a status is set by the rules, and only on what exists", async (t) => {
  using s = scene();
  const set = (status: RunStatus, message?: string) =>
    settled(s.log, outcome(s.runs.training.setStatus(ID, status, message)));
  t.equal(await set(RunStatus.RUN_STATUS_RUNNING), "SESSION_NOT_FOUND", "nothing is created by it");
  await s.say(RUN, "status_changed queued");
  t.equal(await set(RunStatus.RUN_STATUS_RUNNING, "go"), 2);
  t.equal(s.log.view(RUN)?.state.message, "go");
  t.equal(await set(RunStatus.RUN_STATUS_RUNNING), 2, "the same again");
  t.equal(await set(RunStatus.RUN_STATUS_QUEUED), "INVALID_TRANSITION");
  t.equal(await set(RunStatus.RUN_STATUS_LOST), "INVALID_MESSAGE");
  t.equal(await set(RunStatus.RUN_STATUS_UNSPECIFIED), "INVALID_MESSAGE");
  t.equal(await set(RunStatus.RUN_STATUS_FAILED), 3);
  t.equal(await set(RunStatus.RUN_STATUS_STOPPED), "INVALID_TRANSITION");
});

test("of two that end a run at once, the first one counts", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  const completed = outcome(s.runs.training.setStatus(ID, RunStatus.RUN_STATUS_COMPLETED));
  const failed = outcome(s.runs.training.setStatus(ID, RunStatus.RUN_STATUS_FAILED));
  t.same(await settled(s.log, Promise.all([completed, failed])), [2, "INVALID_TRANSITION"]);
});

test("a run that is removed is gone at once, and its id may be used again", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  const removed = outcome(s.runs.training.remove(ID).then(() => []));
  t.equal(await s.say(RUN, "log"), "SESSION_NOT_FOUND");
  t.equal(await outcome(s.runs.training.remove(ID).then(() => [])), "SESSION_NOT_FOUND", "of two removers one wins");
  t.equal(await outcome(s.runs.cancel(RUN).then(() => [])), "TASK_NOT_FOUND");
  await t.rejects(s.runs.publish([event(RUN, "status_changed queued")]), { code: "SESSION_EXISTS", retryable: true });
  const created = s.runs.training.create({ experimentId: ID });
  await turn();
  t.equal(s.log.inFlight, 0, "it waits for the removal");
  s.log.removed();
  t.equal(await removed, 0);
  t.same(await settled(s.log, created), { generation: 2, offset: 1 });
  t.equal(s.status(RUN), "queued");
});

test("what is in flight when its run is removed does not outlive it", async (t) => {
  using s = scene();
  const published = outcome(s.runs.publish([event(RUN, "status_changed running")]));
  const removed = s.runs.remove(RUN);
  s.log.removed();
  await removed;
  t.equal(s.runs.livesInFlight, 0);
  t.equal(await s.say(RUN, "log"), "SESSION_NOT_FOUND");
  t.equal(await published, 1, "flushed after the removal");
  t.equal(await settled(s.log, outcome(s.runs.training.create({ experimentId: ID }))), 1);
});

test("a removal that fails leaves the run as it was", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  const removed = outcome(s.runs.remove(RUN).then(() => []));
  s.log.removed(new Error("disk gone"));
  t.equal(await removed, "disk gone");
  t.equal(await s.say(RUN, "log"), 2);
  s.clock.elapsedMs += 120_000;
  s.runs.sweepLeases();
  s.log.settle();
  t.equal(s.status(RUN), "lost", "and its lease goes on");
});
