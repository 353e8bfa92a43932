// What is around every page: keys, theme, the connection, addresses that lead nowhere.
import t from "tap";
import { violations } from "../support/accessibility.js";
import { SERVER_AWAY } from "../support/guard.js";
import { pageTests, showIn } from "../support/pages.js";

const test = await pageTests(t, { flags: ["--event-log", "memory"] });

await test("the help lists the keys, keeps the focus, and can turn them off", async (t, { page, open }) => {
  await open("/");
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await help.getByText("Go to Runs").waitFor();
  t.same(await violations(page), []);
  await help.getByRole("checkbox").uncheck();
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  t.equal(new URL(page.url()).pathname, "/", "keys that are off do nothing");
  await page.keyboard.press("?");
  await help.getByRole("checkbox").check();
  await help.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.getByRole("heading", { name: "Tasks", level: 1 }).waitFor();
});

await test("the first press of Tab offers to skip the navigation", async (t, { page, open }) => {
  await open("/runs");
  await page.keyboard.press("Tab");
  t.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the page");
  await page.keyboard.press("Enter");
  t.equal(await page.evaluate(() => document.activeElement?.id), "main");
});

await test("the theme is the system's until one is chosen, and the choice stays", async (t, { page, open }) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await open("/");
  await showIn(page, "light");
  const light = await ground();
  await showIn(page, "dark");
  const dark = await ground();
  t.not(light, dark);
  await page.getByRole("button", { name: "Theme: system. Change to light" }).click();
  t.equal(await ground(), light, "chosen, whatever the system says");
  await page.reload();
  await page.getByRole("button", { name: "Theme: light. Change to dark" }).click();
  t.equal(await ground(), dark);
});

await test("the connection is told as it is", async (t, { page, open, server, guard }) => {
  guard.expect(SERVER_AWAY);
  await open("/");
  const pill = page.locator(".connection");
  await pill.getByText("Live").waitFor();
  t.match(await pill.textContent(), /heard (now|\d+ s ago)/);
  await server.kill();
  await pill.getByText(/Reconnecting|Stale/).waitFor();
  t.same(await violations(page), []);
  await server.restart();
  await pill.click();
  await pill.getByText("Live").waitFor();
});

await test("what is old is said to be old, on every page", async (t, { page, open, server, guard }) => {
  guard.expect(SERVER_AWAY);
  await page.clock.install();
  await open("/tasks");
  const pill = page.locator(".connection");
  await pill.getByText("Live").waitFor();
  await server.kill();
  await pill.getByText("Reconnecting").waitFor();
  await page.clock.runFor(11_000);
  await pill.getByText("Stale").waitFor();
  const notice = page.getByRole("status").filter({ hasText: "The server does not answer" });
  t.match(await notice.textContent(), /What is shown was so at \d\d:\d\d:\d\d, \d+ s ago/);
  t.same(await violations(page), []);
  await server.restart();
  await notice.getByRole("button", { name: "Try now" }).click();
  await pill.getByText("Live").waitFor();
  await notice.waitFor({ state: "detached" });
});

await test("an address that leads nowhere says so, and leads back", async (t, { page, open }) => {
  await open("/no/such/page");
  await page.getByRole("heading", { name: "No such page" }).waitFor();
  t.same(await violations(page), []);
  await page.getByRole("link", { name: "Go to the overview" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
});
