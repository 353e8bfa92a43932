// The life of a run as its page tells it: asked to pause and to stop, fallen silent, cut off.
import t from "tap";
import { violations } from "../support/accessibility.js";
import { SERVER_AWAY } from "../support/guard.js";
import { pageTests } from "../support/pages.js";
import type { PageServer } from "../support/server.js";

/** Silence after which a run is lost: long enough for what a test does to one that must not be. */
const LEASE_MS = 4000;
const test = await pageTests(t, { flags: ["--lease-ms", String(LEASE_MS)] });

async function begin(server: PageServer, id: string): Promise<void> {
  await server.call("/training/logs/session", { experiment_id: id, total_epochs: 10, config: { lr: 0.001 } });
  await server.call(`/training/logs/${id}/status`, { status: "running" }, "PUT");
}

const setStatus = (server: PageServer, id: string, status: string) =>
  server.call(`/training/logs/${id}/status`, { status }, "PUT");

await test("a run is paused, resumed and stopped from the page", async (t, { page, open, server }) => {
  await begin(server, "mine");
  await open("/runs/mine");
  const pill = page.locator(".page-head .pill");
  await page.getByRole("button", { name: "Pause" }).click();
  await pill.getByText("Paused").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await pill.getByText("Running").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop mine?" });
  await dialog.waitFor();
  t.same(await violations(page), []);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  t.equal(await page.evaluate(() => document.activeElement?.textContent), "Stop", "the focus is back where it was");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Stop the run" }).click();
  await pill.getByText("Stopped").waitFor();
  t.equal(await page.getByRole("button", { name: "Stop" }).count(), 0);
  t.match(await server.call("/training/logs/mine/info"), { status: "stopped" });
});

await test("a run that falls silent is lost, not failed, and comes back", async (t, { page, open, server }) => {
  await begin(server, "silent");
  await open("/runs/silent");
  await page.getByText("Nothing has been heard of this run for longer").waitFor();
  await page.locator(".page-head .pill").getByText("Lost").waitFor();
  t.same(await violations(page), []);
  await server.call("/training/logs/silent/metrics", { step: 1, metrics: { loss: 1 } });
  await page.locator(".page-head .pill").getByText("Running").waitFor();
  await page.getByText("Nothing has been heard of this run for longer").waitFor({ state: "detached" });
  await setStatus(server, "silent", "stopped");
});

await test("a restart of the server loses nothing on the page", async (t, { page, open, server, guard }) => {
  guard.expect(SERVER_AWAY);
  await begin(server, "restart");
  await server.call("/training/logs/restart/log", { level: "INFO", message: "before" });
  await open("/runs/restart");
  await page.getByText("before", { exact: true }).waitFor();
  await server.kill();
  await page.getByRole("button", { name: /^(Reconnecting|Stale)/ }).waitFor();
  await server.restart();
  await server.call("/training/logs/restart/log", { level: "INFO", message: "meanwhile" });
  await page.getByText("meanwhile", { exact: true }).waitFor();
  await page.getByRole("button", { name: /^Live/ }).waitFor();
  t.equal(await page.getByText("before", { exact: true }).count(), 1);
  t.equal(await page.getByText("meanwhile", { exact: true }).count(), 1);
});

await test("a run that is not there is shown once it is", async (t, { page, open, server }) => {
  await open("/runs/later");
  await page.getByRole("heading", { name: "The server knows no run of this name" }).waitFor();
  t.same(await violations(page), []);
  await begin(server, "later");
  await page.locator(".page-head .pill").getByText("Running").waitFor();
});
