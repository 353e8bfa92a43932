// The dashboard as a browser loads it: under its own policy, again after a restart, offline.
import t from "tap";
import { violations } from "../support/accessibility.js";
import { SERVER_AWAY } from "../support/guard.js";
import { pageTests, showIn, throttle } from "../support/pages.js";

const PATHS = ["/", "/runs", "/tasks", "/inference", "/evaluations", "/system", "/connections"];

const test = await pageTests(t);

await test("every view is loaded by its address, asks nobody but the server, and is accessible", async (t, visit) => {
  for (const path of PATHS) {
    await visit.open(path);
    for (const theme of ["light", "dark"] as const) {
      await showIn(visit.page, theme);
      t.same(await violations(visit.page), [], `${path} in ${theme}`);
    }
  }
});

await test("the policy is in force: no script but the server's, no address but the server's", async (t, {
  page,
  open,
  guard,
}) => {
  guard.expect(/Content Security Policy/, /violates/);
  await open("/");
  const refused = await page.evaluate(async () => {
    const script = Object.assign(document.createElement("script"), { textContent: "globalThis.wasRun = true" });
    document.head.append(script);
    const image = new Image();
    const blocked = new Promise<string>((resolve) => {
      addEventListener("securitypolicyviolation", ({ blockedURI }) => resolve(blockedURI), { once: true });
    });
    image.src = "http://203.0.113.1/pixel.png";
    return { wasRun: "wasRun" in globalThis, blocked: await blocked };
  });
  t.equal(refused.wasRun, false);
  guard.expect(/asks elsewhere: http:\/\/203\.0\.113\.1/);
});

await test("a second visit loads nothing but the page itself anew", async (t, { page, open }) => {
  await open("/");
  await page.waitForLoadState("networkidle");
  const from = async () =>
    page.evaluate(() => {
      const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
      return entries.filter(({ name, transferSize }) => name.includes("/assets/") && transferSize > 0).length;
    });
  t.ok((await from()) > 0, "the first visit loads the assets");
  await page.reload();
  await page.getByRole("heading").first().waitFor();
  t.equal(await from(), 0, "they come from the cache");
});

await test("a slow network delays the page, and it comes", async (t, { page, open }) => {
  await throttle(page, { latencyMs: 200, bytesPerSecond: 100_000 });
  await open("/");
  t.pass("within the test's patience");
});

await test("the page stays while the server is away, and goes on when it is back", async (t, {
  page,
  open,
  server,
  guard,
}) => {
  guard.expect(SERVER_AWAY);
  await open("/");
  const title = await page.title();
  await server.kill();
  t.equal(await page.title(), title);
  await server.restart();
  await page.reload();
  await page.getByRole("heading").first().waitFor();
});

await test("pages that were not shown yet open while the server is away", async (t, { page, open, server, guard }) => {
  guard.expect(SERVER_AWAY);
  await open("/");
  // The code of all pages comes by itself; then nothing more is asked for.
  await page.waitForFunction(() => {
    const names = performance.getEntriesByType("resource").map(({ name }) => name);
    return names.filter((name) => /\/assets\/page-.*\.js$/.test(name)).length >= 8;
  });
  await page.waitForLoadState("networkidle");
  await server.kill();
  for (const title of ["System", "Tasks", "Runs"]) {
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: title }).click();
    await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  }
  t.pass();
});
