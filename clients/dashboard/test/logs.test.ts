// Which lines a log view shows.
import type { LogLevel } from "@tidewire/client";
import fc from "fast-check";
import t from "tap";
import { type Line, type Lines, Selection, toFilter } from "../src/logs/selection.js";
import { toReadable, toText } from "../src/logs/text.js";

/** A log with a bound, as plain as can be. */
class Log implements Lines {
  lines: Line[] = [];

  get length() {
    return this.lines.length;
  }

  at(index: number) {
    return this.lines[index];
  }

  indexOf(seq: number) {
    const at = this.lines.findIndex((line) => line.seq >= seq);
    return at < 0 ? this.lines.length : at;
  }
}

const LEVELS: readonly LogLevel[] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
const line = (seq: number, message: string, level: LogLevel = "INFO"): Line => {
  return { seq, message, level, time: seq, source: undefined };
};

type Change = { readonly is: "append" | "prepend" | "drop" | "clear"; readonly words: readonly string[] };
const change: fc.Arbitrary<Change> = fc.record({
  is: fc.constantFrom("append", "append", "append", "prepend", "drop", "clear"),
  words: fc.array(fc.constantFrom("loss", "Loss 0.5", "saved", "a.b", ""), { maxLength: 5 }),
});

t.test("a selection is what filtering everything anew gives, whatever happens to the log", async () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), fc.constantFrom("loss", "a.b", "", "zzz"), (changes, text) => {
      const log = new Log();
      const { accepts } = toFilter({ levels: [], text, isRegex: false });
      const selection = new Selection(log, accepts);
      let [head, tail] = [1000, 1000];
      return changes.every(({ is, words }) => {
        if (is === "append") log.lines.push(...words.map((word) => line(++head, word)));
        if (is === "prepend") log.lines.unshift(...words.map((word) => line(tail--, word)).reverse());
        if (is === "drop") log.lines.splice(0, words.length);
        if (is === "clear") {
          log.lines = [];
          // A new history begins at its beginning.
          [head, tail] = [head + 10_000, head + 10_000];
        }
        selection.refresh();
        const expected = log.lines.filter((each) => !accepts || accepts(each));
        const given = Array.from({ length: selection.length }, (_, i) => selection.at(i));
        const places = expected.every(({ seq }, i) => selection.indexOf(seq) === i);
        return places && JSON.stringify(given) === JSON.stringify(expected);
      });
    }),
    { numRuns: 500 },
  );
});

t.test("levels, text and expressions", async (t) => {
  const lines = [line(1, "loss 0.5"), line(2, "Saved a.b", "DEBUG"), line(3, "NaN (loss)", "ERROR")];
  const found = (levels: readonly LogLevel[], text: string, isRegex = false) => {
    const { accepts } = toFilter({ levels, text, isRegex });
    return lines.filter((each) => !accepts || accepts(each)).map(({ seq }) => seq);
  };
  t.same(found([], ""), [1, 2, 3]);
  t.same(found(["ERROR"], ""), [3]);
  t.same(found([], "LOSS"), [1, 3]);
  t.same(found([], "a.b"), [2]);
  t.same(found([], "(loss)"), [3], "a plain text is no expression");
  t.same(found([], "^loss|nan", true), [1, 3]);
  t.same(found(["DEBUG", "ERROR"], "a"), [2, 3]);
});

t.test("a plain text finds what contains it, whatever it is made of", async () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), (before, text, after) => {
      return toFilter({ levels: [], text, isRegex: false }).accepts?.(line(1, before + text + after)) === true;
    }),
  );
});

t.test("an expression that is none is told, and filters nothing", async (t) => {
  const { accepts, problem } = toFilter({ levels: [], text: "(", isRegex: true });
  t.equal(accepts, undefined);
  t.match(problem, /\(/);
});

t.test("sources are searched too", async (t) => {
  const { accepts } = toFilter({ levels: LEVELS, text: "trainer", isRegex: false });
  t.equal(accepts?.({ ...line(1, "x"), source: "my.trainer" }), true);
});

t.test("what only a terminal understands is left out", async (t) => {
  t.equal(toReadable("\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link"), "red link");
  t.equal(toReadable(" 10%|#  |\r 50%|## |\r"), " 50%|## |");
  t.equal(toReadable("a\n\tb ∞"), "a\n\tb ∞");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => toReadable(text).length <= text.length));
});

t.test("a line of a file", async (t) => {
  const at = new Date(2026, 10, 20, 4, 3, 5, 7).getTime();
  const text = toText({ seq: 1, time: at, level: "INFO", message: "go", source: "main" });
  t.equal(text, "2026-11-20 04:03:05.007 INFO     [main] go");
});
