// The table of runs: filtered, sorted, live, by keyboard alone; the address holds the view.
import type { Page } from "playwright-core";
import t from "tap";
import { violations } from "../support/accessibility.js";
import { pageTests, showIn } from "../support/pages.js";
import type { PageServer } from "../support/server.js";

const test = await pageTests(t, { flags: ["--event-log", "memory"] });

const names = (page: Page) => page.locator("tbody a").allTextContents();

async function begin(server: PageServer, id: string, config: object, status?: string): Promise<void> {
  await server.call("/training/logs/session", { experiment_id: id, total_epochs: 10, config });
  if (status === undefined) return;
  await server.call(`/training/logs/${id}/status`, { status: "running" }, "PUT");
  if (status !== "running") await server.call(`/training/logs/${id}/status`, { status }, "PUT");
}

await test("without runs the page teaches how to make one", async (t, { page, open, server }) => {
  await open("/runs");
  await page.getByRole("heading", { name: "No runs yet" }).waitFor();
  t.same(await violations(page), []);
  // What it says is true: the same requests make a run.
  await begin(server, "run_1", { model: "mlp" }, "running");
  await page.getByRole("link", { name: "run_1" }).waitFor();
});

await test("rows are live, filtered and sorted, and the address brings the view back", async (t, visit) => {
  const { page, open, server } = visit;
  await begin(server, "run_10", { model: "lstm" }, "completed");
  await begin(server, "run_2", { model: "lstm" }, "failed");
  await open("/runs");
  await page.getByRole("link", { name: "run_10" }).waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  t.same(await names(page), ["run_1", "run_2", "run_10"], "as people sort them");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  t.same(await names(page), ["run_10", "run_2", "run_1"]);
  t.equal(await page.getByRole("columnheader", { name: "Run", exact: true }).getAttribute("aria-sort"), "descending");

  await page.getByRole("searchbox", { name: "Filter runs" }).fill("LSTM");
  await page.getByRole("link", { name: "run_1", exact: true }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: /^failed/ }).click();
  await page.getByRole("heading", { name: "1 of 3 runs" }).waitFor();
  t.same(await names(page), ["run_2"]);
  const address = page.url();
  t.match(address, /q=LSTM/);
  t.match(address, /status=failed/);
  t.match(address, /sort=name/);

  await page.reload();
  await page.getByRole("heading", { name: "1 of 3 runs" }).waitFor();
  t.same(await names(page), ["run_2"], "the same after a reload");
  await page.goBack();
  await page.getByRole("heading", { name: "2 of 3 runs" }).waitFor();
  t.notMatch(page.url(), /status=/, "back undoes the choice of a status");

  await page.getByRole("searchbox", { name: "Filter runs" }).fill("");
  await server.call("/training/logs/run_1/metrics", { epoch: 5, metrics: { "val/loss": 0.25 } });
  const row = page.getByRole("row", { name: /run_1 / });
  await row.getByRole("progressbar").and(page.locator('[aria-valuenow="50"]')).waitFor();
  for (const theme of ["light", "dark"] as const) {
    await showIn(page, theme);
    t.same(await violations(page), [], theme);
  }
});

await test("by keyboard alone: from the overview to a run", async (t, { page, open }) => {
  await open("/");
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.getByRole("heading", { name: "Runs", level: 1 }).waitFor();
  await page.getByRole("link", { name: "run_10" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("run_10");
  await page.getByRole("heading", { name: "1 of 3 runs" }).waitFor();
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement?.textContent === "run_10")) break;
  }
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle);
  t.equal(outline, "solid", "the focus is seen");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "run_10", level: 1 }).waitFor();
  t.equal(await page.evaluate(() => document.activeElement?.id), "main", "and is at the beginning of the new page");
});

await test("a small window shows the table without scrolling sideways", async (t, { page, open }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const path of ["/", "/runs", "/tasks", "/runs/run_1"]) {
    await open(path);
    await page.getByText("run_1").or(page.getByText("Nothing has been reported")).first().waitFor();
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    t.equal(beyond, 0, path);
  }
});
