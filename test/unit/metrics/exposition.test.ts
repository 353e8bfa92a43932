import fc from "fast-check";
import { test } from "tap";
import { Histogram, ROWS } from "../../../src/meters/histogram.js";
import { Exposition, type Format } from "../../../src/metrics/exposition.js";
import type { Family } from "../../../src/metrics/family.js";
import type { Measured } from "../../../src/metrics/measured.js";
import { Scrape } from "../../support/exposition.js";

const FORMATS: readonly Format[] = ["prometheus", "openmetrics"];
/** The families below read nothing of a server. */
const NO_SERVER = {} as Measured;

function written(format: Format, ...families: readonly Family[]): Scrape {
  const exposition = new Exposition(format);
  for (const family of families) exposition.add(family, NO_SERVER);
  return new Scrape(exposition.end(), format);
}

for (const format of FORMATS) {
  test(`${format}: any text can be the value of a label, and any number that of a series`, async (t) => {
    const texts = fc.string({ unit: fc.constantFrom("a", '"', "\\", "\n", "{", "}", ",", "=", " ", "ä") });
    fc.assert(
      fc.property(texts, texts, fc.double({ noNaN: true }), (one, two, value) => {
        const labels = ["one", "two"];
        const read = () => [{ labels: [one, two], value }];
        const scraped = written(format, { name: "x", type: "gauge", help: 'back\\slash "quoted"', labels, read });
        t.same(scraped.series("x"), [{ name: "x", labels: { one, two }, value: value === 0 ? 0 : value }]);
      }),
    );
  });

  test(`${format}: a histogram's buckets add up in the text`, async (t) => {
    const rows = new Histogram(ROWS);
    for (const [value, times] of [
      [1, 3],
      [2, 1],
      [100, 5],
      [1e6, 2],
    ] as const)
      rows.observe(value, times);
    const read = () => [{ labels: ["m"], value: rows }];
    const scraped = written(format, { name: "rows", type: "histogram", help: "Rows.", labels: ["model"], read });
    const upTo = (le: string) => scraped.sum("rows_bucket", { model: "m", le });
    const bound = (text: string) => (format === "openmetrics" ? `${text}.0` : text);
    t.same([bound("1"), bound("2"), bound("64"), bound("128"), "+Inf"].map(upTo), [3, 4, 4, 9, 11]);
    t.equal(scraped.sum("rows_sum"), 3 + 2 + 500 + 2e6);
    t.equal(scraped.sum("rows_count"), 11);
  });
}

test("OpenMetrics names counters its own way; one with another server's name keeps it and has no type", async (t) => {
  const counter = (name: string): Family => ({
    name,
    type: "counter",
    help: "Something.",
    labels: [],
    read: () => [{ labels: [], value: 7 }],
  });
  const families = [counter("sent_bytes_total"), counter("nv_inference_count")];
  const open = written("openmetrics", ...families);
  t.match(open.families.get("sent_bytes"), { type: "counter", series: [{ name: "sent_bytes_total", value: 7 }] });
  t.match(open.families.get("nv_inference_count"), { type: "unknown", series: [{ name: "nv_inference_count" }] });
  t.same([...written("prometheus", ...families).families.keys()], ["sent_bytes_total", "nv_inference_count"]);
});

test("the reader of the tests refuses what a scraper would", async (t) => {
  const head = "# HELP x X.\n# TYPE x counter\n";
  for (const [text, says] of [
    [`${head}x 1`, /no end/],
    [`${head}x -1\n`, /below 0/],
    [`${head}x 1\nx 2\n`, /twice/],
    [`${head}x{a="b} 1\n`, /no label/],
    [`${head}y 1\n`, /no series of x/],
    ["x 1\n", /without a head/],
    [`${head}x 1\n# HELP y Y.\n# TYPE y gauge\n${head}x{a="b"} 2\n`, /two parts/],
    ['# HELP x X.\n# TYPE x histogram\nx_bucket{le="1"} 2\nx_bucket{le="+Inf"} 1\nx_sum 1\nx_count 1\n', /cumulative/],
  ] as const)
    t.throws(() => new Scrape(text, "prometheus"), { message: says }, text);
  t.throws(() => new Scrape(`${head}x 1\n`, "openmetrics"), { message: /EOF/ });
});
