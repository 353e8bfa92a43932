// The page of a run: its curves and its log as they come.
import type { Page } from "playwright-core";
import t from "tap";
import { violations } from "../support/accessibility.js";
import { pageTests, showIn } from "../support/pages.js";
import type { PageServer } from "../support/server.js";

const test = await pageTests(t);

async function begin(server: PageServer, id: string): Promise<void> {
  await server.call("/training/logs/session", { experiment_id: id, total_epochs: 10, config: { lr: 0.001 } });
  await server.call(`/training/logs/${id}/status`, { status: "running" }, "PUT");
}

const setStatus = (server: PageServer, id: string, status: string) =>
  server.call(`/training/logs/${id}/status`, { status }, "PUT");

/** The value that a metric's card names. */
const fact = (page: Page, metric: string, name: string) =>
  page
    .locator("section.metric", { has: page.getByRole("figure", { name: new RegExp(`^${metric} `) }) })
    .locator("dl > div", { hasText: name })
    .locator("dd");

await test("curves, figures and lines come as they are published", async (t, { page, open, server }) => {
  await begin(server, "live");
  const past = Array.from({ length: 50 }, (_, i) => ({
    step: i + 1,
    metrics: { "train/loss": 2 - i / 50, lr: 0.001 },
  }));
  await server.call("/training/logs/live/metrics", past);
  await server.call("/training/logs/live/log", { level: "INFO", message: "fifty steps done" });
  await open("/runs/live");
  await page.getByText("fifty steps done").waitFor();
  await page.getByRole("heading", { name: "train", level: 2 }).waitFor();
  await fact(page, "train/loss", "last").getByText("1.02").waitFor();
  await page.locator(".metric canvas").nth(1).waitFor();
  t.equal(await page.locator(".metric canvas").count(), 2);

  await server.call("/training/logs/live/metrics", {
    epoch: 3,
    step: 51,
    metrics: { "train/loss": 0.125, "val/loss": 0.5 },
  });
  await fact(page, "train/loss", "last").getByText("0.125").waitFor();
  t.equal(await fact(page, "train/loss", "max").textContent(), "2");
  await page.getByRole("heading", { name: "val", level: 2 }).waitFor();
  await page.getByText("3 / 10").waitFor();
  await server.call("/training/logs/live/log", { level: "ERROR", message: "out of memory\nat train.py" });
  await page.getByText("out of memory ⏎ at train.py").waitFor();
  for (const theme of ["light", "dark"] as const) {
    await showIn(page, theme);
    t.same(await violations(page), [], theme);
  }
  await setStatus(server, "live", "completed");
  await page.locator(".page-head").getByText("Completed").waitFor();
});

await test("smoothing, scale, axis, window and table; the address brings them back", async (t, {
  page,
  open,
  server,
}) => {
  await begin(server, "charts");
  const past = Array.from({ length: 400 }, (_, i) => ({
    step: i,
    metrics: { "train/loss": 2 - i / 400, "train/acc": i / 400 },
  }));
  await server.call("/training/logs/charts/metrics", past);
  await setStatus(server, "charts", "completed");
  await open("/runs/charts");
  const figure = page.getByRole("figure", { name: /^train\/loss/ });
  await figure.locator("canvas").waitFor();
  await page.getByRole("slider", { name: "Smoothing" }).focus();
  await page.keyboard.press("End");
  await page.waitForURL(/smooth=0\.99/);
  await page.getByRole("button", { name: "Log scale" }).click();
  await page.waitForURL(/log=1/);
  await figure.focus();
  await page.keyboard.press("+");
  await page.waitForURL(/w=/);
  const window = new URL(page.url()).searchParams.get("w");
  t.equal(window, "99.8~299.3", "a quarter less at each end");
  await page.reload();
  await figure.locator("canvas").waitFor();
  t.equal(await page.getByRole("slider", { name: "Smoothing" }).inputValue(), "0.99");
  t.equal(await page.getByRole("button", { name: "Log scale" }).getAttribute("aria-pressed"), "true");
  await page.getByRole("button", { name: "Whole run" }).click();
  t.notMatch(page.url(), /w=/);

  const over = figure.locator(".u-over");
  const box = (await over.boundingBox()) as NonNullable<Awaited<ReturnType<typeof over.boundingBox>>>;
  await page.mouse.move(box.x + box.width / 2, box.y + 20);
  const readouts = page.locator(".chart-readout");
  await readouts.nth(1).filter({ hasText: /\d/ }).waitFor();
  const [first, second] = await readouts.allTextContents();
  t.match(first, /^(19|20)\d/, "the cursor of one chart, in the middle of it");
  t.equal(second?.slice(0, 3), first?.slice(0, 3), "is the cursor of all");

  await page.getByRole("button", { name: "Show train/loss as a table" }).click();
  const table = page.getByRole("table", { name: /train\/loss|newest 200 of 400/ });
  t.equal(await table.getByRole("row").count(), 201);
  t.same(await violations(page), []);
});

await test("the log is filtered, searched, followed and saved", async (t, { page, open, server }) => {
  await begin(server, "log");
  const lines = Array.from({ length: 1000 }, (_, i) => ({
    level: i % 100 === 0 ? "WARNING" : "INFO",
    message: `line ${i}`,
  }));
  await server.call("/training/logs/log/log", lines);
  await open("/runs/log");
  await page.getByText("1,000 lines").waitFor();
  const log = page.getByRole("region", { name: "Log lines" });
  await log.getByText("line 999", { exact: true }).waitFor();
  t.ok((await page.locator(".log-row").count()) < 100, "only what is in view is in the page");

  await page.getByRole("button", { name: "WARNING 10" }).click();
  await page.getByText("10 of 1,000 lines").waitFor();
  await page.getByRole("searchbox", { name: "Search the log" }).fill("[89]00$");
  await page.getByText("0 of 1,000 lines").waitFor();
  await page.getByRole("button", { name: "Regular expression" }).click();
  await page.getByText("2 of 1,000 lines").waitFor();
  t.match(page.url(), /level=WARNING/);
  await page.getByRole("searchbox", { name: "Search the log" }).fill("(");
  await page.getByText(/Invalid regular expression/).waitFor();
  await page.getByRole("searchbox", { name: "Search the log" }).fill("");
  await page.getByRole("button", { name: "WARNING 10" }).click();

  await log.evaluate((element) => element.scrollTo(0, 0));
  await log.getByText("line 0", { exact: true }).waitFor();
  await server.call("/training/logs/log/log", lines.slice(0, 3));
  const more = page.getByRole("button", { name: "3 new lines" });
  await more.waitFor();
  t.equal(await log.evaluate((element) => element.scrollTop), 0, "whoever reads is not moved");
  await page.getByRole("button", { name: /^WARNING 11/ }).click();
  await page.getByRole("button", { name: "1 new line" }).waitFor();
  await page.getByRole("button", { name: /^WARNING 11/ }).click();
  await more.click();
  await log.getByText("line 2", { exact: true }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save these lines" }).click(),
  ]);
  t.equal(download.suggestedFilename(), "log.log");
  await page.getByRole("button", { name: "Wrap lines" }).click();
  await log.getByText("line 2", { exact: true }).waitFor();
  t.same(await violations(page), []);

  await log.evaluate((element) => element.scrollTo(0, 400));
  await log.getByText("line 20", { exact: true }).waitFor();
  await page
    .locator(".log-row", { hasText: /line 20$/ })
    .getByRole("button")
    .click();
  await page.waitForURL(/line=\d+/);
  for (const way of ["wrapped", "in one line each"]) {
    await page.reload();
    await page.locator(".log-row[data-marked]", { hasText: "line 20" }).waitFor();
    t.ok(await log.getByText("line 20", { exact: true }).isVisible(), `the address leads to the line, ${way}`);
    await page.getByRole("button", { name: "Wrap lines" }).click();
  }
});

await test("of many charts only those in view are drawn", async (t, { page, open, server }) => {
  await begin(server, "many");
  const metrics = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`layer/${i}`, i]));
  await server.call("/training/logs/many/metrics", { step: 1, metrics });
  await open("/runs/many");
  await page.locator(".metric canvas").first().waitFor();
  t.equal(await page.locator(".metric").count(), 200);
  t.ok((await page.locator(".metric canvas").count()) < 40);
  const last = page.getByRole("region", { name: "layer/199", exact: true });
  t.equal(await last.locator("dd").first().textContent(), "199", "its figures are there all the same");
  await last.scrollIntoViewIfNeeded();
  await last.locator("canvas").waitFor();
  t.ok((await page.locator(".metric canvas").count()) < 60, "and those that are left are given up");
  await page.getByRole("searchbox", { name: "Filter metrics" }).fill("layer/19");
  await page.getByRole("region", { name: "layer/2", exact: true }).waitFor({ state: "detached" });
  t.equal(await page.locator(".metric").count(), 11);
});
