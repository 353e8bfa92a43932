// docs/metrics.md, the Grafana dashboard and the alerts, held against a live server.
import { readFileSync, writeFileSync } from "node:fs";
import { type Test, test } from "tap";
import { FAMILIES } from "../../src/metrics/metrics.js";
import { config, predict } from "../integration/support/frames.js";
import { Peer } from "../integration/support/peer.js";
import { serve } from "../integration/support/serve.js";
import { type Scrape, type ScrapedFamily, scrape } from "../support/exposition.js";
import { readQuery } from "../support/promql.js";

const DOCUMENT = new URL("../../docs/metrics.md", import.meta.url);
const DASHBOARD = new URL("../../docs/grafana/tidewire.json", import.meta.url);
const MARKED = /(<!-- metrics:.*-->\n)([\s\S]*)(<!-- \/metrics -->)/;
/** Labels that Prometheus adds to what it scrapes. */
const ADDED = ["job", "instance"];

/** A server in which every family has a series. */
async function busyServer(t: Test): Promise<Scrape> {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const peer = await Peer.connect(t, url, "json");
  await peer.ask(config("gas_turbine"));
  await peer.ask(predict({ values: [10, 1010, 75, 4, 25] }));
  for (;;) {
    const scraped = await scrape(url);
    const hasAll = [...scraped.families.values()].every(({ series }) => series.length > 0);
    if (hasAll) return scraped; // garbage is collected and the disk is looked at in their own time
    await peer.ask(predict({ values: Array.from({ length: 5 }, () => 1) }));
  }
}

const labelsOf = ({ series }: ScrapedFamily): string[] => {
  const names = new Set(series.flatMap(({ labels }) => Object.keys(labels)));
  names.delete("le");
  return [...names];
};

function table(scraped: Scrape): string {
  const rows = [...scraped.families.values()].map((family) => {
    const labels = labelsOf(family).map((label) => `\`${label}\``);
    return `| \`${family.name}\` | ${family.type} | ${labels.join(", ")} | ${family.help} |`;
  });
  return ["| name | type | labels | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

test("the document lists what a server tells: every family, and no other", async (t) => {
  const scraped = await busyServer(t);
  const text = readFileSync(DOCUMENT, "utf8");
  t.match(text, MARKED);
  const written = text.replace(MARKED, (_, start, __, end) => `${start}\n${table(scraped)}\n\n${end}`);
  // UPDATE=1 writes the document instead of comparing it.
  if (process.env.UPDATE) writeFileSync(DOCUMENT, written);
  else t.equal(text, written, "run this test with UPDATE=1 to write the table");
  for (const { name, labels, type } of FAMILIES) {
    const family = scraped.families.get(name);
    t.match(family, { type }, name);
    t.same(family && labelsOf(family), labels, `${name} has the labels that it declares`);
  }
});

test("names say what they count: counters end in _total, times and sizes in their base units", async (t) => {
  for (const { name, type, help } of FAMILIES) {
    t.match(help, /^[A-Z01].*\.$/, `${name}: a sentence`);
    if (name.startsWith("nv_inference_")) continue;
    t.match(name, /^tidewire_[a-z_]+$/);
    t.equal(name.endsWith("_total"), type === "counter", name);
    t.notMatch(name, /_(ms|us|milliseconds|kb|mib|percent)(_|$)/, name);
  }
});

/** The faults of a query: series that no server has, and labels that its series do not have. */
function faultsOf(query: string, scraped: Scrape): string[] {
  const all = [...scraped.families.values()].flatMap(({ series }) => series);
  const { selectors, grouping } = readQuery(query);
  const faults = selectors.length === 0 ? [`no series in ${query}`] : [];
  const known = new Set(ADDED);
  for (const { name, labels } of selectors) {
    const series = all.filter((one) => one.name === name);
    if (series.length === 0) faults.push(`no series ${name}`);
    const own = new Set([...ADDED, ...series.flatMap((one) => Object.keys(one.labels))]);
    for (const label of labels) if (!own.has(label)) faults.push(`${name} has no label ${label}`);
    for (const label of own) known.add(label);
  }
  for (const label of grouping) if (!known.has(label)) faults.push(`nothing in ${query} has the label ${label}`);
  return faults;
}

/** Every text under a key, at any depth. */
function textsAt(value: unknown, key: string): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => textsAt(one, key));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === key && typeof inner === "string" ? [inner] : textsAt(inner, key),
  );
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
}

test("every query of the dashboard and of the alerts is of series and labels that there are", async (t) => {
  const scraped = await busyServer(t);
  const dashboard = JSON.parse(readFileSync(DASHBOARD, "utf8")) as { readonly templating: unknown };
  const variables = textsAt(dashboard.templating, "definition").map(
    (text) => /^label_values\((.*),/.exec(text)?.[1] ?? text,
  );
  const panels = textsAt(dashboard, "expr");
  const alerts = [...readFileSync(DOCUMENT, "utf8").matchAll(/^ +expr: (.*)$/gm)].map(([, query = ""]) => query);
  t.ok(panels.length > 20 && alerts.length > 8 && variables.length === 3);
  for (const query of [...variables, ...panels, ...alerts]) t.same(faultsOf(query, scraped), [], query);
  const shown = new Set(panels.flatMap((query) => readQuery(query).selectors.map(({ name }) => name)));
  const missing = FAMILIES.filter(({ name, type }) => {
    const names = type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    return name.startsWith("tidewire_") && !names.some((one) => shown.has(one));
  });
  t.same(
    missing.map(({ name }) => name),
    [],
    "the dashboard shows every family of ours",
  );
});

test("a query with a wrong name or label is noticed", async (t) => {
  const scraped = await busyServer(t);
  t.same(faultsOf("rate(tidewire_predictions[5m])", scraped), ["no series tidewire_predictions"]);
  t.same(faultsOf('tidewire_models{status="ready"}', scraped), ["tidewire_models has no label status"]);
  t.match(faultsOf("sum by (topic) (tidewire_topics)", scraped), [/nothing in .* has the label topic/]);
  t.same(faultsOf("histogram_quantile(0.9, sum by (le) (rate(tidewire_loop_delay_seconds[5m])))", scraped).length, 2);
});

test("the dashboard is one that Grafana takes: panels that do not overlap, each with an id and a meaning", async (t) => {
  const { panels, uid, title, schemaVersion } = JSON.parse(readFileSync(DASHBOARD, "utf8")) as {
    readonly panels: readonly Panel[];
    readonly uid: string;
    readonly title: string;
    readonly schemaVersion: number;
  };
  t.match({ uid, title }, { uid: "tidewire", title: "Tidewire" });
  t.ok(schemaVersion >= 39);
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set<string>();
  for (const { type, title, description, gridPos } of panels) {
    if (type !== "row") t.ok(description, `${title} says what it shows`);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        t.ok(x < 24 && !taken.has(`${x} ${y}`), `${title} has its own place`);
        taken.add(`${x} ${y}`);
      }
  }
});
