// The address holds the view: what is written is read again, and nothing makes it fail.
import fc from "fast-check";
import t from "tap";
import { matchPath, toPath } from "../src/router/match.js";
import { choice, choices, flag, number, readView, span, text, writeView } from "../src/router/url-state.js";

const SCHEMA = {
  q: text(),
  sort: choice(["name", "age"], "age"),
  level: choices(["INFO", "ERROR", "DEBUG"]),
  log: flag(),
  follow: flag(true),
  smooth: number(0.6, 0, 0.99),
  window: span(),
};

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const view = fc.record({
  q: fc.string({ unit: "binary" }),
  sort: fc.constantFrom("name" as const, "age" as const),
  level: fc.subarray(["INFO", "ERROR", "DEBUG"] as const),
  log: fc.boolean(),
  follow: fc.boolean(),
  smooth: fc.double({ min: 0, max: 0.99, noNaN: true }),
  window: fc.option(
    fc.tuple(finite, finite).filter(([from, to]) => from < to),
    { nil: undefined },
  ),
});

t.test("what is written is read", async (t) => {
  fc.assert(
    fc.property(view, (given) => {
      const read = readView(SCHEMA, writeView(SCHEMA, "", given));
      // -0 is written as 0: the same place on any scale.
      t.equal(JSON.stringify(read), JSON.stringify(given));
    }),
    { numRuns: 200 },
  );
});

t.test("defaults are not written", async (t) => {
  t.equal(writeView(SCHEMA, "?q=x&smooth=0.9", { q: "", smooth: 0.6 }), "");
  t.equal(writeView(SCHEMA, "?q=x", { window: undefined }), "?q=x");
});

t.test("what others have put into the address stays", async (t) => {
  t.equal(writeView(SCHEMA, "?other=1&q=x", { q: "y" }), "?other=1&q=y");
});

t.test("any address gives a view", async () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(SCHEMA)), fc.string()), (said) => {
      const read = readView(SCHEMA, `?${new URLSearchParams(said)}`);
      return read.smooth >= 0 && read.smooth <= 0.99 && (read.sort === "age" || read.sort === "name");
    }),
  );
  fc.assert(fc.property(fc.string(), (search) => readView(SCHEMA, search) !== undefined));
});

t.test("a number outside of its bounds is the nearer bound, and what is none is the default", async (t) => {
  t.equal(readView(SCHEMA, "?smooth=7").smooth, 0.99);
  t.equal(readView(SCHEMA, "?smooth=-1").smooth, 0);
  for (const wrong of ["", "NaN", "1e999", "x"]) t.equal(readView(SCHEMA, `?smooth=${wrong}`).smooth, 0.6);
  for (const wrong of ["1", "2~1", "1~1", "~", "1~", "1~2~3", "a~b"])
    t.equal(readView(SCHEMA, `?window=${wrong}`).window, undefined);
});

t.test("paths", async (t) => {
  t.same(matchPath("/runs/:experimentId", "/runs/run_1/"), { experimentId: "run_1" });
  t.same(matchPath("/", "/"), {});
  t.equal(matchPath("/runs", "/runs/run_1"), undefined);
  t.equal(matchPath("/runs/:experimentId", "/runs/%zz"), undefined);
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "binary" }), (experimentId) => {
      const path = toPath("/runs/:experimentId", { experimentId });
      // "." and ".." are no names of runs, and browsers take them out of a path.
      return matchPath("/runs/:experimentId", path)?.experimentId === experimentId;
    }),
  );
});
