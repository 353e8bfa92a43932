// docs/limits.md and the server say the same: every row is exceeded on a real one, and nothing bounded is missing.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "tap";
import { RATE_SETTINGS } from "../../src/config/limit-settings.js";
import { EVALUATION_SETTINGS, LIMIT_SETTINGS } from "../../src/config/settings.js";
import { ERRORS } from "../../src/errors.js";
import { FRAMES } from "./limits/frames.js";
import { NOT_A_CLIENTS } from "./limits/not-a-clients.js";
import { RATES } from "./limits/rates.js";
import { REQUESTS } from "./limits/requests.js";
import type { Row, Seen } from "./limits/row.js";

const SECTIONS: Readonly<Record<string, readonly Row[]>> = {
  "Who is let in, and how often": RATES,
  "Frames, predictions and topics": FRAMES,
  "HTTP, histories and evaluations": REQUESTS,
};
const ALL = Object.values(SECTIONS).flat();
const DOCUMENT = new URL("../../docs/limits.md", import.meta.url);
const MARKED = /(<!-- limits:.*-->\n)([\s\S]*)(<!-- \/limits -->)/;
/** Folders in which a constant called MAX_… may be something that a client runs into. */
const FOLDERS = ["access", "events", "http", "inference", "jobs", "limits", "runs", "session", "wire", "ws"];

for (const row of ALL) {
  test(`beyond ${row.name}`, async (t) => {
    const { code, effect, status, closed, retries = false } = row.beyond;
    const seen = await row.exceed(t);
    t.same(
      { ...seen, retries: seen.retries ?? false, status: seen.status, closed: seen.closed, code: seen.code },
      { ...(effect === undefined ? {} : { effect }), code, status, closed, retries },
    );
  });
}

test("docs/limits.md holds the table", async (t) => {
  const document = readFileSync(DOCUMENT, "utf8");
  const written = document.replace(MARKED, (_, start, __, end) => `${start}\n${toMarkdown()}\n${end}`);
  // UPDATE=1 writes the document instead of comparing it.
  if (process.env.UPDATE) writeFileSync(DOCUMENT, written);
  else t.equal(document, written, "run this test with UPDATE=1 to write the table");
  t.match(document, MARKED);
});

test("every setting that bounds a client and every constant called MAX_… has a row, or a reason why it has none", async (t) => {
  const settings = [...Object.keys(LIMIT_SETTINGS), ...Object.keys(RATE_SETTINGS), ...Object.keys(EVALUATION_SETTINGS)];
  const bounded = [...settings, ...constants()];
  const known = new Set([...ALL.map(({ name }) => name), ...Object.keys(NOT_A_CLIENTS)]);
  t.same(
    bounded.filter((name) => !known.has(name)),
    [],
    "missing in the table",
  );
  const stale = Object.keys(NOT_A_CLIENTS).filter(
    (name) => !bounded.includes(name) || ALL.some((row) => row.name === name),
  );
  t.same(stale, [], "a reason for what is not there, or has a row");
  t.equal(new Set(ALL.map(({ name }) => name)).size, ALL.length, "no row stands twice");
});

function constants(): string[] {
  const files = FOLDERS.flatMap((folder) => {
    const path = new URL(`../../src/${folder}/`, import.meta.url);
    return readdirSync(path)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(new URL(name, path), "utf8"));
  });
  return [
    ...new Set(
      files.flatMap((text) => [...text.matchAll(/^(?:export )?const (MAX_\w+)/gm)].map(([, name]) => name as string)),
    ),
  ];
}

function toMarkdown(): string {
  return Object.entries(SECTIONS)
    .map(([title, rows]) => `## ${title}\n\n${tableOf(rows)}\n`)
    .join("\n");
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ name, value, where, what, beyond }) => {
    const meaning = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
    const by = where === "setting" ? "setting" : `fixed: ${where}`;
    return `| \`${name}\` | ${value} | ${meaning} | ${by} | ${answerOf(beyond)} | ${beyond.retries ? "yes" : ""} |`;
  });
  return [
    "| limit | default | of what | set by | beyond it | `retry_after_ms` |",
    "|---|---|---|---|---|---|",
    ...lines,
  ].join("\n");
}

function answerOf({ code, effect, status, closed }: Seen): string {
  const said = code === undefined ? effect : `\`${code}\` ${status === undefined ? "frame" : `HTTP ${status}`}`;
  if (code !== undefined && status !== undefined && status !== ERRORS[code].httpStatus) return said as string;
  return closed === undefined ? (said as string) : `${said}, close ${closed}`;
}
