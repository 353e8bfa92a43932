// Subscriptions, publishes and routes against the real server, in both encodings, across restarts.
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { serve } from "../../../test/integration/support/serve.js";
import { TidewireClient, type TidewireEvent } from "../src/index.js";
import { until } from "./fake-server.js";
import { record } from "./fake-topics.js";

// A folder, not names: those are linked into the test's folder, which would take the data away.
const models = fileURLToPath(new URL("../../../models", import.meta.url));
const PATIENT = { reconnectDelay: 20, maxReconnectAttempts: 1000, fallbackAfter: 0 } as const;
const NOTHING = { metrics: {}, counts: {}, cancelRequested: false };

async function ready(t: Test, encoding: "proto" | "json") {
  t.testdir({});
  const { url, server } = await serve(t, { models });
  const client = new TidewireClient({ baseURL: url, encoding });
  const progress = client.getProgress(PATIENT);
  t.teardown(() => client.close());
  return { url, server, client, progress };
}

for (const encoding of ["proto", "json"] as const) {
  t.test(`every event comes as it was said (${encoding})`, async (t) => {
    const { progress } = await ready(t, encoding);
    const lives = {
      "task.p.a": [
        { type: "task_queued", name: "import", details: { rows: 3, nested: [1, null, { a: "b" }] } },
        { type: "task_started", worker: "w1", totalSteps: 2 },
        {
          type: "step_progress",
          status: "running",
          progress: 50.5,
          step: 1,
          details: { current: 7, completed: 1, total: 2 },
        },
        { type: "task_completed", result: { ok: true }, durationSeconds: 1.5 },
      ],
      "workflow.w.x": [
        { type: "workflow_execution_created", totalPhases: 1 },
        { type: "workflow_execution_started", message: "on" },
        { type: "workflow_phase_started", phase: "train", phaseNumber: 1, totalPhases: 1 },
        { type: "workflow_execution_paused", reason: "night" },
        { type: "workflow_execution_resumed" },
        { type: "workflow_phase_completed", phase: "train", durationSeconds: 2 },
        { type: "workflow_execution_failed", error: "no", phase: "train" },
      ],
      "container.p.c": [
        { type: "container_created", image: "i", name: "n" },
        { type: "container_started" },
        { type: "container_stopped", exitCode: -1 },
      ],
    } as const;
    for (const [topic, said] of Object.entries(lives)) {
      const seen = record();
      progress.subscribe(topic, seen.callbacks);
      await until(() => seen.snapshots.length === 1);
      t.match(seen.snapshots[0], { position: { offset: 0 }, state: NOTHING });
      const timestamp = new Date("2025-12-15T10:30:00.123Z");
      for (const event of said) await progress.publish(topic, event, { timestamp });
      await until(() => seen.ends.length === 1);
      const heads = seen.events.map(({ topic, timestamp, position }) => ({
        topic,
        timestamp,
        offset: position.offset,
      }));
      t.same(
        heads,
        said.map((_, i) => ({ topic, timestamp, offset: i + 1 })),
      );
      t.match(seen.events, said);
      for (const [i, event] of seen.events.entries()) t.same(bodyOf(event), said[i], event.type);
    }
    t.equal(progress.getSubscriptionCount(), 0);
  });

  t.test(`nothing is lost and nothing comes twice across restarts of the server (${encoding})`, async (t) => {
    const first = await ready(t, encoding);
    const { client, progress, url } = first;
    const port = new URL(url).port;
    let { server } = first;
    await client.training.createSession({ experimentId: "e" });
    const [one, all] = [record(), record()];
    progress.subscribeToTraining({ experimentId: "e", ...one.callbacks });
    progress.subscribe("training.*", all.callbacks);
    await until(() => one.snapshots.length > 0 && all.snapshots.length > 0);
    const published: Promise<{ offset: number }>[] = [];
    const line = (i: number) => progress.publish("training.e", { type: "log", level: "INFO", message: `line ${i}` });
    for (let restart = 0; restart < 3; restart++) {
      for (let i = 0; i < 50; i++) published.push(line(restart * 100 + i));
      // In the midst of them.
      await published.at(-40);
      const closing = server.close();
      for (let i = 50; i < 100; i++) published.push(line(restart * 100 + i));
      await closing;
      ({ server } = await serve(t, { models, flags: { port } }));
    }
    await Promise.all(published);
    await client.training.setStatus("e", "running");
    await client.training.setStatus("e", "completed");
    await until(() => one.ends.length === 1 && all.ends.length === 1);
    const lines = (events: readonly TidewireEvent[]) =>
      events.flatMap((event) => (event.type === "log" ? [event.message] : []));
    const wanted = Array.from({ length: 300 }, (_, i) => `line ${i}`);
    t.same(lines(one.events), wanted);
    t.same(lines(all.events), wanted);
    t.same([one.gaps, all.gaps], [[], []]);
    t.same([one.ends.length, all.ends.length, progress.getSubscriptionCount()], [1, 1, 1]);
  });

  t.test(`the load of a host (${encoding})`, async (t) => {
    const { progress } = await ready(t, encoding);
    const seen = record();
    progress.subscribeToSystem({ node: "n1", ...seen.callbacks });
    await until(() => seen.snapshots.length === 1);
    const stats = {
      cpu: { cpuUtil: 12.5, cores: [10, 15] },
      memory: { ramPercent: 40, totalBytes: 2 ** 40 },
      disks: [],
      gpus: [],
    };
    await progress.publish("system.n1", { type: "system_stats", ...stats, hostname: "h" });
    await until(() => seen.events.length === 1);
    t.match(seen.events, [{ type: "system_stats", family: "system", node: "n1", ...stats, hostname: "h" }]);
  });
}

t.test("routes of training runs", async (t) => {
  const { client } = await ready(t, "proto");
  const { training } = client;
  t.match(await training.createSession({ experimentId: "e", config: { learning_rate: 0.1 }, totalEpochs: 3 }), {
    experimentId: "e",
    status: "queued",
    config: { learning_rate: 0.1 },
    totalEpochs: 3,
  });
  await t.rejects(training.createSession({ experimentId: "e" }), { code: "SESSION_EXISTS" });
  t.match(await training.setStatus("e", "running", "go"), { status: "running", message: "go", startedAt: Date });
  await t.rejects(training.setStatus("e", "queued"), { code: "INVALID_TRANSITION" });
  await t.rejects(training.setStatus("e", "resting" as never), { code: "INVALID_MESSAGE", message: /queued running/ });
  t.match(await training.log("e", { level: "INFO", message: "one", source: "trainer" }), { offset: Number });
  const timestamp = new Date(1000);
  const positions = await training.log("e", [
    { level: "ERROR", message: "two", timestamp },
    { level: "DEBUG", message: "three" },
  ]);
  t.equal(positions.length, 2);
  await training.metrics("e", { metrics: { "val/acc": 0.5, bad: Number.NaN }, epoch: 1, step: 10 });
  const { entries, generation, next } = await training.getLogs("e", { level: "INFO", limit: 1 });
  t.match(entries, [{ level: "INFO", message: "one", source: "trainer", timestamp: Date }]);
  t.match((await training.getLogs("e", { after: next, level: "INFO" })).entries, [{ message: "two", timestamp }]);
  t.ok(generation > 0);
  t.same((await training.getMetrics("e")).entries[0]?.metrics, { "val/acc": 0.5, bad: Number.NaN });
  t.same((await training.getMetrics("e", { name: "bad" })).entries[0]?.metrics, { bad: Number.NaN });
  t.match(await training.getInfo("e"), {
    metrics: { "val/acc": 0.5 },
    lastLog: { level: "DEBUG" },
    counts: { log: 3 },
  });
  await training.createSession({ experimentId: "f" });
  const page = await training.list({ limit: 1 });
  t.match(page, { sessions: [{ experimentId: "e" }], next: "e" });
  t.match(await training.list({ after: page.next }), { sessions: [{ experimentId: "f" }] });
  await training.remove("e");
  await t.rejects(training.getInfo("e"), { code: "SESSION_NOT_FOUND" });
});

t.test("routes of topics, events, tasks and workflows", async (t) => {
  const { client } = await ready(t, "json");
  t.match(await client.events.publish("task.p.a", { type: "task_started" }, { idempotencyKey: "k" }), { offset: 1 });
  t.match(await client.events.publish("task.p.a", { type: "task_started" }, { idempotencyKey: "k" }), { offset: 1 });
  await client.events.publish("task.p.a", { type: "step_progress", progress: 40 });
  t.match(await client.topics.list({ pattern: "task.>" }), {
    topics: [{ topic: "task.p.a", status: "running", progress: 40 }],
  });
  t.match(await client.topics.get("task.p.a"), {
    type: "snapshot",
    taskId: "a",
    state: { status: "running", createdAt: Date },
  });
  const { entries } = await client.topics.events("task.p.a", { after: 1, types: ["step_progress"] });
  t.match(entries, [{ type: "step_progress", projectId: "p", progress: 40, position: { offset: 2 } }]);
  await t.rejects(client.topics.get("task.p.none"), { code: "TOPIC_NOT_FOUND" });
  await client.tasks.cancel("p", "a", "enough");
  t.match((await client.topics.events("task.p.a", { after: 2 })).entries, [
    { type: "cancel_requested", reason: "enough" },
  ]);
  await t.rejects(client.tasks.cancel("p", "none"), { code: "TASK_NOT_FOUND" });
  await client.events.publish("workflow.w.x", { type: "workflow_execution_created" });
  await client.workflows.cancel("w", "x");
  await t.rejects(client.evaluations.cancel("none"), { code: "TASK_NOT_FOUND" });
  t.match(await client.connectionStats(), { activeConnections: 0, subscribers: {} });
});

t.test("evaluations: a file that is sent along, what becomes of it, and the end of it", async (t) => {
  const { client, progress } = await ready(t, "proto");
  const file = new Blob(["AT,AP,AH,AFDP,GTEP\n20,1013,77,3.9,25\n21,1013,77,3.9,25\n"]);
  const manualBoostSignals = { CO: false };
  const { id, topic } = await client.evaluations.start({
    ensembleName: "gas_turbine",
    file,
    manualBoostSignals,
    includeReadings: false,
  });
  t.equal(topic, `evaluation.${id}`);
  const seen = record();
  progress.subscribeToEvaluation({ evaluationId: id, ...seen.callbacks });
  await until(() => seen.ends.length === 1);
  t.match(seen.ends, [["complete", { evaluationId: id }]]);
  t.match(await client.evaluations.get(id), { status: "completed", rows: 2, createdAt: Date, quality: {} });
  const csv = await (await client.evaluations.result(id)).text();
  t.match(csv, /predicted_TEY/);
  t.notMatch(csv, /AFDP/);
  t.match(await client.evaluations.list(), [{ id }]);
  await t.rejects(client.evaluations.cancel(id), { code: "TASK_FINISHED" });
  await client.evaluations.remove(id);
  await t.rejects(client.evaluations.get(id), { code: "TASK_NOT_FOUND" });
  await t.rejects(client.evaluations.start({ ensembleName: "gas_turbine", path: "../secret.csv" }), {
    code: "INVALID_PATH",
  });
});

/** The event as it was said: without its place. */
function bodyOf({ topic: _t, position: _p, timestamp: _w, family: _f, ...rest }: TidewireEvent): object {
  const ids = ["projectId", "taskId", "workflowId", "executionId", "containerId"];
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !ids.includes(name)));
}
