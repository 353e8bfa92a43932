// The page Connections: who is there, what they listen to, what they predict.
import t from "tap";
import { TidewireClient } from "../../../clients/ts/src/index.js";
import { violations } from "../support/accessibility.js";
import { SERVER_AWAY } from "../support/guard.js";
import { pageTests, showIn } from "../support/pages.js";

const READING = [23.5, 1013.2, 77.1, 3.9, 25.5];

const test = await pageTests(t, { flags: ["--event-log", "memory"] });

await test("a session and a subscription appear and go", async (t, { page, open, server }) => {
  await open("/connections");
  await page.getByText("Nobody predicts").waitFor();
  const client = new TidewireClient({ baseURL: server.url, encoding: "json" });
  t.teardown(() => client.close());
  const session = client.inference("gas_turbine");
  t.teardown(() => session.close());
  const { sessionId } = await session.ready();
  for (let i = 0; i < 7; i += 1) await session.predict(READING);
  client.getProgress().subscribe("task.shop.*", {});

  const row = page.getByRole("row", { name: new RegExp(sessionId) });
  await row.waitFor();
  await row.getByRole("cell", { name: "7", exact: true }).waitFor();
  t.match(await row.textContent(), /gas_turbine.*single/);
  await page.getByRole("row", { name: /^task\.shop\.\*/ }).waitFor();
  await page.getByText("/api/v1/inference/stream").waitFor();
  await page.getByText("json", { exact: true }).waitFor();
  for (const title of ["Frames a second", "Bytes a second"])
    await page
      .getByRole("figure", { name: new RegExp(`^${title}`) })
      .locator("canvas")
      .waitFor();
  for (const theme of ["light", "dark"] as const) {
    await showIn(page, theme);
    t.same(await violations(page), [], theme);
  }
  await page.getByRole("searchbox", { name: "Filter topics" }).fill("nothing");
  await page.getByText("No such topic").waitFor();
  t.match(page.url(), "topic=nothing");

  await session.close();
  await page.getByText("Nobody predicts").waitFor();
});

await test("figures that are old say so, and are new again after a restart", async (t, {
  page,
  open,
  server,
  guard,
}) => {
  guard.expect(SERVER_AWAY);
  await open("/connections");
  await page.getByText("in all").first().waitFor();
  await page.locator("canvas").first().waitFor(); // what draws it is there: a server that is away can send nothing
  await server.kill();
  await page.getByText("These figures are old").waitFor();
  await server.restart();
  await page.getByText("These figures are old").waitFor({ state: "detached" });
  t.pass();
});
