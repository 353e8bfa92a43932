// Patterns, and topics that several subscriptions share: what the server is asked for, and who is told what.
import t from "tap";
import { RunStatus } from "../../../generated/ts/tidewire/v1/events.js";
import { kinds, record, start } from "./fake-topics.js";

const TOPIC = "task.p.t";
const { RUN_STATUS_COMPLETED, RUN_STATUS_RUNNING, RUN_STATUS_STOPPED } = RunStatus;

t.test("a topic that has ended before anybody asked is told to who waits for it alone", async (t) => {
  const { client, server, reconnect } = start();
  const one = record();
  const all = record();
  client.subscribe(TOPIC, one.callbacks);
  client.subscribe("task.p.*", all.callbacks);
  server.subscribed(TOPIC, { offset: 2 });
  server.subscribed("task.p.*", { generation: 0, positions: { [TOPIC]: { generation: 1, offset: 2 } } });
  server.snapshot(TOPIC, [1, 2], { status: RUN_STATUS_COMPLETED });
  t.equal(one.ends.length, 1);
  t.equal(all.ends.length, 0);
  t.equal(all.snapshots.length, 1);
  reconnect();
  server.subscribed("task.p.*", { generation: 0, recovered: true });
  server.snapshot(TOPIC, [1, 2], { status: RUN_STATUS_COMPLETED });
  server.snapshot("task.p.new", [1, 2], { status: RUN_STATUS_STOPPED });
  t.match(all.ends, [["failed", { taskId: "new", status: "stopped" }]], "born and ended during the cut");
  t.equal(all.ends.length, 1);
});

t.test("of a pattern each topic's end is told once, until it lives again", async (t) => {
  const { client, server, reconnect } = start();
  const seen = record();
  client.subscribe("task.*.*", seen.callbacks);
  server.subscribed("task.*.*", { generation: 0 });
  for (const topic of ["task.a.1", "task.a.2"]) {
    server.event(topic, [1, 1], kinds.started);
    server.event(topic, [1, 2], kinds.completed);
    server.event(topic, [1, 2], kinds.completed);
  }
  reconnect();
  const { positions } = server.subscribed("task.*.*", { generation: 0, recovered: false });
  t.same(positions, { "task.a.1": { generation: 1, offset: 2 }, "task.a.2": { generation: 1, offset: 2 } });
  server.snapshot("task.a.1", [2, 1], { status: RUN_STATUS_COMPLETED });
  t.same(
    seen.ends.map(([, { taskId }]) => taskId),
    ["1", "2"],
  );
  server.snapshot("task.a.1", [3, 0]);
  server.event("task.a.1", [3, 1], kinds.started);
  server.event("task.a.1", [3, 2], kinds.failed);
  t.same(
    seen.ends.map(([callback]) => callback),
    ["complete", "complete", "failed"],
  );
  t.equal(client.getSubscriptionCount(), 1);
});

t.test("of a pattern 1000 positions are remembered, the newest", async (t) => {
  const { client, server, reconnect } = start();
  client.subscribe("training.*", { onEvent: () => {} });
  t.match(server.subscribed("training.*", { generation: 0 }), { snapshot: false }, "nobody wants states");
  for (let i = 0; i < 1100; i++) server.event(`training.e${i}`, [1, 1], kinds.log(2, "x"));
  server.event("training.e100", [1, 2], kinds.log(2, "y"));
  reconnect();
  const names = Object.keys(server.subscribed("training.*", { generation: 0, recovered: true }).positions);
  t.equal(names.length, 1000);
  t.same([names.includes("training.e99"), names[0], names.at(-1)], [false, "training.e101", "training.e100"]);
});

t.test("a pattern without positions asks for states after a cut: what was born meanwhile must be told", async (t) => {
  const { client, server, reconnect } = start();
  const seen = record({ onSnapshot: undefined });
  client.subscribe("task.>", seen.callbacks);
  server.subscribed("task.>", { generation: 0 });
  reconnect();
  t.match(server.subscribed("task.>", { generation: 0 }), { snapshot: true });
  t.same(seen.gaps, [], "nothing was known, so nothing is lost");
  server.snapshot("task.a.b", [1, 3], { status: RUN_STATUS_COMPLETED });
  t.match(seen.ends, [["complete", { taskId: "b" }]]);
});

t.test("present positions of a pattern are known from its answer", async (t) => {
  const { client, server, reconnect } = start();
  client.subscribe("task.>", { onEvent: () => {} });
  server.subscribed("task.>", { generation: 0, positions: { "task.a.b": { generation: 1, offset: 4 } } });
  reconnect();
  const { positions, snapshot } = server.subscribed("task.>", { generation: 0, recovered: true });
  t.same({ positions, snapshot }, { positions: { "task.a.b": { generation: 1, offset: 4 } }, snapshot: false });
});

t.test("one topic is one subscription, however many share it", async (t) => {
  const { client, server } = start();
  const [first, second] = [record(), record()];
  const one = client.subscribe(TOPIC, first.callbacks);
  const two = client.subscribe(TOPIC, second.callbacks);
  t.equal(server.requests("subscribe").length, 1, "the answer that is to come brings the state to both");
  server.subscribed(TOPIC, { offset: 1 });
  server.snapshot(TOPIC, [1, 1]);
  server.event(TOPIC, [1, 2], kinds.started);
  t.same([first.offsets(), second.offsets(), client.getSubscriptionCount()], [[2], [2], 2]);
  one.unsubscribe();
  server.event(TOPIC, [1, 3], kinds.step(1));
  t.same([first.offsets(), second.offsets(), server.requests("unsubscribe").length], [[2], [2, 3], 0]);
  two.unsubscribe();
  t.equal(server.requests("unsubscribe").length, 1);
  client.subscribe(TOPIC, second.callbacks);
  t.match(server.subscribed(TOPIC), { after: undefined, snapshot: true }, "a new one begins anew");
});

t.test("who comes late gets the state, and nobody loses an event by it", async (t) => {
  const { client, server, reconnect } = start();
  const [early, late] = [record(), record()];
  client.subscribe(TOPIC, early.callbacks);
  server.subscribed(TOPIC);
  server.event(TOPIC, [1, 1], kinds.started);
  client.subscribe(TOPIC, late.callbacks);
  t.match(server.requests("subscribe").at(-1), { after: undefined, snapshot: true });
  server.event(TOPIC, [1, 2], kinds.step(1));
  server.subscribed(TOPIC, { offset: 2 });
  server.snapshot(TOPIC, [1, 2], { status: RUN_STATUS_RUNNING });
  t.equal(late.snapshots.length, 1);
  t.same([early.offsets(), early.gaps], [[1, 2], []]);

  reconnect();
  const later = record();
  server.subscribed(TOPIC, { offset: 4, recovered: true });
  client.subscribe(TOPIC, later.callbacks);
  t.equal(server.requests("subscribe").length, 1, "not while missed events are to come: they would be cut off");
  server.event(TOPIC, [1, 3], kinds.step(2));
  t.equal(server.requests("subscribe").length, 1);
  server.event(TOPIC, [1, 4], kinds.step(3));
  t.match(server.requests("subscribe").at(-1), { after: undefined, snapshot: true }, "but then");
  server.subscribed(TOPIC, { offset: 4 });
  server.snapshot(TOPIC, [1, 4], { status: RUN_STATUS_RUNNING });
  t.equal(later.snapshots.length, 1);
  t.same(early.offsets(), [1, 2, 3, 4]);
});

t.test("a state that another subscription asked for skips no event that is still to come", async (t) => {
  const { client, server, reconnect } = start();
  const [one, all] = [record(), record()];
  client.subscribe(TOPIC, one.callbacks);
  server.subscribed(TOPIC);
  server.event(TOPIC, [1, 1], kinds.started);
  reconnect();
  server.subscribed(TOPIC, { offset: 3, recovered: true });
  client.subscribe("task.>", all.callbacks);
  server.subscribed("task.>", { generation: 0 });
  server.snapshot(TOPIC, [1, 3], { status: RUN_STATUS_RUNNING });
  for (const offset of [2, 3, 4, 4]) server.event(TOPIC, [1, offset], kinds.step(offset));
  t.same([one.offsets(), all.offsets()], [[1, 2, 3, 4], [4]]);
});

t.test("filters go to the server while all agree, with the ends that callbacks wait for", async (t) => {
  const { client, server } = start();
  const topic = "training.e";
  const [lines, other] = [record({ types: ["log"], minLevel: "WARNING" }), record()];
  client.subscribe(topic, lines.callbacks);
  const { types, minLevel } = server.subscribed(topic);
  t.equal(minLevel, 3);
  t.same([types[0], types.includes("status_changed"), types.includes("metrics")], ["log", true, false]);
  client.subscribe(topic, other.callbacks);
  t.match(server.subscribed(topic), { types: [], minLevel: 0 });
  server.event(topic, [1, 1], kinds.log(2, "quiet"));
  server.event(topic, [1, 2], kinds.log(4, "loud"));
  server.event(topic, [1, 3], kinds.status(4));
  t.same([lines.offsets(), other.offsets()], [[2], [1, 2, 3]]);
  t.same([lines.ends.length, other.ends.length], [1, 1]);
});

t.test("progress of anything, and nothing else", async (t) => {
  const { client, server } = start();
  const seen = record();
  client.subscribeToProgress(seen.callbacks);
  t.match(server.subscribed(">", { generation: 0 }), { types: ["progress", "step_progress"] });
  server.event(TOPIC, [1, 1], kinds.step(1));
  server.event("training.e", [1, 1], kinds.log(2, "x"));
  t.same(
    seen.events.map(({ type }) => type),
    ["step_progress"],
  );
});

t.test("topics and patterns of each family", async (t) => {
  const { client, server } = start();
  const onEvent = () => {};
  client.subscribeToTask({ projectId: "p", onEvent });
  client.subscribeToWorkflow({ workflowId: "w", onEvent });
  client.subscribeToWorkflow({ workflowId: "w", executionId: "x", onEvent });
  client.subscribeToContainer({ projectId: "p", containerId: undefined, onEvent });
  client.subscribeToTraining({ onEvent });
  client.subscribeToEvaluation({ evaluationId: "e", onEvent });
  client.subscribeToSystem({ onEvent });
  const topics = [
    "task.p.*",
    "workflow.w.*",
    "workflow.w.x",
    "container.p.*",
    "training.*",
    "evaluation.e",
    "system.*",
  ];
  t.same(
    server.requests("subscribe").map(({ topic }) => topic),
    topics,
  );
  for (const taskId of ["a.b", "", "a b", "ü"])
    t.throws(() => client.subscribeToTask({ projectId: "p", taskId, onEvent }), { code: "INVALID_TOPIC" }, taskId);
});

t.test("patterns match by token, whatever is in them", async (t) => {
  const { client, server } = start();
  const topics = ["task.p.a", "task.p.b", "task.q.a", "task.p", "training.e", "task.p.a.b"];
  const cases: [pattern: string, found: string[]][] = [
    ["task.p.*", ["task.p.a", "task.p.b"]],
    ["task.*.a", ["task.p.a", "task.q.a"]],
    ["task.>", ["task.p.a", "task.p.b", "task.q.a", "task.p", "task.p.a.b"]],
    ["task.p.a.>", ["task.p.a.b"]],
    ["task.*", ["task.p"]],
    [">", topics],
    ["*", []],
    ["task.(*", []],
    ["task.p.a", ["task.p.a"]],
  ];
  for (const [pattern, found] of cases) {
    const seen = record();
    const subscription = client.subscribe(pattern, seen.callbacks);
    server.subscribed(pattern, { generation: 0 });
    for (const topic of topics) server.event(topic, [1, 1], kinds.step(1));
    t.same(
      seen.events.map(({ topic }) => topic),
      found,
      pattern,
    );
    subscription.unsubscribe();
  }
});
