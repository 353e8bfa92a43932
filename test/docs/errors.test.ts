// The catalogue of errors is one: src/errors.ts, the schema's enum and docs/errors.md.
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "tap";
import { ErrorCode } from "../../generated/ts/tidewire/v1/error.js";
import { ERRORS, type ErrorRow } from "../../src/errors.js";

const path = new URL("../../docs/errors.md", import.meta.url);
const schema = new URL("../../proto/tidewire/v1/error.proto", import.meta.url);
const MARKED = /(<!-- errors:.*-->\n)([\s\S]*)(<!-- \/errors -->)/;
const PREFIX = "ERROR_CODE_";
const rows: [string, ErrorRow][] = Object.entries(ERRORS);

test("src/errors.ts and the schema's enum have the same codes and numbers", async (t) => {
  const inSchema = Object.entries(ErrorCode).filter(([, number]) => typeof number === "number" && number > 0);
  const catalogue = rows.map(([code, { wireNumber }]) => [PREFIX + code, wireNumber]);
  t.same(Object.fromEntries(catalogue), Object.fromEntries(inSchema.filter(([name]) => name !== "UNRECOGNIZED")));
});

test("docs/errors.md holds the catalogue", async (t) => {
  const text = readFileSync(path, "utf8");
  const written = text.replace(MARKED, (_, start, __, end) => `${start}\n${table()}\n\n${end}`);
  // UPDATE=1 writes the document instead of comparing it.
  if (process.env.UPDATE) writeFileSync(path, written);
  else t.equal(text, written, "run this test with UPDATE=1 to write the table");
  t.match(text, MARKED);
});

test("the documents name no code that does not exist", async (t) => {
  const known = new Set(rows.map(([code]) => code));
  for (const name of ["errors.md", "protocol.md"]) {
    const text = readFileSync(new URL(name, path), "utf8");
    const codes = [...text.matchAll(/\*\*([A-Z_, ]+)\*\*|"error_code":"([A-Z_]+)"/g)].flatMap(([, bold, json]) =>
      (bold ?? json ?? "").split(", "),
    );
    t.same(
      codes.filter((code) => !known.has(code)),
      [],
      name,
    );
    t.ok(codes.length > 5);
  }
});

function table(): string {
  const meanings = meaningsOf(readFileSync(schema, "utf8"));
  const lines = rows.map(([code, { wireNumber, httpStatus, closeCode, retryable }]) => {
    const cells = [`\`${code}\``, wireNumber, httpStatus, closeCode ?? "", retryable ? "yes" : "", meanings.get(code)];
    return `| ${cells.join(" | ")} |`;
  });
  return ["| code | number | HTTP | closes with | retry | meaning |", "|---|---|---|---|---|---|", ...lines].join("\n");
}

/** The comment above each code of the enum. */
function meaningsOf(source: string): Map<string, string> {
  const found = source.matchAll(/((?: *\/\/.*\n)+) *ERROR_CODE_(\w+) = \d+/g);
  return new Map([...found].map(([, comment = "", code = ""]) => [code, comment.replace(/\s*\/\/ ?/g, " ").trim()]));
}
