// Subscriptions under a clock and sockets that the test moves: what is told, in which order, how often.
import fc from "fast-check";
import t from "tap";
import { RunStatus } from "../../../generated/ts/tidewire/v1/events.js";
import { isProgressEvent, isTaskEvent, isTrainingEvent, type TidewireEvent } from "../src/index.js";
import { until } from "./fake-server.js";
import { kinds, record, start } from "./fake-topics.js";

const TOPIC = "task.p.t";
const { RUN_STATUS_COMPLETED, RUN_STATUS_FAILED, RUN_STATUS_RUNNING } = RunStatus;

t.test("a task: its state first, then its events, then its end, and no more", async (t) => {
  const { client, environment, server } = start();
  const seen = record();
  const subscription = client.subscribeToTask({ projectId: "p", taskId: "t", ...seen.callbacks });
  t.equal(environment.socket.url, "ws://host:1/api/v1/ws");
  t.match(server.subscribed(TOPIC, { offset: 3 }), { topic: TOPIC, snapshot: true, after: undefined, types: [] });
  server.snapshot(TOPIC, [1, 3], { status: RUN_STATUS_RUNNING, progress: 10, createdAt: { seconds: 1, nanos: 0 } });
  t.match(seen.snapshots, [
    {
      type: "snapshot",
      topic: TOPIC,
      taskId: "t",
      position: { generation: 1, offset: 3 },
      state: { status: "running", progress: 10, createdAt: new Date(1000) },
    },
  ]);
  server.event(TOPIC, [1, 4], kinds.step(40));
  t.same(seen.events, [
    {
      type: "step_progress",
      topic: TOPIC,
      family: "task",
      projectId: "p",
      taskId: "t",
      position: { generation: 1, offset: 4 },
      timestamp: new Date(1_700_000_004_005),
      progress: 40,
    },
  ]);
  t.equal(client.getSubscriptionCount(), 1);
  server.event(TOPIC, [1, 5], kinds.completed);
  server.event(TOPIC, [1, 6], kinds.step(50));
  t.same(seen.offsets(), [4, 5]);
  t.match(seen.ends, [
    ["complete", { type: "task_completed", taskId: "t", status: "completed", result: { rmse: 0.5 } }],
  ]);
  t.same([client.getSubscriptionCount(), subscription.isActive], [0, false]);
  t.match(server.requests("unsubscribe"), [{ topic: TOPIC }]);
  subscription.unsubscribe();
  t.equal(server.requests("unsubscribe").length, 1);
});

t.test("ends in every way, each told by one callback", async (t) => {
  const cases = [
    ["task.p.t", kinds.failed, "failed", { status: "failed", error: "out of memory" }],
    ["task.p.t", kinds.cancelled, "failed", { status: "stopped", reason: "enough" }],
    ["training.e", kinds.status(4), "complete", { status: "completed", experimentId: "e" }],
    ["evaluation.e", kinds.status(5), "failed", { status: "failed", evaluationId: "e" }],
    ["training.e", kinds.status(6), "failed", { status: "stopped" }],
    ["container.p.c", { $case: "containerStopped", value: { exitCode: 0 } }, "complete", { exitCode: 0 }],
    ["container.p.c", { $case: "containerStopped", value: { exitCode: 137 } }, "failed", { exitCode: 137 }],
    ["container.p.c", { $case: "containerError", value: { error: "no image" } }, "failed", { error: "no image" }],
    ["workflow.w.x", { $case: "workflowExecutionFailed", value: { error: "e" } }, "failed", { workflowId: "w" }],
  ] as const;
  for (const [topic, kind, callback, end] of cases) {
    const { client, server } = start();
    const seen = record();
    client.subscribe(topic, seen.callbacks);
    server.subscribed(topic);
    server.event(topic, [1, 1], kind);
    t.match(seen.ends, [[callback, end]], `${topic} ${kind.$case}`);
  }
  const { client, server } = start();
  const cancelled: unknown[] = [];
  const seen = record({ onCancelled: (end) => cancelled.push(end) });
  client.subscribe(TOPIC, seen.callbacks);
  server.subscribed(TOPIC);
  server.event(TOPIC, [1, 1], kinds.cancelled);
  t.match([cancelled, seen.ends], [[{ status: "stopped" }], []]);
});

t.test("after a cut it goes on where it was, and what comes twice is told once", async (t) => {
  const { client, server, reconnect } = start();
  const seen = record();
  client.subscribe(TOPIC, seen.callbacks);
  server.subscribed(TOPIC);
  for (const offset of [1, 2, 2, 1, 3]) server.event(TOPIC, [1, offset], kinds.step(offset));
  reconnect();
  server.event(TOPIC, [1, 9], kinds.step(9));
  t.match(server.subscribed(TOPIC, { offset: 5, recovered: true }), {
    after: { generation: 1, offset: 3 },
    snapshot: false,
  });
  for (const offset of [3, 4, 5, 6]) server.event(TOPIC, [1, offset], kinds.step(offset));
  t.same(seen.offsets(), [1, 2, 3, 4, 5, 6], "nothing before the answer counts");
  t.same(seen.gaps, []);
});

t.test("goes on also from before the first event", async (t) => {
  const { client, server, reconnect } = start();
  const seen = record();
  client.subscribe(TOPIC, seen.callbacks);
  server.subscribed(TOPIC, { generation: 7 });
  reconnect();
  t.match(server.subscribed(TOPIC, { generation: 7, offset: 1, recovered: true }), {
    after: { generation: 7, offset: 0 },
  });
  server.event(TOPIC, [7, 1], kinds.started);
  t.same(seen.offsets(), [1]);
});

t.test(
  "it is told when a subscription stands: before its state, again after a cut, also where there is no topic",
  async (t) => {
    const { client, server, reconnect } = start();
    const told: string[] = [];
    const pattern = "container.>";
    const note = {
      onSubscribed: (positions: object) => told.push(Object.keys(positions).join()),
      onSnapshot: () => told.push("state"),
    };
    client.subscribe(TOPIC, note);
    client.subscribe(pattern, note);
    server.subscribed(TOPIC);
    server.snapshot(TOPIC, [1, 1]);
    server.subscribed(pattern);
    reconnect();
    server.subscribed(TOPIC, { offset: 1, recovered: true });
    t.same(told, [TOPIC, "state", "", TOPIC]);
  },
);

t.test("a cut between the answer and the state asks for the state again", async (t) => {
  const { client, server, reconnect } = start();
  const seen = record();
  client.subscribe(TOPIC, seen.callbacks);
  server.subscribed(TOPIC, { offset: 8 });
  reconnect();
  t.match(server.subscribed(TOPIC, { offset: 8 }), { after: undefined, snapshot: true });
  server.snapshot(TOPIC, [1, 8], { status: RUN_STATUS_COMPLETED });
  t.match(seen.ends, [["complete", { type: "snapshot" }]]);
  t.same(seen.gaps, []);
});

t.test("a lost position is a gap, a state, and an end that is told once", async (t) => {
  const { client, server, reconnect } = start();
  const seen = record();
  client.subscribe(TOPIC, seen.callbacks);
  server.subscribed(TOPIC);
  server.event(TOPIC, [1, 1], kinds.started);
  reconnect();
  server.subscribed(TOPIC, { generation: 2, offset: 4 });
  t.match(seen.gaps, [{ topic: TOPIC, reason: "position_lost" }]);
  const finishedAt = { seconds: 5, nanos: 0 };
  server.snapshot(TOPIC, [2, 4], { status: RUN_STATUS_FAILED, error: "cut off", finishedAt });
  server.snapshot(TOPIC, [2, 4], { status: RUN_STATUS_FAILED });
  const end = { type: "snapshot", status: "failed", error: "cut off", timestamp: new Date(5000), taskId: "t" };
  t.match(seen.ends, [["failed", end]]);
  t.equal(seen.ends.length, 1);
});

t.test("a state from before what is told already is none", async (t) => {
  const { client, server } = start();
  const seen = record();
  client.subscribe(TOPIC, seen.callbacks);
  server.subscribed(TOPIC);
  for (const offset of [1, 2, 3]) server.event(TOPIC, [2, offset], kinds.step(offset));
  server.snapshot(TOPIC, [2, 2], { progress: 2 });
  server.snapshot(TOPIC, [1, 9], { progress: 9 });
  server.event(TOPIC, [2, 3], kinds.step(3));
  t.same([seen.offsets(), seen.snapshots], [[1, 2, 3], []]);
});

t.test("a gap is told, and what a slow reader is sent next goes on", async (t) => {
  const { client, server, reconnect } = start();
  const seen = record();
  client.subscribe(TOPIC, seen.callbacks);
  server.subscribed(TOPIC);
  server.event(TOPIC, [1, 1], kinds.step(1));
  const gap = { topic: TOPIC, generation: 1, fromOffset: 1, toOffset: 9, skipped: 7 };
  server.say(0, { $case: "gap", value: { ...gap, reason: "slow_consumer" } });
  server.event(TOPIC, [1, 9], kinds.step(9));
  server.event(TOPIC, [1, 9], kinds.step(9));
  t.match(seen.gaps, [{ topic: TOPIC, skipped: 7, reason: "slow_consumer" }]);
  t.same(seen.offsets(), [1, 9]);
  server.say(0, { $case: "gap", value: { ...gap, reason: "retention" } });
  reconnect();
  t.match(server.subscribed(TOPIC), { after: undefined, snapshot: true }, "before its snapshot there is no position");
});

t.test("a refused subscription ends with its error; one for which there is no time is asked again", async (t) => {
  const { client, server, environment } = start();
  const [bad, good] = [record(), record()];
  client.subscribe("nonsense", bad.callbacks);
  server.refuse("subscribe", 18);
  t.match(bad.errors, [{ name: "TidewireClientError", code: "INVALID_TOPIC" }]);
  t.equal(client.getSubscriptionCount(), 0);
  client.subscribe(TOPIC, good.callbacks);
  server.refuse("subscribe", 29, true);
  t.equal(environment.next, 500, "half of a second, by chance");
  environment.advance(500);
  server.refuse("subscribe", 29, true);
  t.equal(environment.next, 1000);
  environment.advance(1000);
  server.subscribed(TOPIC);
  server.event(TOPIC, [1, 1], kinds.started);
  t.same([good.offsets(), good.errors], [[1], []]);
});

t.test("an exception of one callback reaches no other", async (t) => {
  const { client, server } = start();
  const thrown = new Error("mine");
  const told: unknown[] = [];
  client.onError((error) => told.push(error));
  const seen = record();
  const onEvent = () => {
    throw thrown;
  };
  client.subscribe(TOPIC, { ...seen.callbacks, onEvent });
  client.subscribe(TOPIC, seen.callbacks);
  server.subscribed(TOPIC);
  server.event(TOPIC, [1, 1], kinds.completed);
  t.same(told, [thrown]);
  t.same([seen.offsets(), seen.ends.length], [[1], 2]);
});

t.test("callbacks may subscribe and unsubscribe", async (t) => {
  const { client, server } = start();
  const other = record();
  const seen = record({
    onEvent: () => {
      client.subscribe("task.p.other", other.callbacks);
      subscription.unsubscribe();
    },
  });
  const subscription = client.subscribe(TOPIC, seen.callbacks);
  server.subscribed(TOPIC);
  server.event(TOPIC, [1, 1], kinds.completed);
  t.same(seen.ends, [], "whoever has left is told nothing more");
  server.subscribed("task.p.other");
  server.event("task.p.other", [1, 1], kinds.started);
  t.same(other.offsets(), [1]);
});

t.test("connects with the first subscription; states, disconnect, and back", async (t) => {
  const { client, environment, server } = start({}, false);
  const states: string[] = [];
  const forget = client.onConnectionState((state) => states.push(state));
  const seen = record();
  t.equal(client.getConnectionState(), "disconnected");
  client.subscribe(TOPIC, seen.callbacks);
  const connected = client.connect();
  environment.socket.accept();
  await connected;
  t.ok(client.isConnected());
  server.subscribed(TOPIC);
  server.event(TOPIC, [1, 1], kinds.started);
  const closed = client.disconnect();
  environment.socket.end(1000);
  await closed;
  t.same(seen.errors, [], "whoever closes knows");
  t.equal(client.getSubscriptionCount(), 1);
  client.connect();
  environment.socket.accept();
  t.match(server.subscribed(TOPIC, { recovered: true, offset: 1 }), { after: { generation: 1, offset: 1 } });
  environment.socket.end(4401);
  t.match(seen.errors, [{ code: "CONNECTION_LOST" }], "no further attempt is made");
  forget();
  t.same(states, [
    "connecting",
    "connected",
    "disconnecting",
    "disconnected",
    "connecting",
    "connected",
    "disconnected",
  ]);
});

t.test("whoever waits for a connection is told when there is none", async (t) => {
  const { client, environment } = start({ reconnect: false }, false);
  const connecting = client.connect();
  environment.socket.end(1006);
  await t.rejects(connecting, { code: "CONNECTION_FAILED" });
  const cancelling = client.cancel(TOPIC);
  environment.socket.end(1006);
  await t.rejects(cancelling, { code: "CONNECTION_FAILED" });
});

t.test("cancelling asks, and rejects with the server's reason", async (t) => {
  const { client, server } = start();
  const asked = client.cancel(TOPIC, "enough");
  await until(() => server.requests("cancelTask").length === 1);
  const [request] = server.requests("cancelTask");
  t.match(request, { topic: TOPIC, reason: "enough" });
  server.say(request?.id ?? 0, { $case: "cancelAccepted", value: { topic: TOPIC } });
  await asked;
  const refused = client.cancel(TOPIC);
  await until(() => server.requests("cancelTask").length === 2);
  const { id = 0 } = server.requests("cancelTask")[1] ?? {};
  server.say(id, { $case: "error", value: { errorCode: 21, message: "", details: undefined, retryable: false } });
  await t.rejects(refused, { code: "TASK_FINISHED" });
});

t.test("metrics of clients without maps are like all others; kinds of a newer server are skipped", async (t) => {
  const { client, server, environment } = start();
  const seen = record();
  client.subscribe("training.e", seen.callbacks);
  server.subscribed("training.e");
  const metrics = { metrics: { loss: 1 }, epoch: 2, metricNames: ["val/acc", "lr"], metricValues: [0.5, Number.NaN] };
  server.event("training.e", [1, 1], { $case: "metrics", value: metrics });
  environment.socket.deliver('{"type":"novelty","topic":"training.e","generation":1,"offset":2,"data":{}}');
  const [event] = seen.events;
  t.same(event?.type === "metrics" && event.metrics, { "val/acc": 0.5, lr: Number.NaN, loss: 1 });
  t.same(event?.type === "metrics" && [event.epoch, "metricNames" in event], [2, false]);
  t.equal(seen.events.length, 1);
});

t.test("guards", async (t) => {
  const { client, server } = start();
  const seen = record();
  client.subscribe(">", seen.callbacks);
  server.subscribed(">", { generation: 0 });
  server.event(TOPIC, [1, 1], kinds.step(40));
  server.event("training.e", [1, 1], kinds.log(3, "careful"));
  const [step, line] = seen.events as [TidewireEvent, TidewireEvent];
  t.same([isTaskEvent(step), isProgressEvent(step), isTrainingEvent(step)], [true, true, false]);
  t.same([isTaskEvent(line), isProgressEvent(line), isTrainingEvent(line)], [false, false, true]);
  // What the types say: a wrong word here does not compile.
  if (step.type === "step_progress") t.same([step.taskId, step.progress satisfies number | undefined], ["t", 40]);
  if (line.type === "log")
    t.equal(line.level satisfies "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL" | undefined, "WARNING");
  if (isTaskEvent(step)) t.equal(step.projectId, "p");
  t.notOk(isTaskEvent({ type: "connected" }));
});

t.test("whatever the cuts, every event is told once and in order, and the end once", async (t) => {
  const cut = fc.record({ at: fc.integer({ min: 0, max: 30 }), repeated: fc.nat(3), lost: fc.boolean() });
  fc.assert(
    fc.property(fc.array(cut, { maxLength: 6 }), fc.boolean(), (cuts, isPattern) => {
      const topic = isPattern ? "task.>" : TOPIC;
      const { client, server, reconnect } = start({ maxReconnectAttempts: 1000 });
      const seen = record();
      client.subscribe(topic, seen.callbacks);
      server.subscribed(topic, { generation: isPattern ? 0 : 1 });
      const sorted = [...cuts].sort((a, b) => a.at - b.at);
      for (let offset = 1; offset <= 30; offset++) {
        for (const { repeated } of sorted.filter(({ at }) => at === offset)) {
          reconnect();
          if (client.getSubscriptionCount() === 0) return true;
          const known = offset > 1;
          server.subscribed(topic, {
            generation: isPattern ? 0 : 1,
            offset: offset - 1,
            recovered: known || !isPattern,
          });
          for (let i = Math.max(1, offset - repeated); i < offset; i++) server.event(TOPIC, [1, i], kinds.step(i));
        }
        server.event(TOPIC, [1, offset], offset === 30 ? kinds.completed : kinds.step(offset));
      }
      const offsets = seen.offsets();
      return offsets.length === 30 && offsets.every((offset, i) => offset === i + 1) && seen.ends.length === 1;
    }),
    { numRuns: 300 },
  );
  t.pass("300 lives");
});
