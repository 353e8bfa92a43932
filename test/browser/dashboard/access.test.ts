// The dashboard of a server that asks for tokens.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import t from "tap";
import { violations } from "../support/accessibility.js";
import { REFUSED } from "../support/guard.js";
import { pageTests, showIn } from "../support/pages.js";

const ADMIN = "admin-token-of-the-tests";
const READER = "reader-token-of-the-tests";
/** Of the subprotocol it has none of the letters. */
const ODD = "odd/token+of/the/tests==";

const folder = mkdtempSync(join(tmpdir(), "tidewire-tokens-"));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "tokens.json");
const row = (name: string, token: string, scopes: readonly string[]) => ({
  name,
  sha256: createHash("sha256").update(token).digest("hex"),
  scopes,
});
const ROWS = [row("admin", ADMIN, ["admin"]), row("reader", READER, ["subscribe"]), row("odd", ODD, ["admin"])];
const write = (rows: readonly object[]) => writeFileSync(file, JSON.stringify({ tokens: rows }));
write(ROWS);

const flags = ["--event-log", "memory", "--token-file", file];
const test = await pageTests(t, { flags, token: ADMIN });

/** What a browser writes to its console when a server refuses a request or an upgrade. */
const TOLD = /WebSocket connection to|WebSocket is already in CLOSING or CLOSED state|status of 40[13]/;

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token", { exact: true }).fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

const isLive = (page: Page) => page.getByRole("button", { name: /^Live/ }).waitFor();

await test("nothing is shown without a token; signed in, the page is where it was asked for", async (t, visit) => {
  const { page, open, guard, server } = visit;
  guard.expect(REFUSED, TOLD);
  await server.call("/events", { topic: "training.run_1", type: "status_changed", data: { status: "running" } });
  await open("/runs?q=run");
  await page.getByRole("heading", { name: "Sign in", level: 1 }).waitFor();
  t.equal(await page.getByText("run_1").count(), 0);
  await page.getByText("tidewire token").waitFor();
  for (const theme of ["light", "dark"] as const) {
    await showIn(page, theme);
    t.same(await violations(page), [], theme);
  }
  t.equal(await page.evaluate(() => document.activeElement?.tagName), "INPUT", "ready to paste");
  await page.keyboard.type("no-such-token-here");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "UNAUTHENTICATED" }).waitFor();
  await page.getByLabel("Token", { exact: true }).fill(ADMIN);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "run_1" }).waitFor();
  await isLive(page);
  t.match(page.url(), /\/runs\?q=run$/);
  t.notMatch(page.url(), ADMIN);
  t.same(await page.evaluate(() => [sessionStorage.length, localStorage.getItem("tidewire.token")]), [1, null]);

  await page.reload();
  await page.getByRole("link", { name: "run_1" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in", level: 1 }).waitFor();
  t.equal(await page.evaluate(() => sessionStorage.length), 0);
});

await test("a token that is kept on the device is there in another tab; its letters may be any", async (t, visit) => {
  const { page, open, guard } = visit;
  guard.expect(REFUSED, TOLD);
  await open("/");
  await page.getByLabel("Keep it on this device").check();
  await signIn(page, ODD);
  await isLive(page);
  const tab = await page.context().newPage();
  await tab.goto("/");
  await isLive(tab);
  await tab.getByText("gas_turbine").first().waitFor();
  t.equal(await tab.getByRole("heading", { name: "Sign in" }).count(), 0);
});

await test("a token without a scope is told which one, and everything else is shown", async (t, visit) => {
  const { page, open, guard } = visit;
  guard.expect(REFUSED, TOLD);
  await open("/connections");
  await signIn(page, READER);
  await page.getByText("lacks the scope").waitFor();
  t.match(await page.locator("main").textContent(), /lacks the scope monitor/);
  t.same(await violations(page), []);
  t.equal(await page.getByRole("alert").count(), 0, "no failure");
  await page.getByRole("link", { name: "Runs" }).click();
  await page.getByRole("link", { name: "run_1" }).waitFor();
  await isLive(page);
});

await test("a token that ends while the page is open leads to the sign-in, and another one back", async (t, visit) => {
  const { page, open, guard, server } = visit;
  guard.expect(REFUSED, TOLD);
  await open("/runs/run_1");
  await signIn(page, READER);
  await page.getByRole("heading", { name: "run_1", level: 1 }).waitFor();
  await isLive(page);
  write(ROWS.filter(({ name }) => name !== "reader"));
  await page.getByText("Yours is no longer taken").waitFor();
  write(ROWS);
  await server.call("/training/logs/run_1/log", { level: "INFO", message: "said meanwhile" });
  await signIn(page, ADMIN);
  await page.getByRole("heading", { name: "run_1", level: 1 }).waitFor();
  await isLive(page);
  await page.getByText("said meanwhile").first().waitFor();
  t.match(page.url(), /\/runs\/run_1/);
});

await test("an evaluation's upload and its download show the token", async (t, visit) => {
  const { page, open, guard } = visit;
  guard.expect(REFUSED, TOLD);
  await open("/evaluations");
  await signIn(page, ADMIN);
  const rows = readFileSync("models/gas_turbine/gt_2014.csv", "utf8").split("\n").slice(0, 50).join("\n");
  await page
    .locator("input[type=file]")
    .first()
    .setInputFiles({
      name: "rows.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(rows),
    });
  await page.getByRole("button", { name: /^Evaluate|^Start/ }).click();
  await page.getByRole("button", { name: "Download CSV" }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download CSV" }).click(),
  ]);
  t.match(readFileSync(await download.path(), "utf8"), /TEY/);
});
