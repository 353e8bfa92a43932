import fc from "fast-check";
import t from "tap";
import { CsvReader, readTable } from "../src/csv/csv.js";

/** All records of a text that comes in the given pieces. */
function recordsOf(pieces: readonly string[]): string[][] {
  const reader = new CsvReader();
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
}

t.test("records are the same, however the text is cut", async (t) => {
  const cell = fc.string({ unit: fc.constantFrom("a", "1", ".", " ", '"', ",", "\n", "ü"), maxLength: 6 });
  const written = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
  const ends = fc.constantFrom("\n", "\r\n");
  fc.assert(
    fc.property(rows, ends, fc.boolean(), fc.array(fc.nat(200), { maxLength: 5 }), (records, end, isClosed, cuts) => {
      const text = records.map((row) => row.map(written).join(",")).join(end) + (isClosed ? end : "");
      const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
      const pieces = places.slice(1).map((place, i) => text.slice(places[i], place));
      t.same(recordsOf(pieces), records);
    }),
  );
});

t.test("empty lines are no records, and a line that does not end is refused", async (t) => {
  t.same(recordsOf(["a,b\n\n\r\n1,2\n"]), [
    ["a", "b"],
    ["1", "2"],
  ]);
  t.same(recordsOf(["a,,c\n"]), [["a", "", "c"]]);
  t.throws(() => recordsOf(["x".repeat(1024 * 1024 + 1)]), /longer than 1048576 characters/);
});

t.test("a table keeps the columns that are wanted, cells without a number as NaN", async (t) => {
  const file = new Blob(["\uFEFFAT, b ,c\n1,2,3\n,x,-4.5e-3\n7"]);
  const table = await readTable(file, { maxRows: 10, wants: (column) => column !== "c" });
  t.same(table.columns, ["AT", "b", "c"], "a mark of the byte order is no part of a name");
  t.same([...(table.column("AT") ?? [])], [1, Number.NaN, 7]);
  t.same([...(table.column("b") ?? [])], [2, Number.NaN, Number.NaN]);
  t.equal(table.column("c"), undefined);
  t.match(table, { rows: 3, isShortened: false });
});

t.test("of a long file the first rows are kept, and it is said", async (t) => {
  const rows = Array.from({ length: 5000 }, (_, i) => `${i}`);
  const table = await readTable(new Blob([`n\n${rows.join("\n")}\n`]), { maxRows: 3000 });
  t.match(table, { rows: 3000, isShortened: true });
  t.equal(table.column("n")?.at(-1), 2999);
  const exact = await readTable(new Blob([`n\n${rows.join("\n")}\n`]), { maxRows: 5000 });
  t.match(exact, { rows: 5000, isShortened: false });
});

t.test("what is no table is refused, and reading ends when it is no longer wanted", async (t) => {
  await t.rejects(readTable(new Blob([]), { maxRows: 1 }), { message: "the file is empty" });
  await t.rejects(readTable(new Blob([",".repeat(2000)]), { maxRows: 1 }), /2001 columns, at most 1024/);
  const signal = AbortSignal.abort(new Error("gone"));
  await t.rejects(readTable(new Blob(["a\n1\n"]), { maxRows: 1, signal }), { message: "gone" });
});
