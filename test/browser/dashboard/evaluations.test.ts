// The page Evaluations: started on an uploaded file, watched, cancelled, looked at, removed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import t from "tap";
import { PACKAGE_ROOT } from "../../../src/config/index.js";
import { violations } from "../support/accessibility.js";
import { REFUSED } from "../support/guard.js";
import { pageTests, showIn } from "../support/pages.js";

const YEAR = readFileSync(join(PACKAGE_ROOT, "models/gas_turbine/gt_2014.csv"), "utf8");
const [HEADER = "", ...ROWS] = YEAR.trimEnd().split("\n");
/** A file that takes the server some seconds. */
const LONG_ROWS = 100_000;

const fileOf = (name: string, content: string) => ({ name, mimeType: "text/csv", buffer: Buffer.from(content) });

function longFile() {
  const lines = [HEADER];
  while (lines.length < LONG_ROWS) lines.push(...ROWS);
  return fileOf("long.csv", lines.join("\n"));
}

const test = await pageTests(t);

await test("an uploaded file is evaluated: figures, plots, the file of predictions", async (t, { page, open }) => {
  await open("/evaluations");
  await page.getByText("No evaluation yet").waitFor();
  await page.getByLabel("CSV file").setInputFiles(fileOf("gt_2014.csv", YEAR));
  await page.getByRole("button", { name: "Evaluate" }).click();
  await page.getByRole("heading", { name: "gt_2014.csv" }).waitFor();
  await page.getByText("Completed").first().waitFor();
  const tey = page.getByRole("row", { name: /^TEY/ });
  t.match(await tey.getByRole("cell").nth(3).textContent(), "0.956", "R²");
  t.match(await tey.getByRole("cell").last().textContent(), "7,158", "rows");

  await page.getByRole("radio", { name: "TEY" }).check();
  await page.getByRole("img", { name: "Predicted against true values of TEY, 7,158 points" }).waitFor();
  await page.getByRole("radio", { name: "Residuals" }).check();
  await page.getByRole("img", { name: /^Residuals of TEY/ }).waitFor();
  await page.getByRole("radio", { name: "By row" }).check();
  const chart = page.getByRole("figure", { name: "TEY, predicted and true, by row" });
  await chart.locator("canvas").waitFor();
  await chart.focus();
  await page.keyboard.press("+");
  await page.waitForURL(/rows=/);
  t.match(page.url(), /signal=TEY&plot=rows&rows=/, "the address holds the view");

  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("Download CSV").click()]);
  const lines = (await text(await download.createReadStream())).trimEnd().split("\n");
  t.equal(lines.length, ROWS.length + 1);
  t.match(lines[0], /predicted_TEY/);
  for (const theme of ["light", "dark"] as const) {
    await showIn(page, theme);
    t.same(await violations(page), [], theme);
  }
});

await test("stages and steps are told live, in the list and on its page; it is cancelled from there", async (t, visit) => {
  const { page, open, another } = visit;
  const { page: list } = await another();
  await list.goto("/evaluations");
  await open("/evaluations");
  await page.getByLabel("CSV file").setInputFiles(longFile());
  await page.getByRole("button", { name: "Evaluate" }).click();
  await page.getByRole("heading", { name: "long.csv" }).waitFor();
  const bar = page.getByRole("progressbar", { name: "Progress of the evaluation" });
  const progress = async () => Number(await bar.getAttribute("aria-valuenow"));
  await page.getByText(/predicting/).waitFor();
  await list
    .getByRole("row", { name: /long\.csv/ })
    .getByText(/predicting/)
    .waitFor();
  const first = await progress();
  await page.waitForFunction(
    (from) => Number(document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow")) > from,
    first,
  );
  t.same(await violations(page), []);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Stopped").first().waitFor();
  await list
    .getByRole("row", { name: /long\.csv/ })
    .getByText("Stopped")
    .waitFor();

  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.waitForURL(/\/evaluations$/);
  await page.getByRole("link", { name: "gt_2014.csv" }).waitFor();
  t.equal(await page.getByRole("link", { name: "long.csv" }).count(), 0);
});

await test("a file that cannot be evaluated is refused beside its field, with the code", async (t, {
  page,
  open,
  guard,
}) => {
  guard.expect(REFUSED);
  await open("/evaluations");
  const file = page.getByLabel("CSV file");
  for (const [content, code] of [
    ["AT,AP\n1,2\n", "MISSING_SIGNALS"],
    ["", "INVALID_MESSAGE"],
  ] as const) {
    await file.setInputFiles(fileOf("wrong.csv", content));
    await page.getByRole("button", { name: "Evaluate" }).click();
    await page.getByRole("alert").filter({ hasText: code }).waitFor();
    t.equal(await file.getAttribute("aria-invalid"), "true", code);
  }
  await file.setInputFiles(fileOf("empty.csv", `${HEADER}\n`));
  await page.getByRole("button", { name: "Evaluate" }).click();
  await page.getByRole("heading", { name: "empty.csv" }).waitFor();
  await page.getByText("Failed").first().waitFor();
  t.match(await page.getByRole("alert").textContent(), "EMPTY_BATCH", "what is found out later is told on its page");
});

await test("an id that is unknown is told as the server tells it", async (t, { page, guard, open }) => {
  guard.expect(REFUSED);
  await open("/evaluations/none");
  t.match(await page.getByRole("alert").textContent(), /none/);
});
