import { readFileSync, writeFileSync } from "node:fs";
import { test } from "tap";
import { settingsAsMarkdown } from "../../../src/config/table.js";

const path = new URL("../../../docs/configuration.md", import.meta.url);
const MARKED = /(<!-- settings:.*-->\n)([\s\S]*)(<!-- \/settings -->)/;

test("docs/configuration.md holds the table of settings", async (t) => {
  const text = readFileSync(path, "utf8");
  const written = text.replace(MARKED, (_, start, __, end) => `${start}\n${settingsAsMarkdown()}\n\n${end}`);
  // UPDATE=1 writes the document instead of comparing it.
  if (process.env.UPDATE) writeFileSync(path, written);
  else t.equal(text, written, "run this test with UPDATE=1 to write the table");
  t.match(text, MARKED);
});
