// Leases: who says nothing for too long is lost, and is back with the next event.
import { test } from "tap";
import { Leases } from "../../../src/runs/leases.js";
import { event } from "./events.js";
import { LEASE_MS, type Scene, scene } from "./scene.js";

const RUN = "training.exp";
/** A lease that has expired is noticed at the next tick. */
const TICK_MS = LEASE_MS / 60;

/** Time passes; what the server then says becomes durable. */
function pass(s: Scene, ms: number): void {
  s.clock.elapsedMs += ms;
  s.runs.sweepLeases();
  s.log.settle();
}

test("a running run that says nothing for the lease is lost, not before", async (t) => {
  for (const topic of [RUN, "evaluation.ev"]) {
    using s = scene();
    await s.say(topic, "status_changed running");
    pass(s, LEASE_MS - 1);
    t.equal(s.status(topic), "running");
    pass(s, 1);
    t.equal(s.status(topic), "lost");
    t.match(s.log.topics.get(topic)?.events.at(-1)?.kind, {
      value: { status: 7, previousStatus: 2, message: "no event for 60 s" },
    });
    pass(s, 10 * LEASE_MS);
    t.same(s.log.story(topic), ["->2", "2>7"], "once");
  }
});

test("whatever its publisher says keeps a run from being lost", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  for (const said of ["log", "metrics", "progress", "status_changed running"]) {
    pass(s, LEASE_MS - 1);
    await s.say(RUN, said);
  }
  pass(s, LEASE_MS - 1);
  t.equal(s.status(RUN), "running");
  await s.runs.publish([event(RUN, "status_changed running")]);
  pass(s, LEASE_MS - 1);
  t.equal(s.status(RUN), "running");
  pass(s, TICK_MS);
  t.equal(s.status(RUN), "lost");
});

test("a request to stop is no sign of life, and leaves who is lost lost", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  pass(s, LEASE_MS / 2);
  await s.say(RUN, "cancel_requested");
  pass(s, LEASE_MS / 2);
  t.equal(s.status(RUN), "lost");
  await s.say(RUN, "cancel_requested");
  t.same(s.log.story(RUN), ["->2", "cancelRequested", "2>7", "cancelRequested"]);
  await s.say(RUN, "log");
  t.same(s.log.story(RUN).slice(4), ["7>2", "log"]);
  t.ok(s.log.view(RUN)?.state.cancelRequested, "and the request still stands");
});

test("only those that run have a lease", async (t) => {
  using s = scene();
  const LIVES: Readonly<Record<string, readonly string[]>> = {
    "training.queued": ["status_changed queued"],
    "training.paused": ["status_changed running", "status_changed paused"],
    "training.ended": ["status_changed running", "status_changed completed"],
    "task.p.t": ["task_started"],
    "workflow.w.e": ["workflow_execution_started"],
    "container.p.c": ["container_started"],
  };
  for (const [topic, life] of Object.entries(LIVES)) for (const said of life) await s.say(topic, said);
  pass(s, 10 * LEASE_MS);
  for (const [topic, life] of Object.entries(LIVES)) t.equal(s.log.story(topic).length, life.length, topic);
  await s.say("training.paused", "status_changed running");
  pass(s, LEASE_MS);
  t.equal(s.status("training.paused"), "lost", "a fresh lease with every return");
});

test("an event from lost is legal as from running; the server says so in the same append", async (t) => {
  const NEXT: Readonly<Record<string, readonly string[]>> = {
    log: ["7>2", "log"],
    metrics: ["7>2", "metrics"],
    progress: ["7>2", "progress"],
    "status_changed running": ["7>2"],
    "status_changed paused": ["7>2", "2>3"],
    "status_changed completed": ["7>2", "2>4"],
  };
  for (const [said, story] of Object.entries(NEXT)) {
    using s = scene();
    await s.say(RUN, "status_changed running");
    pass(s, LEASE_MS);
    const published = s.runs.publish([event(RUN, said)]);
    t.equal(s.log.inFlight, 1, "one append");
    s.log.settle();
    t.same(
      (await published).map(({ offset }) => offset),
      [2 + story.length],
      "the publisher is told its own position",
    );
    t.same(s.log.story(RUN).slice(2), story);
    pass(s, LEASE_MS);
    const runs = story.at(-1) !== "2>3" && story.at(-1) !== "2>4";
    t.equal(s.status(RUN) === "lost", runs, "and may be lost again");
  }
  using s = scene();
  await s.say(RUN, "status_changed running");
  pass(s, LEASE_MS);
  t.equal(await s.say(RUN, "status_changed queued"), "INVALID_TRANSITION");
  t.equal(s.status(RUN), "lost");
});

test("a recovery that fails is tried again with the next event", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  pass(s, LEASE_MS);
  const failed = s.runs.publish([event(RUN, "log")]).catch(String);
  s.log.fail();
  t.equal(await failed, "Error: disk full");
  t.equal(s.status(RUN), "lost");
  await s.say(RUN, "log");
  t.same(s.log.story(RUN), ["->2", "2>7", "7>2", "log"]);
});

test("lost that cannot be kept is tried again after another lease", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  s.clock.elapsedMs += LEASE_MS;
  s.runs.sweepLeases();
  s.log.fail();
  s.log.isFull = true;
  pass(s, LEASE_MS);
  s.log.isFull = false;
  t.equal(s.status(RUN), "running");
  pass(s, LEASE_MS);
  t.equal(s.status(RUN), "lost");
});

test("a run whose last append fails has the lease of where it stands", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  const failed = s.runs.publish([event(RUN, "status_changed completed")]).catch(String);
  s.log.fail();
  await failed;
  const born = s.runs.publish([event("training.never", "status_changed running")]).catch(String);
  s.log.fail();
  await born;
  pass(s, LEASE_MS);
  t.equal(s.status(RUN), "lost");
  t.equal(s.log.topics.has("training.never"), false);
});

test("what is being removed, or was forgotten by the log, is not brought back by its lease", async (t) => {
  using s = scene();
  const forgotten = "training.forgotten";
  await s.say(RUN, "status_changed running");
  await s.say(forgotten, "status_changed running");
  const removed = s.runs.remove(RUN);
  s.log.topics.delete(forgotten);
  pass(s, LEASE_MS);
  t.equal(s.log.story(RUN).length, 1);
  s.log.removed();
  await removed;
  pass(s, LEASE_MS);
  t.equal(s.log.topics.size, 0);
});

test("jobs of this server do not fall silent while they own their topic", async (t) => {
  using s = scene();
  const claim = s.runs.owners.claim(RUN, () => undefined);
  await s.say(RUN, "status_changed running");
  for (let i = 0; i < 5; i += 1) pass(s, LEASE_MS);
  t.equal(s.status(RUN), "running");
  claim.release();
  pass(s, LEASE_MS);
  t.equal(s.status(RUN), "lost");
});

test("after a restart every running run has a fresh lease", async (t) => {
  using before = scene();
  const topics = Array.from({ length: 1_500 }, (_, i) => `training.r${i}`);
  for (const topic of topics) before.runs.publish([event(topic, "status_changed running")]);
  for (const topic of ["evaluation.ev", "training.paused"]) await before.say(topic, "status_changed running");
  await before.say("training.paused", "status_changed paused");
  using s = scene();
  for (const [topic, view] of before.log.topics) s.log.topics.set(topic, view);
  s.clock.elapsedMs = 1_000_000;
  s.runs.resumeLeases();
  pass(s, LEASE_MS - 1);
  t.equal(s.status("training.r7"), "running");
  await s.say("training.r7", "log");
  pass(s, 1);
  t.equal(s.status("training.r7"), "running");
  t.equal(s.status("evaluation.ev"), "lost");
  t.equal(s.status("training.paused"), "paused");
  t.equal(topics.filter((topic) => s.status(topic) === "lost").length, 1_499);
});

test("the timer does it by itself, and holds no process open", async (t) => {
  const held = setInterval(() => undefined, 1_000); // the timer itself would let this process end
  const expired = new Promise<string>((resolve) => {
    const leases = new Leases(60, () => performance.now(), resolve);
    leases.start("a");
    t.teardown(() => leases[Symbol.dispose]());
  });
  t.equal(await expired, "a");
  clearInterval(held);
});

test("leases: bounded by those that run, whatever happens to them", async (t) => {
  let nowMs = 0;
  const expired: string[] = [];
  using leases = new Leases(
    LEASE_MS,
    () => nowMs,
    (topic) => expired.push(topic),
  );
  for (let i = 0; i < 10_000; i += 1) {
    nowMs += 7;
    leases.start("a");
    leases.start("a");
    leases.heard("a");
    leases.heard("nobody");
    if (i % 100 === 0) leases.sweep();
    leases.stop("a");
    leases.stop("a");
  }
  t.equal(leases.size, 0);
  for (let i = 0; i < 100; i += 1) {
    nowMs += 600;
    leases.start(`r${i}`);
    leases.sweep();
  }
  t.equal(leases.size, 100);
  nowMs += 30_000;
  leases.sweep();
  t.same(
    expired,
    Array.from({ length: 50 }, (_, i) => `r${i}`),
    "in the order they were heard of",
  );
  leases[Symbol.dispose]();
  leases.start("late");
  t.equal(leases.size, 0, "none after the end");
});
