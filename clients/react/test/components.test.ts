// Every component in a real Chromium, against the real server: what is seen, what is read aloud, what the keyboard does.
import t from "tap";
import { violations } from "../../../test/browser/support/accessibility.js";
import type { PageServer } from "../../../test/browser/support/server.js";
import { type StagePage, stageTests } from "./support/stage.js";

const test = await stageTests(t);

const publish = (server: PageServer, topic: string, type: string, data: object = {}) =>
  server.call("/events", { topic, type, data });
/** What the polite and the urgent voice have said last. */
const spoken = ({ page }: StagePage, voice: "status" | "alert") => page.locator(`#tidewire-${voice}`);
const pill = ({ page }: StagePage, text: string) => page.locator(".tidewire-pill").filter({ hasText: text });
const bar = ({ page }: StagePage, name: string) => page.getByRole("progressbar", { name });

/** A run with curves, a task, a broken one, and a workflow half done. */
async function populate(server: PageServer): Promise<void> {
  await publish(server, "task.demo.import", "task_started", { message: "Reading" });
  await publish(server, "task.demo.import", "step_progress", {
    progress: 42,
    step: 3,
    total_steps: 7,
    eta_seconds: 240,
  });
  await publish(server, "task.demo.broken", "task_started");
  await publish(server, "task.demo.broken", "task_failed", { error: "disk full" });
  await publish(server, "workflow.nightly.7", "workflow_execution_created", { total_phases: 3 });
  await publish(server, "workflow.nightly.7", "workflow_execution_started");
  await publish(server, "workflow.nightly.7", "workflow_phase_started", { phase: "Prepare", phase_number: 1 });
  await publish(server, "workflow.nightly.7", "workflow_phase_completed", { phase: "Prepare", duration_seconds: 12 });
  await publish(server, "workflow.nightly.7", "workflow_phase_started", { phase: "Train", phase_number: 2 });
  await server.call("/training/logs/session", { experiment_id: "mlp", total_epochs: 10 });
  await server.call("/training/logs/mlp/status", { status: "running" }, "PUT");
  const values = Array.from({ length: 200 }, (_, i) => ({
    epoch: 3,
    step: i,
    metrics: { "train/loss": 1 / (i + 1), lr: 0.1 },
  }));
  await server.call("/training/logs/mlp/metrics", values);
  await server.call("/training/logs/mlp/log", [
    { level: "INFO", message: "epoch 3 begins" },
    { level: "ERROR", message: "cannot upload" },
  ]);
}

await test("all components, light and dark, wide and narrow: axe finds nothing", async (t, stage, { server, page }) => {
  await populate(server);
  for (const theme of ["light", "dark"] as const) {
    for (const width of [1200, 320]) {
      await page.setViewportSize({ width, height: 800 });
      await stage.show({ scene: "Everything", props: { experimentId: "mlp" }, theme });
      await page.getByRole("meter", { name: "CPU" }).waitFor();
      await page.getByRole("button", { name: "Predict" }).click();
      await page.getByText("1 prediction").waitFor();
      await page.getByText("cannot upload").waitFor();
      await page.getByText("Train Running").waitFor();
      t.same(await violations(page), [], `${theme}, ${width} pixels`);
      const overflows = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      t.notOk(overflows, "nothing is wider than the page");
    }
  }
});

await test("a system that is dark is followed, unless the page says otherwise", async (t, stage, { page }) => {
  const surface = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--tw-surface"));
  await stage.show({ scene: "ProgressBar", props: { label: "Import", value: 1 } });
  const light = await surface();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await surface();
  t.not(light, dark);
  await stage.show({ scene: "ProgressBar", props: { label: "Import", value: 1 }, theme: "light" });
  t.equal(await surface(), light);
});

await test("a bar has a name, a number and a text; without a number it has none", async (t, stage) => {
  await stage.show({ scene: "ProgressBar", props: { label: "Upload", value: 62.4 } });
  const upload = bar(stage, "Upload");
  t.equal(await upload.getAttribute("aria-valuenow"), "62");
  t.equal(await upload.getAttribute("aria-valuetext"), "62 %");
  await stage.show({ scene: "ProgressBar", props: { label: "Looking", hidesLabel: true } });
  const looking = bar(stage, "Looking");
  t.equal(await looking.getAttribute("aria-valuenow"), null);
  t.equal(await looking.getAttribute("aria-valuetext"), "running");
  await stage.show({ scene: "ProgressBar", props: { label: "Beyond", value: 400 } });
  t.equal(await bar(stage, "Beyond").getAttribute("aria-valuenow"), "100");
});

await test("a tracker: moves, speaks at the start and the end, and shows the cause of a failure", async (t, stage, {
  server,
  page,
}) => {
  const topic = "task.p.spoken";
  await stage.show({ scene: "ProgressTracker", props: { topic, label: "Import" } });
  await page.getByText("Nothing has happened here yet.").waitFor();
  await publish(server, topic, "task_started");
  await spoken(stage, "status").filter({ hasText: "Import: running" }).waitFor({ state: "attached" });
  await publish(server, topic, "step_progress", { progress: 27, step: 3, total_steps: 10, eta_seconds: 241 });
  await page.getByText("27 %").waitFor();
  t.equal(await bar(stage, "Import").getAttribute("aria-valuetext"), "step 3 of 10, 27 %, about 4 min left");
  t.equal(await spoken(stage, "status").textContent(), "Import: running", "not every step is spoken");
  await publish(server, topic, "task_failed", { error: "disk full" });
  await spoken(stage, "alert").filter({ hasText: "Import failed: disk full" }).waitFor({ state: "attached" });
  await page.getByText("disk full", { exact: true }).waitFor();
  t.equal(await page.locator("#tidewire-status").count(), 1, "one voice for all");
});

await test("progress is spoken after 30 s, or 10 % and 3 s", async (t, stage, { server, page, guard }) => {
  // Half a minute without an answer, as the page's clock has it: the heartbeat gives the connection up.
  guard.expect(/WebSocket/);
  await page.clock.install();
  const topic = "task.p.slow";
  await publish(server, topic, "task_started");
  await stage.show({ scene: "ProgressTracker", props: { topic, label: "Slow" } });
  const voice = spoken(stage, "status");
  const hears = async (text: string) => {
    for (;;) {
      await page.clock.runFor(100);
      if ((await voice.textContent().catch(() => "")) === text) return;
    }
  };
  await hears("Slow: running");
  await page.clock.runFor(4000);
  await publish(server, topic, "step_progress", { progress: 12 });
  await hears("Slow: 12 %");
  await publish(server, topic, "step_progress", { progress: 14 });
  await page.clock.runFor(31_000);
  t.equal(await voice.textContent(), "Slow: 12 %");
  await publish(server, topic, "step_progress", { progress: 15 });
  await hears("Slow: 15 %");
});

await test("a cancel button, by the keyboard alone", async (t, stage, { server, page }) => {
  const topic = "task.p.cancelled";
  await publish(server, topic, "task_started");
  await stage.show({ scene: "ProgressTracker", props: { topic, label: "Import", isCancellable: true } });
  await page.getByRole("button", { name: "Cancel" }).waitFor();
  await page.keyboard.press("Tab");
  t.equal(await page.evaluate(() => document.activeElement?.textContent), "Cancel");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle);
  t.equal(outline, "solid", "it is seen where the keyboard is");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Stopping…" }).waitFor();
  await publish(server, topic, "task_cancelled", { reason: "asked" });
  await pill(stage, "Stopped").waitFor();
  t.equal(await page.getByRole("button").count(), 0);
});

await test("a training run is paused, resumed and stopped from its card", async (t, stage, { server, page }) => {
  await server.call("/training/logs/session", { experiment_id: "controls", total_epochs: 4 });
  await server.call("/training/logs/controls/status", { status: "running" }, "PUT");
  await stage.show({ scene: "TrainingMonitor", props: { experimentId: "controls", hasControls: true } });
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await pill(stage, "Stopped").waitFor();
  t.match(await server.call("/training/logs/controls/info"), { status: "stopped" });
});

await test("a training run's metrics and lines come as they are told", async (t, stage, { server, page }) => {
  await server.call("/training/logs/session", { experiment_id: "shown", total_epochs: 4 });
  await stage.show({ scene: "TrainingMonitor", props: { experimentId: "shown", label: "Shown" } });
  await pill(stage, "Queued").waitFor();
  await server.call("/training/logs/shown/status", { status: "running" }, "PUT");
  await server.call("/training/logs/shown/metrics", { epoch: 2, metrics: { "val/acc": 0.87 } });
  await page.getByText("0.87").waitFor();
  t.equal(await bar(stage, "Shown").getAttribute("aria-valuetext"), "epoch 2 of 4");
  t.equal(await bar(stage, "Shown").getAttribute("aria-valuenow"), "50");
  await server.call("/training/logs/shown/log", { level: "WARNING", message: "no improvement" });
  await page.getByRole("listitem").filter({ hasText: "WARNING no improvement" }).waitFor();
});

await test("a reading is typed and predicted; what is wrong is said", async (t, stage, { page }) => {
  const reading = { AT: 23.5, AP: 1013.2, AH: 77.1, AFDP: 3.9, GTEP: 25.5 };
  await stage.show({ scene: "PredictionMonitor", props: { ensembleName: "gas_turbine", reading } });
  await page.getByLabel("AT").fill("20");
  await page.getByLabel("AT").press("Enter");
  await page.getByText("1 prediction").waitFor();
  const told = await page
    .getByRole("term")
    .filter({ hasText: "TEY" })
    .locator("xpath=..")
    .getByRole("definition")
    .textContent();
  t.ok(Number(told) > 50, `${told} MWh`);
  await stage.show({ scene: "PredictionMonitor", props: { ensembleName: "nobody" } });
  await page.getByText("ENSEMBLE_NOT_FOUND").waitFor();
});

await test("away and back: a card says so", async (_t, stage, { page, server, guard }) => {
  guard.expect(/ERR_|WebSocket/);
  await publish(server, "task.p.away", "task_started");
  await stage.show({ scene: "ProgressTracker", props: { topic: "task.p.away", label: "Import" } });
  await page.getByText("Live").waitFor();
  await server.kill();
  await page.getByText("Reconnecting").waitFor();
  await server.restart();
  await page.getByText("Live").waitFor();
});

await test("the host", async (t, stage, { page }) => {
  await stage.show({ scene: "SystemMonitor", props: { label: "Host" } });
  const memory = page.getByRole("meter", { name: "Memory" });
  await memory.waitFor();
  t.match(await memory.getAttribute("aria-valuetext"), /^\d+ %, .* of .*iB$/);
  await page.getByRole("article", { name: "Host" }).waitFor();
});
