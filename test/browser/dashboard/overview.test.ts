// The overview: everything that is under way, the moment it is.
import t from "tap";
import { violations } from "../support/accessibility.js";
import { pageTests, showIn } from "../support/pages.js";

const test = await pageTests(t, { flags: ["--event-log", "memory"] });

/** Publishes whose way to the screen is timed. */
const ROUNDS = 15;
/** What a push may take from the publish to the screen. */
const LIVE_MS = 100;

await test("a server without anything says how something comes about", async (t, { page, open }) => {
  await open("/");
  await page.getByText("Nothing has been reported yet").waitFor();
  t.match(await page.locator("pre").textContent(), /curl .*training\/logs\/session/);
  await page.getByRole("link", { name: "gas_turbine" }).waitFor();
});

await test("what is under way and what has failed appears by itself", async (t, { page, open, server }) => {
  await open("/");
  await server.call("/training/logs/session", { experiment_id: "fit_1", total_epochs: 4 });
  const active = page.getByRole("table", { name: "What is under way" });
  await active.getByRole("row", { name: /fit_1.*Queued/ }).waitFor();
  await server.call("/training/logs/fit_1/status", { status: "running" }, "PUT");
  await server.call("/training/logs/fit_1/metrics", { epoch: 1, metrics: { loss: 0.5 } });
  await active.getByRole("row", { name: /fit_1.*Running.*epoch 1 of 4/ }).waitFor();
  t.equal(await active.getByRole("progressbar", { name: "fit_1" }).getAttribute("aria-valuenow"), "25");
  await server.call("/events", { topic: "task.shop.import", type: "task_started", data: {} });
  await active.getByRole("row", { name: /import.*shop.*Running/ }).waitFor();
  await server.call("/training/logs/fit_1/status", { status: "failed", message: "loss became NaN" }, "PUT");
  const problems = page.getByRole("table", { name: "What has failed or was lost" });
  await problems.getByRole("row", { name: /fit_1.*Failed.*loss became NaN/ }).waitFor();
  await active.getByRole("row", { name: /fit_1/ }).waitFor({ state: "detached" });
  for (const theme of ["light", "dark"] as const) {
    await showIn(page, theme);
    t.same(await violations(page), [], theme);
  }
  await problems.getByRole("link", { name: "fit_1" }).click();
  await page.getByRole("heading", { name: "fit_1", level: 1 }).waitFor();
});

await test("a publish is on the screen at once: nothing is asked for on a timer", async (t, { page, open, server }) => {
  await server.call("/events", { topic: "task.live.clock", type: "task_started", data: {} });
  await open("/");
  await page.getByRole("progressbar", { name: "clock" }).waitFor();
  const tookMs: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const seen = page.evaluate(async (wanted) => {
      const isThere = () => document.querySelector(`[aria-valuenow="${wanted}"]`) !== null;
      await new Promise<void>((resolve) => {
        const observer = new MutationObserver(() => {
          if (!isThere()) return;
          observer.disconnect();
          resolve();
        });
        observer.observe(document.body, { subtree: true, childList: true, attributes: true });
        document.documentElement.dataset.watching = String(wanted);
      });
      return Date.now();
    }, round);
    await page.waitForFunction((wanted) => document.documentElement.dataset.watching === String(wanted), round);
    const sentMs = Date.now();
    await server.call("/events", { topic: "task.live.clock", type: "step_progress", data: { progress: round } });
    tookMs.push((await seen) - sentMs);
  }
  tookMs.sort((a, b) => a - b);
  t.comment(`from publish to screen, in ms: ${tookMs}`);
  // A busy machine delays some of them; what waits for a timer is late each time.
  t.ok((tookMs[Math.floor(ROUNDS / 4)] as number) <= LIVE_MS, `the quicker quarter is within ${LIVE_MS} ms`);
});
