// Tasks, workflows and containers: live lists, one in detail, cancelled from the page.
import t from "tap";
import { violations } from "../support/accessibility.js";
import { pageTests, showIn } from "../support/pages.js";
import type { PageServer } from "../support/server.js";

const test = await pageTests(t, { flags: ["--event-log", "memory"] });

const publish = (server: PageServer, topic: string, type: string, data: object = {}) =>
  server.call("/events", { topic, type, data });

await test("without anything the page teaches how something comes about", async (t, { page, open }) => {
  await open("/tasks");
  await page.getByRole("heading", { name: "Nothing has been reported yet" }).waitFor();
  t.match(await page.locator("pre").textContent(), /tidewire publish task\./);
});

await test("a task is cancelled from the page: asked first, cancelled when its owner says so", async (t, visit) => {
  const { page, open, server } = visit;
  await publish(server, "task.shop.import", "task_started", { total_steps: 5 });
  await open("/tasks");
  const row = page.getByRole("row", { name: /import/ });
  await row.getByText("Running").waitFor();
  await publish(server, "task.shop.import", "step_progress", {
    progress: 40,
    step: 2,
    stage: "parse",
    message: "reading",
  });
  await row.getByText("reading").waitFor();
  t.equal(await row.getByRole("progressbar").getAttribute("aria-valuenow"), "40");
  await row.getByRole("button", { name: "Cancel import" }).click();
  await row.getByText("Cancel requested").waitFor();
  t.equal(await row.getByRole("button", { name: "Cancel import" }).count(), 0, "once is enough");
  await publish(server, "task.shop.import", "task_cancelled", { reason: "asked by the dashboard" });
  await row.getByText("Stopped").waitFor();
  await row.getByText("asked by the dashboard").waitFor();
});

await test("a workflow shows its phases, a container its exit code", async (t, { page, open, server }) => {
  const workflow = "workflow.nightly.run_1";
  await publish(server, workflow, "workflow_execution_created", { total_phases: 3 });
  await publish(server, workflow, "workflow_execution_started");
  await publish(server, workflow, "workflow_phase_started", { phase: "extract", phase_number: 1 });
  await publish(server, "container.shop.worker", "container_started");
  await open("/tasks");
  await page.getByRole("link", { name: "run_1" }).click();
  await page.waitForURL(/topic=workflow\.nightly\.run_1/);
  const phases = page.locator(".phases li");
  await phases.filter({ hasText: /extract.*Running/ }).waitFor();
  t.equal(await phases.count(), 3, "with those to come");
  await publish(server, workflow, "workflow_phase_completed", {
    phase: "extract",
    phase_number: 1,
    duration_seconds: 75,
  });
  await phases.filter({ hasText: /extract.*Completed.*1 min 15 s/ }).waitFor();
  await publish(server, workflow, "workflow_phase_started", { phase: "train", phase_number: 2 });
  await publish(server, workflow, "workflow_execution_failed", { error: "disk full", phase: "train" });
  await phases.filter({ hasText: /train.*Failed/ }).waitFor();
  t.equal(await phases.count(), 2, "nothing comes after the end");
  await page.getByRole("list", { name: "Events, the newest first" }).getByText("disk full").waitFor();
  for (const theme of ["light", "dark"] as const) {
    await showIn(page, theme);
    t.same(await violations(page), [], theme);
  }

  const container = page.getByRole("table", { name: "Containers" }).getByRole("row", { name: /worker/ });
  await container.getByText("Running").waitFor();
  await publish(server, "container.shop.worker", "container_stopped", { exit_code: 137 });
  await container.getByRole("cell", { name: "137" }).waitFor();
});

await test("lists are filtered, and the address brings the view back", async (t, { page, open }) => {
  await open("/tasks?topic=task.shop.import&active=1");
  await page.locator(".task-detail").getByText("Stopped", { exact: true }).waitFor();
  await page.getByText("None matches.").first().waitFor();
  await page.getByRole("button", { name: "Active only" }).click();
  await page.getByRole("button", { name: /^Tasks/ }).click();
  await page.getByRole("table", { name: "Workflows" }).waitFor({ state: "detached" });
  await page.getByRole("row", { name: /import/ }).waitFor();
  t.match(page.url(), /kind=task/);
  await page.locator(".task-detail").getByRole("button", { name: "Close" }).click();
  await page.locator(".task-detail").waitFor({ state: "detached" });
  await page.goBack();
  await page.locator(".task-detail").waitFor();
  t.same(await violations(page), []);
});
