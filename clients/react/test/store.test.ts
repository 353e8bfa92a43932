// What the store promises, in a real Chromium against the real server: one subscription however many look, one telling a
// frame, nothing lost across cuts and hidden pages, and a run's past.
import type { WebSocket } from "playwright-core";
import t from "tap";
import type { PageServer } from "../../../test/browser/support/server.js";
import type { LogBuffer, MetricStore } from "../src/index.js";
import type { StagePage } from "./support/stage.js";
import { stageTests } from "./support/stage.js";

const test = await stageTests(t);

interface Run {
  readonly run: { readonly metrics: MetricStore; readonly logs: LogBuffer };
  readonly tellings: { readonly current: number };
}

const publish = (server: PageServer, topic: string, type: string, data: object = {}) =>
  server.call("/events", { topic, type, data });
const log = (server: PageServer, id: string, entries: readonly object[]) =>
  server.call(`/training/logs/${id}/log`, entries);
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ level: "INFO", message: `line ${from + i}` }));
const metrics = (server: PageServer, id: string, from: number, to: number) =>
  server.call(
    `/training/logs/${id}/metrics`,
    Array.from({ length: to - from }, (_, i) => ({ step: from + i, metrics: { loss: 1 / (from + i + 1) } })),
  );

/** What the page's buffers hold, once they hold so many lines. */
async function held(stage: StagePage, count: number): Promise<{ messages: string[]; steps: number[] }> {
  await stage.page.waitForFunction((n) => (globalThis as unknown as Partial<Run>).run?.logs.length === n, count);
  return stage.page.evaluate(() => {
    const { run } = globalThis as unknown as Run;
    return { messages: [...run.logs].map((line) => line.message), steps: [...(run.metrics.get("loss")?.step ?? [])] };
  });
}

const messages = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`);
const steps = (count: number) => Array.from({ length: count }, (_, i) => i);

await test("StrictMode, remounts and several components: one subscription on the wire", async (t, stage, {
  server,
}) => {
  const topic = "task.p.strict";
  await publish(server, topic, "task_started");
  await stage.show({ scene: "Selected", props: { projectId: "p", taskId: "strict" }, isStrict: true });
  await stage.until({ connection: "live", status: "running" });
  t.equal(stage.sent("subscribe", topic), 1);
  t.equal(stage.sent("unsubscribe", topic), 0);
  const { subscribers } = await server.call<{ subscribers: object }>("/ws/stats");
  t.same(subscribers, { [topic]: 1 });

  await stage.show({ scene: "Blinking", props: { projectId: "p", taskId: "strict" } });
  await stage.until({ connection: "live" });
  const blink = stage.page.getByRole("button");
  await blink.click();
  await blink.click();
  await stage.until({ connection: "live" });
  t.equal(stage.sent("subscribe", topic), 2, "another client, another one; a remount none");
  await blink.click();
  await stage.untilSent("unsubscribe", topic, 1);
});

await test("a provider that goes closes what it has opened; sessions are shared, and go with it", async (t, stage, {
  server,
  page,
}) => {
  await publish(server, "task.p.own", "task_started");
  const connections = async () => {
    const stats = await server.call<{ active_connections: number }>("/ws/stats");
    return stats.active_connections;
  };
  const before = await connections();
  const open: WebSocket[] = [];
  page.on("websocket", (socket) => open.push(socket));
  await stage.show({ scene: "Own", props: { url: server.url, projectId: "p", taskId: "own" }, isStrict: true });
  await stage.until({ connection: "live", status: "running" });
  await page.getByText('"signals"').waitFor();
  t.equal(await connections(), before + 2, "one for all topics, one for both components that predict");
  const closed = Promise.all(open.map((socket) => socket.waitForEvent("close")));
  await page.evaluate(() =>
    (globalThis as unknown as { session: { predict(reading: object): Promise<object> } }).session.predict({
      AT: 20,
      AP: 1013,
      AH: 77,
      AFDP: 3.9,
      GTEP: 25,
    }),
  );
  await stage.until({ count: 1 }, "predicted");
  await page.getByRole("button", { name: "Toggle" }).click();
  await closed;
});

await test("a component renders for what it reads alone", async (t, stage, { server }) => {
  const topic = "task.p.select";
  await publish(server, topic, "task_started");
  await publish(server, topic, "step_progress", { progress: 10 });
  await stage.show({ scene: "Selected", props: { projectId: "p", taskId: "select" } });
  await stage.until({ progress: 10 }, "selected");
  await stage.until({ connection: "live" });
  const before = await stage.renders("selected");
  for (const message of ["a", "b", "c"]) {
    await publish(server, topic, "step_progress", { progress: 10, message });
    await stage.until({ message });
  }
  t.equal(await stage.renders("selected"), before);
  await publish(server, topic, "step_progress", { progress: 11 });
  await stage.until({ progress: 11 }, "selected");
  t.equal(await stage.renders("selected"), before + 1);
});

await test("a burst of 1000 events is a few renders, and all of it is recorded", async (t, stage, { server }) => {
  await server.call("/training/logs/session", { experiment_id: "burst" });
  await stage.show({ scene: "Training", props: { experimentId: "burst" } });
  await stage.until({ connection: "live", history: "complete" });
  const before = await stage.renders();
  await metrics(server, "burst", 0, 1000);
  await log(server, "burst", lines(0, 1000));
  const seen = await held(stage, 1000);
  t.same(seen, { messages: messages(1000), steps: steps(1000) });
  const renders = (await stage.renders()) - before;
  const tellings = await stage.page.evaluate(() => (globalThis as unknown as Run).tellings.current);
  t.ok(renders <= 40, `${renders} renders`);
  t.ok(tellings <= 80, `${tellings} tellings of two buffers`);
});

await test("a run's past is there, and goes over into its present without a seam", async (t, stage, { server }) => {
  await server.call("/training/logs/session", { experiment_id: "past", config: { lr: 0.1 }, total_epochs: 3 });
  for (let at = 0; at < 3000; at += 1000) {
    await metrics(server, "past", at, at + 1000);
    await log(server, "past", lines(at, at + 1000));
  }
  await stage.show({ scene: "Training", props: { experimentId: "past" } });
  // While the past is being fetched.
  await metrics(server, "past", 3000, 3500);
  await log(server, "past", lines(3000, 3500));
  await held(stage, 3500);
  const seen = await stage.until({ history: "complete", totalEpochs: 3 });
  t.match(seen, { config: { lr: 0.1 }, latest: { loss: 1 / 3500 } });
  t.same(await held(stage, 3500), { messages: messages(3500), steps: steps(3500) });
  const order = await stage.page.evaluate(() => {
    const { logs } = (globalThis as unknown as Run).run;
    const seqs = [...logs].map(({ seq }) => seq);
    return { isRising: seqs.every((seq, i) => i === 0 || seq > (seqs[i - 1] as number)), info: logs.counts.INFO };
  });
  t.same(order, { isRising: true, info: 3500 });
});

await test("nobody reads the buffers: nothing of the past is fetched", async (t, stage, { server, page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await stage.show({ scene: "TrainingState", props: { experimentId: "past" } });
  await stage.until({ status: "queued" });
  await server.call("/training/logs/past/status", { status: "running" }, "PUT");
  await stage.until({ status: "running" });
  t.same(
    asked.filter((url) => url.includes("/api/v1/topics")),
    [],
  );
});

await test("a run that is removed and begun again begins again here", async (t, stage, { server }) => {
  await server.call("/training/logs/session", { experiment_id: "again" });
  await log(server, "again", lines(0, 3));
  await stage.show({ scene: "Training", props: { experimentId: "again" } });
  await held(stage, 3);
  await server.call("/training/logs/again", undefined, "DELETE");
  await held(stage, 0);
  await server.call("/training/logs/session", { experiment_id: "again" });
  await log(server, "again", [{ level: "ERROR", message: "new" }]);
  t.same((await held(stage, 1)).messages, ["new"]);
});

await test("the server is killed and comes back: nothing is lost, nothing comes twice", async (t, stage, {
  server,
  guard,
}) => {
  guard.expect(/ERR_|WebSocket/);
  await server.call("/training/logs/session", { experiment_id: "cut" });
  await log(server, "cut", lines(0, 10));
  await stage.show({ scene: "Training", props: { experimentId: "cut" } });
  await held(stage, 10);
  await server.kill();
  await stage.until({ connection: "reconnecting" });
  await server.restart();
  await log(server, "cut", lines(10, 20));
  t.same((await held(stage, 20)).messages, messages(20));
  await stage.until({ connection: "live" });
});

await test("a hidden page follows nothing after a while, and misses nothing when it is seen again", async (t, stage, {
  server,
}) => {
  const topic = "training.hidden";
  await server.call("/training/logs/session", { experiment_id: "hidden" });
  await log(server, "hidden", lines(0, 10));
  await stage.show({ scene: "Training", props: { experimentId: "hidden" }, hiddenGraceMs: 20 });
  await held(stage, 10);
  await stage.hide(true);
  await stage.untilSent("unsubscribe", topic, 1);
  await stage.until({ connection: "stale" });
  await log(server, "hidden", lines(10, 30));
  await server.call("/training/logs/hidden/status", { status: "running" }, "PUT");
  await stage.hide(false);
  t.same((await held(stage, 30)).messages, messages(30));
  await stage.until({ connection: "live", status: "running" });
  t.equal(stage.sent("subscribe", topic), 2);

  await stage.hide(true);
  await stage.hide(false);
  await log(server, "hidden", lines(30, 31));
  await held(stage, 31);
  t.equal(stage.sent("subscribe", topic), 2, "a look aside is no reason to stop");
});

await test("what is removed while the page is hidden is gone from a list when it is seen again", async (t, stage, {
  server,
  page,
}) => {
  for (const id of ["stays", "goes"]) await server.call("/training/logs/session", { experiment_id: `list-${id}` });
  await stage.show({ scene: "Topics", props: { pattern: "training.*" }, hiddenGraceMs: 20 });
  await page.getByText("training.list-goes").waitFor();
  await stage.hide(true);
  await stage.untilSent("unsubscribe", "training.*", 1);
  await stage.until({ connection: "stale" });
  await server.call("/training/logs/list-goes", undefined, "DELETE");
  await stage.hide(false);
  const { topics } = await stage.until({ connection: "live" });
  t.match(topics, { "training.list-stays": "queued" });
  t.notOk(Object.keys(topics as object).includes("training.list-goes"));
});
