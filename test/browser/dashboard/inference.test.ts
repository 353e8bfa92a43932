// The page Inference: a reading, a streamed file, the history.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import t from "tap";
import { PACKAGE_ROOT } from "../../../src/config/index.js";
import { violations } from "../support/accessibility.js";
import { SERVER_AWAY } from "../support/guard.js";
import { pageTests, showIn } from "../support/pages.js";

const YEAR = join(PACKAGE_ROOT, "models/gas_turbine/gt_2014.csv");
const ROWS = readFileSync(YEAR, "utf8").split("\n");

/** The first rows of a year, as a file that the browser is given. */
const fileOf = (lines: readonly string[], name = "readings.csv") => ({
  name,
  mimeType: "text/csv",
  buffer: Buffer.from(lines.join("\n")),
});

const cell = (page: Page, signal: string, column: number) =>
  page
    .getByRole("row", { name: new RegExp(`^${signal} `) })
    .getByRole("cell")
    .nth(column);

const streamed = (page: Page) => page.getByRole("status").filter({ hasText: "predicted." });

/** Chooses a file and the fastest rate. */
async function choose(page: Page, file: ReturnType<typeof fileOf>): Promise<void> {
  await page.getByRole("radio", { name: "A CSV file" }).check();
  await page.getByLabel("CSV file", { exact: true }).and(page.locator("input[type=file]")).setInputFiles(file);
  await page.getByLabel("Rows a second").selectOption("1000");
}

const test = await pageTests(t);

await test("a reading is predicted, by the keyboard alone", async (t, { page, server, open }) => {
  await open("/inference");
  const reading = { AT: 8.8358, AP: 1022.2, AH: 98.762, AFDP: 3.2422, GTEP: 23.152 };
  await page.getByRole("radio", { name: "A reading" }).focus();
  for (const value of Object.values(reading)) {
    await page.keyboard.press("Tab");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(String(value));
  }
  await page.keyboard.press("Enter");
  await page.getByText("1 predicted.").waitFor();
  t.match(await cell(page, "TEY", 1).textContent(), /^1[23]\d(\.\d)?$/, "near the true 126.16");
  t.match(await cell(page, "TEY", 2).textContent(), "–", "what is true is not known");
  t.match(new URL(page.url()).search, "reading=8.8358", "the address holds the reading");
  const { total_predictions } = await server.call<{ total_predictions: number }>("/inference/stream/stats");
  t.equal(total_predictions, 1);

  const before = await cell(page, "NOX", 1).textContent();
  await page.getByRole("checkbox", { name: "Boost of NOX" }).uncheck();
  await page.getByRole("button", { name: "Predict" }).click();
  await page.getByText("2 predicted.").waitFor();
  t.not(await cell(page, "NOX", 1).textContent(), before, "without its boost, NOX is another value");
});

await test("what is wrong with a reading is told at the field", async (t, { page, open }) => {
  await open("/inference?reading=1~~x~4~5");
  await page.getByRole("button", { name: "Predict" }).click();
  const empty = page.getByLabel("AP", { exact: true });
  await page.getByRole("alert").waitFor();
  t.equal(await empty.getAttribute("aria-invalid"), "true");
  t.match(await page.getByRole("alert").textContent(), /is missing.*MISSING_SIGNALS/);
  await empty.fill("1013");
  await page.getByRole("button", { name: "Predict" }).click();
  await page.getByText("INVALID_SIGNALS").waitFor();
  t.equal(await page.getByLabel("AH", { exact: true }).getAttribute("aria-invalid"), "true");
  t.equal(await empty.getAttribute("aria-invalid"), "false");
  t.same(await violations(page), []);
});

await test("a file is streamed against its true values, and the history saved", async (t, { page, server, open }) => {
  await open("/inference");
  await choose(page, fileOf(ROWS.slice(0, 301)));
  await page.getByText("300 rows, with true values").waitFor();
  await page.getByRole("button", { name: "Stream" }).click();
  await page.getByText("300 predicted.").waitFor();
  await page.getByText("Ended: 300 of 300 rows").waitFor();
  t.match(await cell(page, "TEY", 2).textContent(), /^\d+(\.\d+)?$/);
  t.match(await cell(page, "TEY", 5).textContent(), /^\d\.\d+$/, "the errors add up");
  t.equal(await page.getByRole("img", { name: /^Latency of 300 predictions/ }).count(), 1);
  await page.getByRole("figure", { name: "TEY, predicted and true" }).scrollIntoViewIfNeeded();
  await page.getByRole("figure", { name: "TEY, predicted and true" }).locator("canvas").waitFor();

  for (const [format, ending] of [
    ["CSV", "csv"],
    ["Parquet", "parquet"],
  ]) {
    await page.getByRole("radio", { name: format, exact: true }).check();
    await page.getByRole("button", { name: "Save on the server" }).click();
    const path = page.locator("code").filter({ hasText: new RegExp(`\\.${ending}$`) });
    await path.waitFor();
    t.ok(existsSync(join(server.dataDir, (await path.textContent()) ?? "")), `${ending} is written`);
  }
  t.match(await page.getByText("readings in").textContent(), "300 readings in");
  for (const theme of ["light", "dark"] as const) {
    await showIn(page, theme);
    t.same(await violations(page), [], theme);
  }
});

await test("a stream pauses, goes on and is stopped", async (t, { page, open }) => {
  await open("/inference");
  await choose(page, fileOf(ROWS));
  await page.getByLabel("Rows a second").selectOption("100");
  await page.getByRole("button", { name: "Stream" }).click();
  await page.getByText(/^Streaming: [1-9]/).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText(/^Paused:/).waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText(/^Streaming:/).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText(/^Ended:/).waitFor();
  await page.getByRole("button", { name: "From the beginning" }).click();
  await page.getByText("No prediction yet.").waitFor();
  await page.getByRole("button", { name: "Stream" }).waitFor();
  t.pass();
});

await test("files that cannot be streamed are told what they lack", async (t, { page, open }) => {
  await open("/inference?from=file");
  for (const [lines, problem] of [
    [["AT,AP", "1,2"], "The file has no column AH, AFDP, GTEP"],
    [["AT,AP,AH,AFDP,GTEP"], "The file has a header and no rows"],
    [[], "the file is empty"],
  ] as const) {
    await page.locator("input[type=file]").setInputFiles(fileOf(lines));
    await page.getByRole("alert").filter({ hasText: problem }).waitFor();
  }
  t.equal(await page.getByRole("button", { name: "Stream" }).count(), 0);
});

await test("rows that are no readings are counted, and the stream goes on", async (t, { page, open }) => {
  await open("/inference");
  await choose(page, fileOf(["AT,AP,AH,AFDP,GTEP", "1,2,3,4,5", "1,,3,4,5", "1,2,3,4,5"]));
  await page.getByRole("button", { name: "Stream" }).click();
  await page.getByText("2 predicted.").waitFor();
  await page.getByText("1 without a prediction.").waitFor();
  t.match(await page.getByText("1 without a prediction.").textContent(), "MISSING_SIGNALS");
});

await test("a stream outlives the server's restart", async (t, { page, open, server, guard }) => {
  guard.expect(SERVER_AWAY);
  await open("/inference");
  await choose(page, fileOf(ROWS));
  await page.getByLabel("Rows a second").selectOption("20");
  await page.getByRole("button", { name: "Stream" }).click();
  await page.getByText(/^Streaming: [1-9]/).waitFor();
  // What is drawn next would ask for its code, of a server that is away.
  await page.locator(".inference-charts canvas").first().waitFor();
  await server.kill();
  await page.getByText("it is being made anew").waitFor();
  await server.restart();
  await page.getByText("it is being made anew").waitFor({ state: "detached" });
  const count = async () => Number.parseInt((await streamed(page).textContent())?.replace(",", "") ?? "", 10);
  const before = await count();
  await page.waitForFunction((from) => {
    const told = [...document.querySelectorAll("[role=status]")].find((each) =>
      each.textContent?.includes("predicted."),
    );
    return Number.parseInt(told?.textContent ?? "", 10) > from;
  }, before);
  t.pass("predictions come again");
});
