// Publishing: what is appended for a publish, and what its publisher is told, also while other appends are in flight.
import { test } from "tap";
import type { Position, Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import type { AppendAsker } from "../../../src/events/turn.js";
import { event } from "./events.js";
import { outcome, START_MS, scene } from "./scene.js";

const RUN = "training.exp";
const TASK = "task.p.t";

/** An asker that remembers what it was told. */
function recorder(): AppendAsker & { readonly told: unknown[] } {
  const told: unknown[] = [];
  return {
    told,
    accepted: (positions) => told.push(...positions.map(({ offset }) => offset)),
    refused: (error) => told.push(String(error)),
  };
}

/** After all promises that wait for nothing else. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a publish is told its position once it is durable, not when it is visible", async (t) => {
  using s = scene();
  const asker = recorder();
  s.runs.submit(event(RUN, "status_changed running"), asker);
  s.runs.submit(event(RUN, "log"), asker);
  await turn();
  t.same(asker.told, []);
  s.log.commit();
  await turn();
  t.same(asker.told, []);
  s.log.flush();
  await turn();
  t.same(asker.told.sort(), [1, 2]);
  t.same(s.log.story(RUN), ["->2", "log"]);
});

test("an empty idempotency key is refused by itself: the log would refuse the whole append, others' events included", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  const [bad, good] = [recorder(), recorder()];
  s.runs.submit(event(RUN, "log"), good);
  t.throws(() => s.runs.submit(event(RUN, "log", { idempotencyKey: "" }), bad), {
    code: "INVALID_MESSAGE",
    details: { field: "idempotency_key" },
  });
  s.log.settle();
  await turn();
  t.same(good.told, [2]);
  t.same(bad.told, []);
  const batch = s.runs.publish([event(RUN, "log"), event(RUN, "log", { idempotencyKey: "" })]);
  await t.rejects(batch, { code: "INVALID_MESSAGE" });
});

test("a timestamp is filled in, or kept", async (t) => {
  using s = scene();
  const timestamp = { seconds: 5, nanos: 6 };
  await s.say(RUN, "status_changed queued");
  await s.say(RUN, "log", { timestamp });
  const silent = event(RUN, "log");
  await outcome(Promise.all([s.runs.publish([silent]), Promise.resolve(s.log.settle())]).then(([at]) => at));
  const times = s.log.topics.get(RUN)?.events.map((logged) => logged.timestamp);
  const now = { seconds: Math.floor(START_MS / 1000), nanos: 250_000_000 };
  t.same(times, [now, timestamp, now]);
  t.equal(silent.timestamp, undefined, "what was handed in is left alone");
});

test("the server says which status was before, whatever the publisher says", async (t) => {
  using s = scene();
  const lie = event(RUN, "status_changed running");
  if (lie.kind?.$case === "statusChanged") lie.kind.value.previousStatus = 5;
  await s.say(RUN, "status_changed queued");
  s.runs.submit(lie, recorder());
  s.log.settle();
  t.same(s.log.story(RUN), ["->1", "1>2"]);
});

test("what is illegal is refused at once, and nothing is told later", async (t) => {
  using s = scene();
  const asker = recorder();
  t.throws(() => s.runs.submit(event(RUN, "log"), asker), { code: "SESSION_NOT_FOUND" });
  t.throws(() => s.runs.submit(event(TASK, "step_progress"), asker), { code: "INVALID_TRANSITION" });
  t.throws(() => s.runs.submit(event("nothing.at.all", "log"), asker), { code: "INVALID_TOPIC" });
  t.throws(() => s.runs.submit(event(TASK, "log"), asker), { code: "INVALID_MESSAGE" });
  t.throws(() => s.runs.submit(event(RUN, "status_changed lost"), asker), { code: "INVALID_MESSAGE" });
  s.log.settle();
  await turn();
  t.same(asker.told, []);
  t.equal(s.log.topics.size, 0);
});

test("an event is judged by what is accepted before it, durable or not", async (t) => {
  using s = scene();
  const asker = recorder();
  for (const said of ["task_queued", "task_started", "step_progress", "task_completed"])
    s.runs.submit(event(TASK, said), asker);
  t.throws(() => s.runs.submit(event(TASK, "step_progress"), asker), { code: "INVALID_TRANSITION" });
  t.throws(() => s.runs.submit(event(TASK, "task_failed"), asker), { code: "INVALID_TRANSITION" });
  s.log.commit();
  t.throws(() => s.runs.submit(event(TASK, "task_failed"), asker), { code: "INVALID_TRANSITION" });
  s.log.flush();
  t.throws(() => s.runs.submit(event(TASK, "task_failed"), asker), { code: "INVALID_TRANSITION" });
});

test("an append that fails leaves the life where the others leave it", async (t) => {
  using s = scene();
  await s.say(TASK, "task_queued");
  const [started, progress] = [recorder(), recorder()];
  s.runs.submit(event(TASK, "task_started"), started);
  s.runs.submit(event(TASK, "step_progress"), progress);
  s.log.fail();
  await turn();
  t.same([...started.told, ...progress.told], ["Error: disk full", "Error: disk full"]);
  t.equal(await s.say(TASK, "step_progress"), "INVALID_TRANSITION");
  t.equal(await s.say(TASK, "task_started"), 2);

  s.runs.submit(event(TASK, "task_completed"), recorder());
  s.log.fail(1);
  s.runs.submit(event(TASK, "task_failed"), recorder());
  s.log.settle();
  t.equal(s.status(TASK), "failed");
});

test("of two appends in flight the older may fail alone", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  s.runs.submit(event(RUN, "status_changed paused"), recorder());
  s.runs.submit(event(RUN, "status_changed running"), recorder());
  s.log.fail(1);
  await turn();
  const again = recorder();
  s.runs.submit(event(RUN, "status_changed running"), again);
  s.log.settle();
  await turn();
  t.same(s.log.story(RUN), ["->2", "3>2"]);
  t.same(again.told, [2]);
});

test("a log without room refuses at once, and the life stays", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed queued");
  s.log.isFull = true;
  t.throws(() => s.runs.submit(event(RUN, "log"), recorder()), { code: "OVERLOADED" });
  t.equal(await s.say(RUN, "status_changed running"), "OVERLOADED");
  t.equal(await s.say("system.host", "system_stats"), "OVERLOADED");
  const mixed = s.runs.publish([event(RUN, "status_changed running"), event("system.host", "system_stats")]);
  t.equal(await outcome(mixed), "OVERLOADED");
  s.log.isFull = false;
  t.equal(await s.say(RUN, "status_changed paused"), "INVALID_TRANSITION");
  t.equal(await s.say(RUN, "status_changed running"), 2);
});

test("the same status again adds nothing and gives the present position", async (t) => {
  using s = scene();
  await s.say(RUN, "status_changed running");
  await s.say(RUN, "log");
  t.equal(await s.say(RUN, "status_changed running"), 2);
  await s.say(RUN, "status_changed completed");
  t.equal(await s.say(RUN, "status_changed completed"), 3, "after the end too");
  t.same(s.log.story(RUN), ["->2", "log", "2>4"]);
});

test("the same status again while the first is in flight shares its fate", async (t) => {
  using s = scene();
  const [first, second] = [recorder(), recorder()];
  s.runs.submit(event(RUN, "status_changed running"), first);
  s.runs.submit(event(RUN, "status_changed running"), second);
  s.log.commit();
  await turn();
  t.same([...first.told, ...second.told], []);
  s.log.flush();
  await turn();
  t.same([...first.told, ...second.told], [1, 1]);

  const [third, fourth] = [recorder(), recorder()];
  s.runs.submit(event(RUN, "status_changed paused"), third);
  s.runs.submit(event(RUN, "status_changed paused"), fourth);
  s.log.fail();
  await turn();
  t.same([...third.told, ...fourth.told], ["Error: disk full", "Error: disk full"]);
});

test("a repeated idempotency key gives the first position and is not judged again", async (t) => {
  using s = scene();
  const key = { idempotencyKey: "k" };
  const [first, second] = [recorder(), recorder()];
  s.runs.submit(event(TASK, "task_started", key), first);
  s.runs.submit(event(TASK, "task_started", key), second);
  s.log.settle();
  await turn();
  t.same([...first.told, ...second.told], [1, 1]);
  t.equal(await s.say(TASK, "task_completed"), 2);
  t.equal(await s.say(TASK, "task_started", key), 1);
  t.equal(await s.say(TASK, "task_started", { idempotencyKey: "other" }), "INVALID_TRANSITION");
  t.same(s.log.story(TASK), ["taskStarted", "taskCompleted"]);

  const ordinary = { idempotencyKey: "line" };
  await s.say(RUN, "status_changed running");
  t.equal(await s.say(RUN, "log", ordinary), 2);
  t.equal(await s.say(RUN, "log", ordinary), 2);
});

test("a repeated key whose first publish fails is refused with it, and may be tried again", async (t) => {
  using s = scene();
  const key = { idempotencyKey: "k" };
  const both = [s.runs.publish([event(TASK, "task_started", key)]), s.runs.publish([event(TASK, "task_started", key)])];
  s.log.fail();
  t.same(await Promise.all(both.map(outcome)), ["disk full", "disk full"]);
  t.equal(await s.say(TASK, "task_started", key), 1);
});

test("a list is appended as a whole, each event judged by those before it", async (t) => {
  using s = scene();
  const list = ["status_changed queued", "log", "status_changed running", "status_changed running", "metrics"];
  const published = s.runs.publish(list.map((said) => event(RUN, said)));
  t.equal(s.log.inFlight, 1, "one append");
  s.log.settle();
  t.same(
    (await published).map(({ offset }) => offset),
    [1, 2, 3, 3, 4],
  );
  t.same(await s.runs.publish([]), []);
});

test("a list with one illegal event adds nothing and names it", async (t) => {
  using s = scene();
  const list = [event(TASK, "task_started"), event(RUN, "status_changed queued"), event(TASK, "task_queued")];
  const refused = {
    code: "INVALID_TRANSITION",
    message: /^at index 2: task\.p\.t is running/,
    details: { index: 2, topic: TASK },
  };
  await t.rejects(s.runs.publish(list), refused);
  t.equal(s.log.inFlight, 0);
  t.equal(await s.say(RUN, "log"), "SESSION_NOT_FOUND", "what came before it in the list has not happened");
  t.equal(await s.say(TASK, "task_queued"), 1);
  const alone = await s.runs.publish([event(TASK, "task_completed")]).catch((error: unknown) => error);
  t.notMatch(alone, { message: /index/ });
});

test("the same key twice in a list adds one event", async (t) => {
  using s = scene();
  const key = { idempotencyKey: "k" };
  const list = [event(TASK, "task_started", key), event(TASK, "step_progress"), event(TASK, "task_started", key)];
  const published = s.runs.publish(list);
  s.log.settle();
  t.same(
    (await published).map(({ offset }) => offset),
    [1, 2, 1],
  );
  t.same(s.log.story(TASK), ["taskStarted", "stepProgress"]);
});

test("a list that rests on what fails is refused without a promise left behind", async (t) => {
  using s = scene();
  const key = { idempotencyKey: "k" };
  const first = outcome(s.runs.publish([event(RUN, "status_changed running", key)]));
  const rests = outcome(
    s.runs.publish([event(RUN, "status_changed running"), event(RUN, "log", key), event(RUN, "log")]),
  );
  const illegal = outcome(s.runs.publish([event(RUN, "status_changed running"), event(RUN, "status_changed queued")]));
  s.log.fail();
  t.same(await Promise.all([first, rests, illegal]), ["disk full", "disk full", "INVALID_TRANSITION"]);
  await turn(); // an unheard rejection would end the process
});

test("the load of a host is told and kept nowhere, only if the rest of its list is legal", async (t) => {
  using s = scene();
  const stats = event("system.host", "system_stats");
  await t.rejects(s.runs.publish([stats, event(RUN, "log")]), { code: "SESSION_NOT_FOUND", details: { index: 1 } });
  t.equal(s.log.told.length, 0);
  const published = s.runs.publish([event(RUN, "status_changed running"), stats]);
  s.log.settle();
  t.same(await published, [
    { generation: 1, offset: 1 },
    { generation: 99, offset: 1 },
  ]);
  t.match(s.log.told, [{ topic: "system.host", timestamp: { nanos: 250_000_000 } }]);
  t.equal(s.log.topics.has("system.host"), false);
});

test("memory holds what is in flight, and nothing after it", async (t) => {
  using s = scene();
  const topics = Array.from({ length: 100 }, (_, i) => `task.p.${i}`);
  const list: Publish[] = topics.flatMap((topic) => [event(topic, "task_queued"), event(topic, "task_started")]);
  const published: Promise<readonly Position[]>[] = [
    s.runs.publish(list.slice(0, 100)),
    s.runs.publish(list.slice(100)),
  ];
  t.equal(s.runs.livesInFlight, 100);
  s.log.settle();
  await Promise.all(published);
  t.equal(s.runs.livesInFlight, 0);
  for (let i = 0; i < 10; i += 1) s.runs.submit(event("task.p.1", "step_progress"), recorder());
  t.equal(s.runs.livesInFlight, 0, "what changes no life is not remembered at all");
});
