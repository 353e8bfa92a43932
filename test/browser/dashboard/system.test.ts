// The page System: figures each second, over time, through a restart.
import t from "tap";
import { violations } from "../support/accessibility.js";
import { SERVER_AWAY } from "../support/guard.js";
import { pageTests, showIn, throttle } from "../support/pages.js";

const test = await pageTests(t, { flags: ["--event-log", "memory"] });

await test("figures of the host and of the server come by themselves, and are drawn", async (t, { page, open }) => {
  await open("/system");
  await page.getByRole("heading", { name: "Host" }).waitFor();
  const memory = page.getByRole("meter", { name: "Memory" });
  await page.waitForFunction(() => Number(document.querySelector("[role=meter]")?.getAttribute("aria-valuenow")) >= 0);
  t.ok(Number(await memory.getAttribute("aria-valuenow")) > 0, "some memory is used");
  for (const title of ["CPU", "CPU by core", "Memory", "Server memory", "Connections", "Loop delay, p99"]) {
    const card = page.getByRole("region", { name: title, exact: true });
    await card.scrollIntoViewIfNeeded();
    await card.locator("canvas").waitFor();
  }
  await page.getByRole("radio", { name: "1 min", exact: true }).check();
  t.match(page.url(), "minutes=1");
  for (const theme of ["light", "dark"] as const) {
    await showIn(page, theme);
    t.same(await violations(page), [], theme);
  }
});

await test("the figures go on after the server was restarted", async (t, { page, open, server, guard }) => {
  guard.expect(SERVER_AWAY);
  await open("/system");
  await page.getByRole("heading", { name: "Host" }).waitFor();
  await page.locator("canvas").first().waitFor(); // what draws it is there: a server that is away can send nothing
  await server.kill();
  await server.restart();
  const again = await page.waitForFunction(async () => {
    const stats = await fetch("/api/v1/ws/stats").then((reply) => reply.json());
    return Object.keys(stats.subscribers).some((topic) => topic.startsWith("system."));
  });
  t.ok(again, "the page has subscribed again by itself");
});

await test("over a slow network the figures come, and go on coming", async (t, { page, open }) => {
  await throttle(page, { latencyMs: 300, bytesPerSecond: 60_000 });
  const connecting = page.waitForEvent("websocket");
  await open("/system");
  const socket = await connecting;
  await page.getByRole("heading", { name: "Host" }).waitFor();
  for (let i = 0; i < 3; i += 1) await socket.waitForEvent("framereceived");
  t.equal(await page.getByText("The figures are old").count(), 0);
});
