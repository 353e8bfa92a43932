// A server that has lost what a page had seen: the page says that something is missing.
import t from "tap";
import { violations } from "../support/accessibility.js";
import { SERVER_AWAY } from "../support/guard.js";
import { pageTests } from "../support/pages.js";

const test = await pageTests(t, { flags: ["--event-log", "memory"] });

await test("a history that begins anew is told, and what was before is not mixed into it", async (t, visit) => {
  const { page, open, server, guard } = visit;
  guard.expect(SERVER_AWAY);
  const begin = async (line: string) => {
    await server.call("/training/logs/session", { experiment_id: "again" });
    await server.call("/training/logs/again/status", { status: "running" }, "PUT");
    await server.call("/training/logs/again/log", { level: "INFO", message: line });
  };
  await begin("of the first life");
  await open("/runs/again");
  await page.getByText("of the first life").waitFor();
  await server.kill();
  await page.getByRole("button", { name: /^(Reconnecting|Stale)/ }).waitFor();
  await server.restart();
  await begin("of the second life");
  await page.getByText("of the second life").waitFor();
  await page.getByText(/could not go on from where this page was|began a new history/).waitFor();
  t.equal(await page.getByText("of the first life").count(), 0);
  t.same(await violations(page), []);
});
