// Every hook in a real Chromium, against the real server.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { PageServer } from "../../../test/browser/support/server.js";
import type * as Server from "./page/server.js";
import { bundlePage } from "./support/bundle.js";
import { stageTests } from "./support/stage.js";

const test = await stageTests(t);

const publish = (server: PageServer, topic: string, type: string, data: object = {}) =>
  server.call("/events", { topic, type, data });

await test("a task: nothing yet, live, and over", async (t, stage, { server }) => {
  const topic = "task.p.live";
  await stage.show({ scene: "Task", props: { projectId: "p", taskId: "live" } });
  await stage.until({ connection: "live", exists: false, isEnded: false });
  await publish(server, topic, "task_started", { message: "begun" });
  await stage.until({ connection: "live", exists: true, status: "running", message: "begun" });
  await publish(server, topic, "step_progress", { progress: 42, stage: "reading" });
  await stage.until({ progress: 42, stage: "reading" });
  await publish(server, topic, "task_completed", { result: { rows: 3 } });
  await stage.until({ connection: "ended", status: "completed", isEnded: true, result: { rows: 3 } });
  const { subscribers } = await server.call<{ subscribers: object }>("/ws/stats");
  t.same(subscribers, {}, "nothing is followed beyond the end");
});

await test("a task that had ended before, and one that failed", async (t, stage, { server }) => {
  await publish(server, "task.p.old", "task_started");
  await publish(server, "task.p.old", "task_failed", { error: "disk full" });
  await stage.show({ scene: "Task", props: { projectId: "p", taskId: "old" } });
  const seen = await stage.until({ connection: "ended", status: "failed" });
  t.match(seen, { failure: "disk full", isEnded: true });
});

await test("nothing to follow, and what the server refuses", async (_t, stage) => {
  await stage.show({ scene: "Task", props: { projectId: "p" } });
  await stage.until({ connection: "idle" });
  await stage.show({ scene: "Task", props: { projectId: "p", taskId: "a.b" } });
  await stage.until({ connection: "stale", error: "INVALID_TOPIC" });
});

await test("the other families", async (_t, stage, { server }) => {
  await publish(server, "workflow.w.x", "workflow_execution_created", { total_phases: 2 });
  await publish(server, "workflow.w.x", "workflow_execution_started");
  await stage.show({ scene: "Workflow", props: { workflowId: "w", executionId: "x" } });
  const before = ["workflow_execution_created", "workflow_execution_started"];
  await stage.until({ connection: "live", status: "running", totalSteps: 2, events: before, history: "complete" });
  await publish(server, "workflow.w.x", "workflow_phase_started", { phase: "train", phase_number: 1 });
  await stage.until({ stage: "train", step: 1, events: [...before, "workflow_phase_started"] });

  await publish(server, "container.p.c", "container_started");
  await stage.show({ scene: "Container", props: { projectId: "p", containerId: "c" } });
  await stage.until({ status: "running", connection: "live" });
  await publish(server, "container.p.c", "container_stopped", { exit_code: 3 });
  await stage.until({ status: "stopped", exitCode: 3, connection: "ended" });

  await publish(server, "training.g", "status_changed", { status: "running" });
  await stage.show({ scene: "Progress", props: { topic: "training.g" } });
  await publish(server, "training.g", "progress", { progress: 7 });
  await stage.until({ status: "running", progress: 7 });
});

await test("an evaluation that the server runs", async (_t, stage, { server }) => {
  const form = new FormData();
  form.append("ensemble_name", "gas_turbine");
  form.append("file", new Blob([`AT,AP,AH,AFDP,GTEP\n${"20,1013,77,3.9,25\n".repeat(50)}`]), "rows.csv");
  const reply = await fetch(`${server.url}/api/v1/evaluations`, { method: "POST", body: form });
  const { id } = (await reply.json()) as { id: string };
  await stage.show({ scene: "Evaluation", props: { id } });
  await stage.until({ status: "completed", progress: 100, connection: "ended" });
});

await test("a list of topics", async (t, stage, { server }) => {
  for (const id of ["a", "b"]) await server.call("/training/logs/session", { experiment_id: `list-${id}` });
  await stage.show({ scene: "Topics", props: { pattern: "training.*" } });
  const { topics } = await stage.until({ connection: "live" });
  t.match(topics, { "training.list-a": "queued", "training.list-b": "queued" });
  await server.call("/training/logs/list-a/status", { status: "running" }, "PUT");
  await server.call("/training/logs/session", { experiment_id: "list-c" });
  await stage.page.waitForFunction(() => document.body.textContent?.includes('"training.list-c":"queued"'));
  await server.call("/training/logs/list-b", undefined, "DELETE");
  await stage.page.waitForFunction(() => !document.body.textContent?.includes("list-b"));
});

await test("a list of what nobody has begun is live too", async (_t, stage) => {
  await stage.show({ scene: "Topics", props: { pattern: "container.>", filter: { types: ["container_started"] } } });
  await stage.until({ connection: "live" });
});

await test("the load of the host, and its course", async (_t, stage) => {
  await stage.show({ scene: "System" });
  await stage.until({ connection: "live", points: 2 });
});

await test("predictions", async (t, stage) => {
  await stage.show({ scene: "Inference", props: { ensembleName: "gas_turbine" } });
  await stage.until({ connection: "live", count: 0, signals: ["TIT", "TAT", "TEY", "CDP", "CO", "NOX"] });
  const predict = (reading: object) =>
    stage.page.evaluate(
      (given) => (globalThis as unknown as { session: { predict(r: object): Promise<object> } }).session.predict(given),
      reading,
    );
  t.match(await predict({ AT: 23.5, AP: 1013.2, AH: 77.1, AFDP: 3.9, GTEP: 25.5 }), { predictions: { TEY: Number } });
  await stage.until({ predicted: 6, count: 1, pending: 0, points: 1 });
  await t.rejects(predict({ AT: 23.5 }));
  await stage.until({ error: "MISSING_SIGNALS", count: 1, pending: 0 });
  await stage.show({ scene: "Inference", props: { ensembleName: "nobody" } });
  await stage.until({ connection: "stale", error: "ENSEMBLE_NOT_FOUND" });
});

await test("a page that a server has rendered comes to life as it was, and goes on", async (t, stage, { server }) => {
  const file = join(t.testdir({}), "server.mjs");
  writeFileSync(file, await bundlePage("server.tsx", "node"));
  const { render } = (await import(file)) as typeof Server;
  await publish(server, "task.demo.import", "task_started");
  const shown = { scene: "Everything", props: { experimentId: "none" } } as const;
  // React complains in the console where the two differ, and the guard fails the test by that.
  await stage.hydrate(shown, render(shown.scene, shown.props, server.url));
  await stage.page.getByRole("article", { name: "Import" }).getByText("Running").waitFor();
  await stage.page.getByRole("meter", { name: "Memory" }).waitFor();
});

await test("where WebSockets do not come through, everything is told all the same", async (t, stage, {
  server,
  page,
  guard,
}) => {
  guard.expect(/WebSocket|connects elsewhere/);
  await page.evaluate(() => {
    const Original = WebSocket;
    // A port that browsers refuse to connect to.
    globalThis.WebSocket = class extends Original {
      constructor(_url: string | URL, protocols?: string | string[]) {
        super("ws://127.0.0.1:9", protocols);
      }
    };
  });
  await publish(server, "task.p.blocked", "task_started");
  await stage.show({ scene: "Task", props: { projectId: "p", taskId: "blocked" } });
  await stage.until({ connection: "live", status: "running" });
  await publish(server, "task.p.blocked", "step_progress", { progress: 5 });
  await stage.until({ progress: 5 });
  t.equal(stage.sent("subscribe", "task.p.blocked"), 0);
});

await test("what is published is seen within 100 ms", async (t, stage, { server, page }) => {
  await publish(server, "task.p.fast", "task_started");
  await stage.show({ scene: "Task", props: { projectId: "p", taskId: "fast" } });
  await stage.until({ connection: "live" });
  const times: number[] = [];
  for (let progress = 1; progress <= 9; progress++) {
    const took = await page.evaluate(async (value) => {
      const isSeen = () => document.querySelector("[data-testid=seen]")?.textContent?.includes(`"progress":${value},`);
      const seen = new Promise<number>((resolve) => {
        const watcher = new MutationObserver(() => {
          if (!isSeen()) return;
          watcher.disconnect();
          resolve(performance.now());
        });
        watcher.observe(document.body, { subtree: true, childList: true, characterData: true });
      });
      const begun = performance.now();
      const body = JSON.stringify({ topic: "task.p.fast", type: "step_progress", data: { progress: value } });
      await fetch("/api/v1/events", { method: "POST", body, headers: { "content-type": "application/json" } });
      return (await seen) - begun;
    }, progress);
    times.push(took);
  }
  const median = times.sort((a, b) => a - b)[4] as number;
  t.ok(median <= 100, `${median.toFixed(1)} ms, the median of 9`);
});

await test("the connection: idle, live, its round trip, away, back", async (_t, stage, { server, guard }) => {
  guard.expect(/ERR_|WebSocket/);
  await stage.show({ scene: "Connection" });
  await stage.until({ connection: "idle" });
  await stage.show({ scene: "Connection", props: { topic: "task.p.connection" } });
  await stage.until({ connection: "live", measured: true, attempts: 0 });
  await server.kill();
  await stage.until({ connection: "reconnecting", measured: false });
  await stage.page.waitForFunction(() => /"attempts":[1-9]/.test(document.body.textContent ?? ""));
  await server.restart();
  await stage.until({ connection: "live", measured: true, attempts: 0 });
  await stage.page.getByRole("button").click();
  await stage.until({ connection: "live", measured: true });
});
